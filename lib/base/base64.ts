/**
 * Base64 and base64url (RFC 4648 sections 4 and 5). Every room that meets bytes in text uses it.
 *
 * @module
 */

/** More arguments than this, and a call may not fit on the stack. */
const AT_ONCE = 8_192;

/** The bytes as base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  }
  return btoa(binary);
}

/** The bytes as base64 for URLs, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The bytes of base64 text, in either alphabet, padded or not.
 *
 * @returns `undefined` when it is none; white space is none
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fromBase64, toBase64Url } from "./base64.ts";
 *
 * assert.deepEqual(fromBase64(toBase64Url(new Uint8Array([251, 255]))), new Uint8Array([251, 255]));
 * ```
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) return undefined;
  const binary = atob(standard);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
