/**
 * How often one key, and how many at a time one account, may ask (spec rest-api A14).
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";

/** Keys that are remembered; the one that asked least recently goes first. */
const MAX_KEYS = 10_000;

/** The last requests of one key: a ring of their times. */
interface Asked {
  readonly timesMs: Float64Array;
  /** Where the oldest is, and the next one goes. */
  at: number;
}

/** Counts the requests of each key within an interval that slides. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #windowMs: number;
  readonly #keys = new Map<string, Asked>();

  /**
   * Nobody has asked yet.
   *
   * @param clock time
   * @param max requests of one key within the interval; 0 is any number
   * @param windowMs the interval
   */
  constructor(clock: Clock, max: number, windowMs: number) {
    this.#clock = clock;
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * Takes note of a request. One that is refused does not count.
   *
   * @param key who asks
   * @returns 0, or in how many milliseconds to ask again
   */
  take(key: string): number {
    if (this.#max === 0) return 0;
    const nowMs = this.#clock.steady();
    const asked = this.#keys.get(key) ??
      { timesMs: new Float64Array(this.#max).fill(-Infinity), at: 0 };
    // Asked last, dropped last.
    this.#keys.delete(key);
    this.#keys.set(key, asked);
    if (this.#keys.size > MAX_KEYS) {
      const [oldest] = this.#keys.keys();
      this.#keys.delete(oldest);
    }
    const freeAtMs = asked.timesMs[asked.at] + this.#windowMs;
    if (freeAtMs > nowMs) return freeAtMs - nowMs;
    asked.timesMs[asked.at] = nowMs;
    asked.at = (asked.at + 1) % this.#max;
    return 0;
  }
}

/** Counts the requests of each account that are under way. */
export class Concurrency {
  readonly #max: number;
  readonly #running = new Map<string, number>();

  /**
   * Nothing is under way.
   *
   * @param max requests of one account at a time
   */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many accounts have something under way. */
  get size(): number {
    return this.#running.size;
  }

  /** Whether another request may begin; it must be followed by {@linkcode leave}. */
  enter(account: string): boolean {
    const count = this.#running.get(account) ?? 0;
    if (count >= this.#max) return false;
    this.#running.set(account, count + 1);
    return true;
  }

  /** A request is over. */
  leave(account: string): void {
    const count = (this.#running.get(account) ?? 1) - 1;
    if (count === 0) this.#running.delete(account);
    else this.#running.set(account, count);
  }
}
