/**
 * Something that changes bytes as they pass: compression, replacement in a body. The HTTP path of
 * the edge runs bodies through them; runtimes and policy actions make them.
 *
 * @module
 */
import type { Chunk } from "./duplex.ts";

/** Changes a run of bytes piece by piece, without keeping more of it than it must. */
export interface ByteTransform {
  /**
   * Takes the next bytes; they may be kept, but not changed.
   *
   * @returns what is ready by now, or `undefined` when nothing is. Whoever waits for an event must
   * not wait for the next one: what went in comes out, as far as it can
   */
  push(chunk: Uint8Array): Chunk | Promise<Chunk>;
  /** There is no more: the rest of it, or `undefined`. Called once, last. */
  end(): Chunk | Promise<Chunk>;
  /** Lets go of what it holds, when the body is cut before its end. Idempotent, never throws. */
  abort(): void;
}
