/**
 * Memory that goes back before the garbage collector would find it. In bulk each chunk is a buffer of
 * its own, used for a few microseconds; the engines notice hundreds of megabytes of them late, and
 * each new one costs the page faults of fresh memory. One whose last user says so is freed at once.
 *
 * Who makes a chunk lends its buffer; who is done with it returns it. Only the very array that was
 * lent can be returned: whoever makes smaller ones of it, as the readers of HTTP/2 and WebSockets do,
 * leaves the buffer to the collector, and so does whoever keeps what it got. Sockets lend, the mux
 * shares and returns, `join()` passes on.
 *
 * @module
 */

/** Smaller buffers are not worth the bookkeeping. */
const MIN_BYTES = 16 * 1024;

/** A buffer that is lent, and how many arrays over it are out. */
interface Loan {
  views: number;
}

const loans = new WeakMap<Uint8Array, Loan>();

/**
 * Lends the buffer under a chunk, which nobody else has seen.
 *
 * @param chunk if it is small, or not all of its buffer, nothing is lent
 */
export function lendBuffer(chunk: Uint8Array): void {
  if (chunk.length < MIN_BYTES || chunk.length !== chunk.buffer.byteLength) return;
  loans.set(chunk, { views: 1 });
}

/**
 * Lends a part of what was lent: it is returned apart from the others.
 *
 * @param part over the same buffer
 * @param whole what it is a part of
 */
export function shareBuffer(part: Uint8Array, whole: Uint8Array): void {
  if (whole.length < MIN_BYTES) return;
  const loan = loans.get(whole);
  if (!loan) return;
  loan.views++;
  loans.set(part, loan);
}

/** Takes an array out of the game for good: somebody keeps it, or a part of it, or may. */
export function keepBuffer(chunk: Uint8Array): void {
  loans.delete(chunk);
}

/**
 * Nobody will look at this array again. The last one takes the buffer's memory with it.
 *
 * @param chunk if it was not lent, nothing happens
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { lendBuffer, returnBuffer } from "./loan.ts";
 *
 * const chunk = new Uint8Array(65_536);
 * lendBuffer(chunk);
 * returnBuffer(chunk);
 * assert.equal(chunk.length, 0);
 * ```
 */
export function returnBuffer(chunk: Uint8Array): void {
  const loan = loans.get(chunk);
  if (!loan) return;
  loans.delete(chunk);
  if (--loan.views > 0) return;
  // What is transferred to a buffer of no length is freed (ECMA-262, ArrayBufferCopyAndDetach).
  (chunk.buffer as ArrayBuffer).transfer(0);
}
