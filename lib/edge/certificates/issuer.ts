/**
 * The contract between the edge and whoever signs public certificates for it. `acme_issuer.ts`
 * fulfils it; `acme_keeper.ts` decides what is asked for, and when.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";

/** The type of a key. */
export type KeyType = "ecdsa" | "rsa";

/** How a name is proved to be ours (RFC 8555 section 8, RFC 8737). */
export type ChallengeType = "http-01" | "dns-01" | "tls-alpn-01";

/** What is wanted. */
export interface CertificateOrder {
  /** Names; `*.` in front makes a wildcard. */
  readonly names: readonly string[];
  /** The type of its key. */
  readonly keyType: KeyType;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** What was signed. */
export interface SignedCertificate {
  /** The leaf first. */
  readonly chainPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

/** When the signer would like a certificate to be renewed (RFC 9773). */
export interface RenewalWindow {
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** Likewise. */
  readonly endMs: number;
}

/** Signs certificates. */
export interface CertIssuer {
  /**
   * Gets a certificate.
   *
   * @throws {IssueError} when it is refused; what keeps the signer from being reached
   */
  issue(order: CertificateOrder): Promise<SignedCertificate>;
  /**
   * When the signer would like a certificate to be renewed.
   *
   * @param chainPem the certificate
   * @returns `undefined` when it does not say
   */
  renewalWindow(chainPem: string): Promise<RenewalWindow | undefined>;
}

/** What an {@linkcode IssueError} carries beside its sentence. */
export interface IssueErrorOptions extends ErrorOptions {
  /** What the server calls it: `dns`, `caa`, `rateLimited` … */
  readonly kind: string;
  /** How long it wants to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

/** A certificate was refused. */
export class IssueError extends TunnelError {
  /** What the server calls it: `dns`, `caa`, `rateLimited` …; the last part of the URN of RFC 8555 6.7. */
  readonly kind: string;
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | undefined;

  /**
   * Says why; the code is `refused`.
   *
   * @param message the sentence
   * @param options what else is known
   */
  constructor(message: string, options: IssueErrorOptions) {
    super("refused", message, { cause: options.cause });
    this.kind = options.kind;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the owner of the name can mend it in DNS, in the API's word for it (edge G6). */
  get isDns(): boolean {
    return ["dns", "caa", "connection", "unauthorized", "incorrectResponse"].includes(this.kind);
  }
}
