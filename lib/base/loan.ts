/**
 * Memory that goes back before the garbage collector would find it. In bulk each chunk is a buffer of
 * its own, used for a few microseconds; the engines notice hundreds of megabytes of them late, and
 * each new one costs the page faults of fresh memory. One whose last user says so is freed at once.
 *
 * Who makes a chunk lends its buffer; who is done with it returns it. Nobody has to: what is not
 * returned is the collector's, as ever. Sockets lend, the mux shares and returns, `join()` passes on.
 *
 * @module
 */

/** Smaller buffers are not worth the bookkeeping. */
const MIN_BYTES = 16 * 1024;

/** Views of each lent buffer that somebody may still look at. */
const views = new WeakMap<ArrayBufferLike, number>();

/**
 * Lends the buffer under a chunk, which nobody else has seen.
 *
 * @param chunk if it is small, or not all of its buffer, nothing is lent
 */
export function lendBuffer(chunk: Uint8Array): void {
  if (chunk.length < MIN_BYTES || chunk.length !== chunk.buffer.byteLength) return;
  views.set(chunk.buffer, 1);
}

/** Counts one more view of a buffer: it is returned apart from the others. */
export function shareBuffer(view: Uint8Array): void {
  const { buffer } = view;
  if (buffer.byteLength < MIN_BYTES) return;
  const count = views.get(buffer);
  if (count !== undefined) views.set(buffer, count + 1);
}

/** Takes a buffer out of the game for good: somebody keeps a view of it, or may. */
export function keepBuffer(view: Uint8Array): void {
  const { buffer } = view;
  if (buffer.byteLength >= MIN_BYTES) views.delete(buffer);
}

/**
 * Nobody will look at this view again. The last one takes the buffer's memory with it.
 *
 * @param view if its buffer was not lent, nothing happens
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
export function returnBuffer(view: Uint8Array): void {
  const { buffer } = view;
  if (buffer.byteLength < MIN_BYTES) return;
  const count = views.get(buffer);
  if (count === undefined) return;
  if (count > 1) return void views.set(buffer, count - 1);
  views.delete(buffer);
  // What is transferred to a buffer of no length is freed (ECMA-262, ArrayBufferCopyAndDetach).
  (buffer as ArrayBuffer).transfer(0);
}
