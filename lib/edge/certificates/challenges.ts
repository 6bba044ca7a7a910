/**
 * How the edge proves to an ACME server that a name is its own: by an answer on the HTTP door
 * (http-01), by a certificate on the TLS door (tls-alpn-01, RFC 8737), by a record that a command of
 * the operator puts into DNS (dns-01).
 *
 * `acme_issuer.ts` puts proofs here; the doors look for them.
 *
 * @module
 */
import { toBase64Url } from "../../base/base64.ts";
import { TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";
import type { Certificate } from "../../runtime/net.ts";
import type { ChallengeType } from "./issuer.ts";
import { issueChallengeLeaf } from "./maker.ts";

/** A proof that a server asks for. */
export interface Proof {
  /** How. */
  readonly type: ChallengeType;
  /** Of which name; without `*.`. */
  readonly name: string;
  /** What the server calls it. */
  readonly token: string;
  /** Token and thumbprint of the account's key (RFC 8555 section 8.1). */
  readonly keyAuthorization: string;
}

/** The part of the edge that the doors ask. */
export interface ChallengeAnswers {
  /**
   * What stands at a path of the HTTP door.
   *
   * @param path as written
   * @returns the body of a 200; `undefined` when it is no challenge of ours, whoever's it may be
   */
  httpAnswer(path: string): string | undefined;
  /** The certificate that proves a name to who speaks `acme-tls/1`; `undefined` when none is wanted. */
  tlsAnswer(serverName: string): Certificate | undefined;
}

/** A command that puts records into DNS and takes them away. */
export interface DnsHook {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** How long it may take, each time. */
  readonly timeoutMs: number;
  /** How long after it the record is given to spread. */
  readonly waitMs: number;
}

/** What is there to prove names with. */
export interface ChallengesOptions {
  /** Runs the command. */
  readonly host: Pick<Host, "run">;
  /** The command, if there is one. */
  readonly dns: DnsHook | undefined;
  /** Waits for records to spread. */
  readonly wait: (delayMs: number) => Promise<void>;
  /** The time, for certificates. */
  readonly nowMs: () => number;
}

const HTTP_PATH = "/.well-known/acme-challenge/";

/** The proofs that are wanted at the moment. */
export class Challenges implements ChallengeAnswers {
  readonly #options: ChallengesOptions;
  readonly #tokens = new Map<string, string>();
  readonly #certificates = new Map<string, Certificate>();

  /**
   * Nothing is to be proved yet.
   *
   * @param options what is there to prove names with
   */
  constructor(options: ChallengesOptions) {
    this.#options = options;
  }

  /** What stands at a path of the HTTP door. The token is a secret of 128 bits and more: the name need not be compared. */
  httpAnswer(path: string): string | undefined {
    if (this.#tokens.size === 0 || !path.startsWith(HTTP_PATH)) return undefined;
    return this.#tokens.get(path.slice(HTTP_PATH.length));
  }

  /** The certificate that proves a name. */
  tlsAnswer(serverName: string): Certificate | undefined {
    return this.#certificates.get(serverName);
  }

  /**
   * Puts a proof where the server will look for it.
   *
   * @param proof which
   * @returns takes it away again
   * @throws {TunnelError} io_failed, timed_out when the command fails
   */
  async present(proof: Proof): Promise<() => Promise<void>> {
    const { name, token, keyAuthorization } = proof;
    if (proof.type === "http-01") {
      this.#tokens.set(token, keyAuthorization);
      return () => Promise.resolve(void this.#tokens.delete(token));
    }
    if (proof.type === "tls-alpn-01") {
      const digest = await sha256(keyAuthorization);
      const leaf = await issueChallengeLeaf(name, digest, this.#options.nowMs());
      this.#certificates.set(name, leaf);
      return () => Promise.resolve(void this.#certificates.delete(name));
    }
    const value = toBase64Url(await sha256(keyAuthorization));
    await this.#runHook("present", name, value);
    await this.#options.wait(this.#options.dns?.waitMs ?? 0);
    return () => this.#runHook("cleanup", name, value);
  }

  async #runHook(action: "present" | "cleanup", name: string, value: string): Promise<void> {
    const { host, dns } = this.#options;
    if (!dns) throw new TunnelError("internal", "Cannot prove a name in DNS: there is no command");
    const [program, ...args] = dns.command;
    const { code, output } = await host.run(program, args, {
      timeoutMs: dns.timeoutMs,
      env: {
        SALLYPORT_DNS_ACTION: action,
        SALLYPORT_DNS_NAME: `_acme-challenge.${name}`,
        SALLYPORT_DNS_VALUE: value,
        SALLYPORT_DNS_DOMAIN: name,
      },
    });
    if (code === 0) return;
    const said = output.trim().slice(-500);
    throw new TunnelError(
      "io_failed",
      `Cannot ${
        action === "present" ? "set" : "remove"
      } the DNS record "_acme-challenge.${name}": ` +
        `"${program}" ended with code ${code}${
          said === "" ? "" : ` and said ${JSON.stringify(said)}`
        }`,
    );
  }
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
