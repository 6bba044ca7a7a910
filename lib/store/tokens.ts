/**
 * The text of authtokens and API keys: what is shown once, what of it is kept, and how one that
 * comes back is compared. Whoever makes or checks one uses this file, so that all agree.
 *
 * Called by the edge for authtokens and by `lib/api/` for both kinds.
 *
 * @module
 */
import { encodeText, toHex } from "../base/bytes.ts";
import { KSUID_CHARS, randomBase62 } from "../base/ids.ts";

/** Characters of the part that proves: 143 bits, so no slow hash is needed. */
const SECRET_CHARS = 24;

/** The usual form: a part that names, a part that proves. */
const TOKEN_SHAPE = /^([0-9A-Za-z]{6,64})_[0-9A-Za-z]{6,128}$/;

/** What is kept of a token. */
export interface TokenKeys {
  /** Finds the row and proves nothing: the first part, or of an unusual token the start of its hash. */
  readonly lookup: string;
  /** SHA-256 of the whole, hexadecimal. */
  readonly sha256: string;
}

/**
 * A new token: told once, never kept.
 *
 * @param name the KSUID of the object it belongs to
 */
export function makeToken(name: string): string {
  return `${name}_${randomBase62(SECRET_CHARS)}`;
}

/** Whether a text has the usual form of a token. One that an operator preset need not have it. */
export function isTokenShaped(text: string): boolean {
  return TOKEN_SHAPE.test(text);
}

/**
 * What is kept of a token.
 *
 * @param token the whole
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { makeToken, tokenKeys } from "./tokens.ts";
 *
 * const token = makeToken("2aBcDeFgHiJkLmNoPqRsTuVwXyZ");
 * const { lookup, sha256 } = await tokenKeys(token);
 * assert.equal(lookup, "2aBcDeFgHiJkLmNoPqRsTuVwXyZ");
 * assert.ok(!sha256.includes(token));
 * ```
 */
export async function tokenKeys(token: string): Promise<TokenKeys> {
  const bytes = new Uint8Array(encodeText(token));
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return { lookup: TOKEN_SHAPE.exec(token)?.[1] ?? sha256.slice(0, KSUID_CHARS), sha256 };
}

/** Compares two hashes in a time that does not tell where they differ. */
export function sameHash(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}
