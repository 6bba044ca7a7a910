/**
 * Talks to an ACME server (RFC 8555 section 6): signed requests with nonces, over connections of our
 * own, so that the authority of the server can be named, everything has a deadline, and nothing is
 * printed. It takes the place of the client of `@fishballpkg/acme`, which only knows `fetch`.
 *
 * Made by `acme_issuer.ts`.
 *
 * @module
 */
import { toBase64Url } from "../../base/base64.ts";
import { encodeText } from "../../base/bytes.ts";
import { type Clock, deadline } from "../../base/clock.ts";
import { TunnelError } from "../../base/errors.ts";
import { askHttp, type Question } from "../../http/ask.ts";
import type { Net, TrustedRoots } from "../../runtime/net.ts";
import { IssueError } from "./issuer.ts";

/** How the server is reached. */
export interface AcmeTransportOptions {
  /** The network. */
  readonly net: Net;
  /** Time. */
  readonly clock: Clock;
  /** Where its directory is. */
  readonly directoryUrl: string;
  /** Who vouches for its certificate. */
  readonly roots: TrustedRoots;
}

/** What a server offers (RFC 8555 section 7.1.1). */
export interface AcmeDirectory {
  /** Where nonces are. */
  readonly newNonce: string;
  /** Where accounts are opened. */
  readonly newAccount: string;
  /** Where orders are made. */
  readonly newOrder: string;
  /** Where renewal windows are, if it gives any (RFC 9773). */
  readonly renewalInfo?: string;
  /** About the server. */
  readonly meta?: {
    /** Where its terms are. */
    readonly termsOfService?: string;
    /** Whether an account of another kind must be named. */
    readonly externalAccountRequired?: boolean;
  };
}

/** A request to be signed. */
export interface SignedRequest {
  /** The account's key: ECDSA P-256. */
  readonly privateKey: CryptoKey;
  /** Fields of the protected header: `kid`, or `jwk`. */
  readonly protected: Readonly<Record<PropertyKey, unknown>>;
  /** What is sent; nothing asks for what is there (POST-as-GET). */
  readonly payload?: unknown;
}

/** One request, with its connection. */
const REQUEST_MS = 30_000;

/** A server may forget a nonce at any time; who is refused that often in a row is refused. */
const MAX_NONCE_RETRIES = 10;

/** Nonces that are kept for later. */
const MAX_NONCES = 8;

/** The way to one ACME server. */
export class AcmeTransport {
  readonly #options: AcmeTransportOptions;
  readonly #nonces: string[] = [];
  #directory: AcmeDirectory | undefined;

  /**
   * Asks nothing yet.
   *
   * @param options how the server is reached
   */
  constructor(options: AcmeTransportOptions) {
    this.#options = options;
  }

  /** What the server offers, once {@linkcode open} has asked. */
  get directory(): AcmeDirectory {
    if (!this.#directory) {
      throw new TunnelError("internal", "Cannot use the ACME server: its directory was not read");
    }
    return this.#directory;
  }

  /**
   * Reads the directory.
   *
   * @throws {TunnelError} what keeps the server from being reached; http_invalid when it is no ACME server
   */
  async open(): Promise<AcmeDirectory> {
    if (this.#directory) return this.#directory;
    const { directoryUrl } = this.#options;
    const response = await this.get(directoryUrl);
    let directory: Partial<AcmeDirectory> | null = null;
    if (response.ok) directory = await response.json().catch(() => null);
    const { newNonce, newAccount, newOrder } = directory ?? {};
    if (!newNonce || !newAccount || !newOrder) {
      throw new TunnelError(
        "http_invalid",
        `Cannot use the ACME server at "${directoryUrl}": what is there is no ACME directory`,
      );
    }
    return this.#directory = directory as AcmeDirectory;
  }

  /** Asks without a signature. */
  async get(url: string): Promise<Response> {
    return await this.#ask({ method: "GET", url: new URL(url) });
  }

  /**
   * Sends a signed request. The name is the one that the library's accounts call.
   *
   * @param url where
   * @param request what
   * @returns the answer, when it is a success
   * @throws {IssueError} when the server refuses
   */
  async jwsFetch(url: string, request: SignedRequest): Promise<Response> {
    for (let attempt = 0;; attempt++) {
      const nonce = this.#nonces.shift() ?? await this.#newNonce();
      const response = await this.#ask({
        method: "POST",
        url: new URL(url),
        headers: { "Content-Type": "application/jose+json" },
        body: JSON.stringify(
          await signJws({ ...request.protected, nonce, url }, request.payload, request.privateKey),
        ),
      });
      if (response.ok) return response;
      const error = await readProblem(response, this.#options.clock.now());
      // Section 6.5: the refusal itself brings a nonce that is good.
      if (error.kind !== "badNonce" || attempt >= MAX_NONCE_RETRIES) throw error;
    }
  }

  async #newNonce(): Promise<string> {
    await this.#ask({ method: "HEAD", url: new URL(this.directory.newNonce) });
    const nonce = this.#nonces.shift();
    if (nonce !== undefined) return nonce;
    throw new TunnelError("http_invalid", "Cannot use the ACME server: it gives no nonces");
  }

  async #ask(question: Question): Promise<Response> {
    const { net, clock, roots } = this.#options;
    const { url } = question;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const secure = url.protocol === "https:";
    const conn = await net.connect({
      host,
      port: Number(url.port || (secure ? 443 : 80)),
      ...(secure ? { tls: { serverName: host, roots, alpn: ["http/1.1"] } } : {}),
    });
    try {
      const what = `Cannot get an answer from "${url.origin}" in time`;
      const { head, body } = await deadline(clock, askHttp(conn, question), REQUEST_MS, what);
      const headers = new Headers();
      for (const name of ["content-type", "location", "retry-after", "replay-nonce"]) {
        const value = head.get(name);
        if (value !== undefined) headers.set(name, value);
      }
      const nonce = headers.get("replay-nonce");
      if (nonce !== null && this.#nonces.length < MAX_NONCES) this.#nonces.push(nonce);
      const isBodiless = question.method === "HEAD" || head.status === 204;
      return new Response(isBodiless ? null : new Uint8Array(body), {
        status: head.status,
        headers,
      });
    } finally {
      conn.abort();
    }
  }
}

/** What a server says no with (RFC 7807, RFC 8555 section 6.7). */
export interface AcmeProblem {
  /** A URN. */
  readonly type?: string;
  /** A sentence. */
  readonly detail?: string;
}

async function readProblem(response: Response, nowMs: number): Promise<IssueError> {
  const text = await response.text();
  let problem: AcmeProblem = {};
  try {
    problem = JSON.parse(text) as AcmeProblem;
  } catch {
    // Not every server in front of an ACME server says no in JSON: the status says enough.
    problem = { detail: `it answered with status ${response.status}` };
  }
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), nowMs);
  return toIssueError(problem, { retryAfterMs });
}

/**
 * `Retry-After`: seconds, or a date (RFC 9110 10.2.3).
 *
 * @param text the field
 * @param nowMs the time
 */
export function readRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** What each kind of refusal means to the operator. */
const WORDS: Readonly<Record<string, string>> = {
  accountDoesNotExist: "it does not know our account",
  caa: "a CAA record in DNS forbids it to sign for this name",
  connection: "it cannot connect to us by this name",
  dns: "the name does not resolve, or not to us",
  externalAccountRequired: "it wants an external account binding (acme.eab)",
  incorrectResponse: "somebody else answers at this name",
  invalidContact: "it does not accept the contact address",
  unsupportedContact: "it does not accept the contact address",
  orderNotReady: "the order is not ready",
  rateLimited: "its rate limit is reached",
  rejectedIdentifier: "it does not sign for this name",
  serverInternal: "it has a fault of its own",
  tls: "the TLS connection to us failed",
  unauthorized: "it got another answer at this name than ours",
  userActionRequired: "it wants the operator to do something first",
};

/**
 * A refusal in words.
 *
 * @param problem what the server said
 * @param about the name it was about, how long it wants to be left alone
 */
export function toIssueError(
  problem: AcmeProblem,
  about: { readonly name?: string; readonly retryAfterMs?: number | undefined } = {},
): IssueError {
  const kind = problem.type?.split(":").at(-1) ?? "unknown";
  const what = about.name === undefined ? "a certificate" : `a certificate for "${about.name}"`;
  const found = [WORDS[kind], problem.detail].filter((part) => part).join(": ");
  return new IssueError(
    `Cannot get ${what} from the ACME server: ${found.replace(/\.$/, "") || "it refused"}`,
    { kind, retryAfterMs: about.retryAfterMs },
  );
}

/** A JWS in flattened JSON (RFC 7515 7.2.2, RFC 8555 6.2), signed with ES256, or HS256 by a MAC key. */
export async function signJws(
  header: Readonly<Record<PropertyKey, unknown>>,
  payload: unknown,
  key: CryptoKey,
): Promise<{ readonly protected: string; readonly payload: string; readonly signature: string }> {
  const isMac = key.algorithm.name === "HMAC";
  const protectedPart = toBase64Url(
    encodeText(JSON.stringify({ alg: isMac ? "HS256" : "ES256", ...header })),
  );
  const payloadPart = payload === undefined ? "" : toBase64Url(encodeText(JSON.stringify(payload)));
  const algorithm = isMac ? "HMAC" : { name: "ECDSA", hash: "SHA-256" };
  const signed = new Uint8Array(encodeText(`${protectedPart}.${payloadPart}`));
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key, signed));
  return { protected: protectedPart, payload: payloadPart, signature: toBase64Url(signature) };
}
