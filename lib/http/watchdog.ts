/**
 * One deadline that is moved far more often than it is reached. Whoever serves a visitor keeps one
 * for it.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";

/**
 * Calls back when time runs out. Moving the deadline later costs a reading of the clock, not a
 * timer: the timer that is set looks again when it fires.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #limitMs = 0;
  #deadlineMs = Infinity;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;

  /**
   * Makes one that is off.
   *
   * @param clock whose time
   * @param onExpired hears that the deadline passed; it is off by then
   */
  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /**
   * Sets the deadline.
   *
   * @param limitMs from now; 0 switches it off
   */
  set(limitMs: number): void {
    this.#limitMs = limitMs;
    this.touch();
  }

  /** Moves the deadline to its limit from now: something happened. */
  touch(): void {
    if (this.#limitMs === 0) {
      this.#deadlineMs = Infinity;
      return;
    }
    const nowMs = this.#clock.steady();
    this.#deadlineMs = nowMs + this.#limitMs;
    if (this.#deadlineMs < this.#timerAtMs) this.#arm(nowMs);
  }

  /** Switches it off and takes its timer back. */
  stop(): void {
    this.#limitMs = 0;
    this.#deadlineMs = Infinity;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
  }

  #arm(nowMs: number): void {
    this.#timer?.cancel();
    this.#timerAtMs = this.#deadlineMs;
    this.#timer = this.#clock.after(Math.max(1, this.#deadlineMs - nowMs), this.#look);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    this.#timerAtMs = Infinity;
    if (this.#deadlineMs === Infinity) return;
    const nowMs = this.#clock.steady();
    if (nowMs < this.#deadlineMs) return this.#arm(nowMs);
    this.#limitMs = 0;
    this.#deadlineMs = Infinity;
    this.#onExpired();
  };
}
