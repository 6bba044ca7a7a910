/**
 * Identifiers: time-ordered KSUIDs with a prefix for objects, and random text for what nobody may
 * guess.
 *
 * @module
 */

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Where the time in a KSUID starts: 2014-05-13T16:53:20Z, in seconds since 1970. */
const KSUID_EPOCH_S = 1_400_000_000;

/** Three digits in base 62. */
const GROUP = 62 ** 3;

/** Characters of a KSUID: 160 bits in base 62. */
export const KSUID_CHARS = 27;

/**
 * Random text of letters and digits, 5.95 bits a character, each equally likely.
 *
 * @param count characters
 */
export function randomBase62(count: number): string {
  let text = "";
  while (text.length < count) {
    for (const byte of crypto.getRandomValues(new Uint8Array(count * 2))) {
      // 248 = 4 * 62: what is above would make some characters likelier than others
      if (byte < 248 && text.length < count) text += BASE62[byte % 62];
    }
  }
  return text;
}

/**
 * A KSUID: 4 bytes of seconds and 16 of payload, as 27 characters that sort by time. The first two
 * bytes of the payload are the fraction of the second, so that what is made in the same second sorts
 * too; the other 14 are random.
 *
 * @param nowMs milliseconds since 1970
 */
export function ksuid(nowMs: number): string {
  const words = crypto.getRandomValues(new Uint32Array(5));
  const sinceMs = Math.max(0, nowMs - KSUID_EPOCH_S * 1000);
  words[0] = Math.floor(sinceMs / 1000);
  words[1] = (Math.floor((sinceMs % 1000) * 65.536) << 16) | (words[1] & 0xffff);
  const codes = new Array<number>(KSUID_CHARS);
  // Long division, three digits at a time: one is made for each exchange, and bigints take longer.
  for (let last = KSUID_CHARS - 1; last > 0; last -= 3) {
    let rest = 0;
    for (let at = 0; at < words.length; at++) {
      const value = rest * 2 ** 32 + words[at];
      rest = value % GROUP;
      words[at] = (value - rest) / GROUP;
    }
    codes[last] = BASE62.charCodeAt(rest % 62);
    codes[last - 1] = BASE62.charCodeAt(Math.floor(rest / 62) % 62);
    codes[last - 2] = BASE62.charCodeAt(Math.floor(rest / 3_844));
  }
  return String.fromCharCode(...codes);
}

/**
 * The id of a new object: `rd_` and a KSUID.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { newId } from "./ids.ts";
 *
 * assert.match(newId("rd", Date.now()), /^rd_[0-9A-Za-z]{27}$/);
 * assert.ok(newId("rd", 2_000_000_000_000) > newId("rd", 1_900_000_000_000));
 * ```
 */
export function newId(prefix: string, nowMs: number): string {
  return `${prefix}_${ksuid(nowMs)}`;
}
