/**
 * What a webhook provider is, to the `verify-webhook` action: something that looks at a request and
 * says whether the holder of a secret sent it. The files beside this one hold the providers, one
 * family each; `providers.ts` is the list of all.
 *
 * @module
 */

/** A request whose sender is to be established. */
export interface WebhookMessage {
  /** As written: `POST`. */
  readonly method: string;
  /** The address the sender used, whole: `https://a.example.com/hook?x=1`. */
  readonly url: string;
  /**
   * The value of a header; several lines are joined by a comma.
   *
   * @param name in any case
   */
  header(name: string): string | undefined;
  /** The body, as it came. */
  readonly body: Uint8Array;
  /** When it came: milliseconds since 1970. */
  readonly nowMs: number;
}

/** What a provider may need besides the request and the secret. */
export interface WebhookTools {
  /**
   * Fetches a small public document by HTTPS: the certificate that a provider signs with. Absent
   * where nothing may be fetched; providers that need it are then refused when the policy is set.
   *
   * @param url where it is
   * @param maxBytes more than so much is an error
   */
  fetchBytes?(url: string, maxBytes: number): Promise<Uint8Array>;
  /** Public keys that were fetched, by address: kept as long as the policy is. */
  readonly keys: Map<string, Uint8Array>;
}

/** What is said to a provider that asks whether somebody who knows the secret is there. */
export interface ChallengeAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The type of the body. */
  readonly contentType: string;
  /** The body; may be empty. */
  readonly body: string;
}

/**
 * Whether the request is what the provider sent. `answer` means that it was a challenge, or the
 * refusal that the provider wants to see: it is said to the sender and nothing goes on.
 */
export type Verdict =
  | { readonly verified: true; readonly answer?: ChallengeAnswer }
  | { readonly verified: false; readonly reason: string; readonly answer?: ChallengeAnswer };

/** The verdict on a genuine request. */
export const GENUINE: Verdict = { verified: true };

/**
 * The verdict on any other.
 *
 * @param reason what was found, without a full stop; it goes into logs and result variables, never with secrets
 */
export function refuted(reason: string): Verdict {
  return { verified: false, reason };
}

/** One provider. */
export interface WebhookProvider {
  /** Its identifier in a policy. */
  readonly id: string;
  /** Its name, for people. */
  readonly title: string;
  /** Whether it must fetch something: {@linkcode WebhookTools.fetchBytes}. */
  readonly fetches?: true;
  /**
   * What is wrong with a secret, before any request came; `undefined` when nothing is.
   *
   * @param secret as configured
   */
  complain?(secret: string): string | undefined;
  /**
   * Looks at a request. Rejects only when something had to be fetched and could not be.
   *
   * @param message the request
   * @param secret as configured
   * @param tools what it may use
   */
  verify(message: WebhookMessage, secret: string, tools: WebhookTools): Promise<Verdict>;
}

/** How far a signed time may be from ours where a provider names no bound (the documented default of the action). */
export const DEFAULT_TOLERANCE_MS = 180_000;

/**
 * What is wrong with a signed time; `undefined` when it is near enough.
 *
 * @param text as it stood in the message
 * @param unit what it counts
 * @param nowMs our time
 * @param toleranceMs how far it may be off, either way
 */
export function staleness(
  text: string,
  unit: "s" | "ms" | "iso",
  nowMs: number,
  toleranceMs: number = DEFAULT_TOLERANCE_MS,
): string | undefined {
  let atMs: number;
  // A time without a zone is UTC; `Date.parse` alone would take it for local time.
  if (unit === "iso") atMs = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  else atMs = /^\d{1,16}$/.test(text) ? Number(text) * (unit === "s" ? 1000 : 1) : NaN;
  if (!Number.isFinite(atMs)) return "its timestamp is no time";
  if (Math.abs(nowMs - atMs) <= toleranceMs) return undefined;
  return `its timestamp is more than ${toleranceMs / 1000} seconds off`;
}
