/**
 * Cuts what is to be sent into the writes that carry it best: small pieces leave together, large
 * ones uncopied, and none is so large that nobody could tell a slow visitor from a dead one.
 * `fetch_exchange.ts` sends responses this way.
 *
 * @module
 */
import { writeLatin1 } from "./chars.ts";

/** Up to here, copying bytes is cheaper than a write of their own. */
const JOIN_BYTES = 16_384;
/** What is left of a large part for the write behind it, so that a few bytes of framing are no write of their own. */
const TAIL_BYTES = 4_096;
/** The most in one write: at 256 KiB a minute, a visitor still counts as one that takes something. */
const WRITE_BYTES = 262_144;

/**
 * The writes for these parts.
 *
 * @param parts bytes, or text with one byte a character; in order
 * @returns the same bytes in non-empty pieces; bytes are given in at most 256 KiB, and where they
 * are many they are not copied
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { packets } from "./packets.ts";
 *
 * const [packet] = packets(["5\r\n", new TextEncoder().encode("hello"), "\r\n"]);
 * assert.equal(new TextDecoder().decode(packet), "5\r\nhello\r\n");
 * ```
 */
export function packets(parts: readonly (string | Uint8Array)[]): Uint8Array[] {
  let total = 0;
  for (const part of parts) total += part.length;
  if (total === 0) return [];
  if (total <= JOIN_BYTES) return [joined(parts, total)];
  const whole: Uint8Array[] = [];
  let small: (string | Uint8Array)[] = [];
  let smallBytes = 0;
  for (let part of parts) {
    if (typeof part !== "string" && smallBytes + part.length > JOIN_BYTES) {
      if (smallBytes > 0) {
        const room = Math.max(0, Math.min(JOIN_BYTES - smallBytes, part.length - TAIL_BYTES));
        small.push(part.subarray(0, room));
        whole.push(joined(small, smallBytes + room));
        part = part.subarray(room);
        small = [];
        smallBytes = 0;
      }
      while (part.length > JOIN_BYTES) {
        const size = Math.min(WRITE_BYTES, part.length - TAIL_BYTES);
        whole.push(part.subarray(0, size));
        part = part.subarray(size);
      }
    }
    if (part.length === 0) continue;
    small.push(part);
    smallBytes += part.length;
  }
  if (smallBytes > 0) whole.push(joined(small, smallBytes));
  return whole;
}

function joined(parts: readonly (string | Uint8Array)[], totalBytes: number): Uint8Array {
  if (parts.length === 1 && typeof parts[0] !== "string") return parts[0];
  const bytes = new Uint8Array(totalBytes);
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") at = writeLatin1(part, bytes, at);
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}
