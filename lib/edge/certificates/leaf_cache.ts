/**
 * Things that are dear to get and good for a while, by key: many who ask at once make one, and the
 * least recently asked for is dropped when there are too many. Leaves of the development authority
 * and uploaded certificates that were unsealed are kept in one.
 *
 * @module
 */

/** What is kept, and for whom it is fresh. */
export class LeafCache<T> {
  readonly #max: number;
  /** A promise, so that many visitors at once get one. The first is the least recent. */
  readonly #kept = new Map<string, Promise<T>>();

  /**
   * Keeps nothing yet.
   *
   * @param max how many at most
   */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many there are. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * What is kept under a key while it is fresh, else what is made now.
   *
   * @param key its name
   * @param isFresh whether it may still be given
   * @param make gets another; a failure is not kept
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { LeafCache } from "./leaf_cache.ts";
   *
   * const cache = new LeafCache<number>(2);
   * assert.equal(await cache.get("a", () => true, () => Promise.resolve(1)), 1);
   * assert.equal(await cache.get("a", () => true, () => Promise.resolve(2)), 1);
   * assert.equal(await cache.get("a", (kept) => kept > 1, () => Promise.resolve(2)), 2);
   * ```
   */
  async get(key: string, isFresh: (kept: T) => boolean, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known) {
      const kept = await known;
      if (isFresh(kept)) {
        // Seen last, dropped last; unless it was dropped or replaced meanwhile.
        if (this.#kept.get(key) === known) {
          this.#kept.delete(key);
          this.#kept.set(key, known);
        }
        return kept;
      }
      // Whoever else waited for the same one has started another already.
      if (this.#kept.get(key) !== known) return await this.get(key, isFresh, make);
    }
    const made = make();
    this.#kept.set(key, made);
    if (this.#kept.size > this.#max) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest);
    }
    try {
      return await made;
    } catch (thrown) {
      if (this.#kept.get(key) === made) this.#kept.delete(key);
      throw thrown;
    }
  }

  /** Forgets one, or all of them. */
  forget(key?: string): void {
    if (key === undefined) this.#kept.clear();
    else this.#kept.delete(key);
  }
}
