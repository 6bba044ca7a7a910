/**
 * Copies bytes that are kept: small ones side by side in pages, for a buffer of its own costs more
 * than a head or a short body is worth, and most of that whenever garbage is collected. The store of
 * exchanges has one, captures copy with it.
 *
 * @module
 */

/**
 * A page goes when nobody keeps anything on it. One that was opened long ago can hold on to as much
 * beside it, so it is small.
 */
const PAGE_BYTES = 16 * 1024;

/** More gets a buffer of its own: it would leave too much of a page empty. */
const SMALL_BYTES = 2 * 1024;

/** Copies bytes. */
export class ByteKeeper {
  #page: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** A copy. Its `buffer` may hold those of others as well. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > SMALL_BYTES) return bytes.slice();
    if (this.#used + length > this.#page.length) {
      this.#page = new Uint8Array(PAGE_BYTES);
      this.#used = 0;
    }
    const copy = this.#page.subarray(this.#used, this.#used + length);
    copy.set(bytes);
    this.#used += length;
    return copy;
  }
}
