/**
 * How long to wait before the next attempt: doubling, jittered, capped, for ever.
 *
 * @module
 */

/** The shape of a wait that grows. */
export interface BackoffOptions {
  /** The first wait. @default {500} */
  firstMs?: number;
  /** No wait is longer. @default {30000} */
  maxMs?: number;
  /** What each wait is multiplied with. @default {2} */
  factor?: number;
  /** Numbers in [0, 1); tests pass their own. @default {Math.random} */
  random?: () => number;
}

/**
 * A series of waits. Each is drawn from the upper half of its step ("equal jitter"), so that agents
 * cut off together do not come back together, yet none waits longer than `maxMs`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Backoff } from "./backoff.ts";
 *
 * const backoff = new Backoff({ firstMs: 100, random: () => 0 });
 * assert.deepEqual([backoff.next(), backoff.next(), backoff.next()], [50, 100, 200]);
 * backoff.reset();
 * assert.equal(backoff.next(), 50);
 * ```
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #random: () => number;
  #stepMs: number;

  /**
   * Starts a series.
   *
   * @param options the shape of the series
   */
  constructor(options: BackoffOptions = {}) {
    this.#firstMs = options.firstMs ?? 500;
    this.#maxMs = options.maxMs ?? 30_000;
    this.#factor = options.factor ?? 2;
    this.#random = options.random ?? Math.random;
    this.#stepMs = this.#firstMs;
  }

  /** The wait before the next attempt, in milliseconds. */
  next(): number {
    const stepMs = Math.min(this.#stepMs, this.#maxMs);
    this.#stepMs = Math.min(this.#stepMs * this.#factor, this.#maxMs);
    return stepMs / 2 + this.#random() * (stepMs / 2);
  }

  /** Starts the series again: call it after a success that lasted. */
  reset(): void {
    this.#stepMs = this.#firstMs;
  }
}
