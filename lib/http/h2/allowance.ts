/**
 * How often something may happen: so often at once, and so much more each second. An HTTP/2 session
 * has one for each thing that is cheap for its peer and not for us.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";

/** A number of times, which grows back with time. */
export class Allowance {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #countedMs: number;

  /**
   * All of it is there.
   *
   * @param clock whose time
   * @param burst how often in one go
   * @param perSecond how much of it comes back each second
   */
  constructor(clock: Clock, burst: number, perSecond: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#countedMs = clock.steady();
  }

  /** Takes one; whether there was one. */
  spend(): boolean {
    if (this.#left < 1) {
      const nowMs = this.#clock.steady();
      const regained = (nowMs - this.#countedMs) * this.#perSecond / 1000;
      this.#left = Math.min(this.#burst, this.#left + regained);
      this.#countedMs = nowMs;
      if (this.#left < 1) return false;
    }
    this.#left--;
    return true;
  }
}
