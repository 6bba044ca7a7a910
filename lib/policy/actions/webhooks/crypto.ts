/**
 * The few cryptographic steps that webhook signatures are made of, over WebCrypto. Used by the
 * providers beside it. Comparisons take the same time wherever the difference is.
 *
 * @module
 */
import { encodeText } from "../../../base/bytes.ts";

/** A hash that a provider signs with. */
export type Digest = "SHA-1" | "SHA-256" | "SHA-512";

/** WebCrypto takes only arrays over plain buffers; what comes from the wire may be a view of a larger one. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes over a plain buffer; copied only when they must be. */
export function plain(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Bytes : new Uint8Array(bytes);
}

/**
 * The keyed hash of RFC 2104.
 *
 * @param hash which one
 * @param key the secret
 * @param data what is signed; text as UTF-8
 */
export async function hmac(
  hash: Digest,
  key: string | Uint8Array,
  data: string | Uint8Array,
): Promise<Uint8Array> {
  const raw = plain(typeof key === "string" ? encodeText(key) : key);
  const handle = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
  const bytes = plain(typeof data === "string" ? encodeText(data) : data);
  return new Uint8Array(await crypto.subtle.sign("HMAC", handle, bytes));
}

/** The unkeyed hash of some bytes. */
export async function digest(hash: Digest, data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, plain(data)));
}

/**
 * Whether two byte strings are equal, in time that depends on their lengths alone.
 *
 * @param a one
 * @param b the other
 */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/**
 * Whether two texts are equal, in time that tells neither where they differ nor, of the secret one,
 * how long it is: both are hashed first.
 *
 * @param given what came
 * @param secret what was expected
 */
export async function sameText(given: string, secret: string): Promise<boolean> {
  const [a, b] = await Promise.all([
    digest("SHA-256", encodeText(given)),
    digest("SHA-256", encodeText(secret)),
  ]);
  return sameBytes(a, b);
}

/** The bytes of hexadecimal text in either case; `undefined` when it is none. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/**
 * Some texts and bytes in one piece.
 *
 * @param parts in order
 */
export function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const chunks = parts.map((part) => typeof part === "string" ? encodeText(part) : part);
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
