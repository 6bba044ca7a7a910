/**
 * When to connect again: at once after a session that lasted, else with growing waits, for ever.
 *
 * @module
 */
import { Backoff, type BackoffOptions } from "../base/backoff.ts";

/** A session that lasted so long was a good one. */
const LASTING_MS = 5_000;

/**
 * After a good session, so many waits do not grow: an edge that is restarted is back in a second or
 * two, and the wait that comes after would be the longest part of the break.
 */
const QUICK_WAITS = 4;

/** The waits of one agent. */
export class Pace {
  readonly #backoff: Backoff;
  readonly #quick: Backoff;
  #quickLeft = 0;
  #shortSessions = 0;

  /**
   * Begins fresh.
   *
   * @param options the shape of the waits
   */
  constructor(options: BackoffOptions) {
    this.#backoff = new Backoff(options);
    this.#quick = new Backoff({ ...options, factor: 1 });
  }

  /** The wait after an attempt that failed. */
  afterFailure(): number {
    if (this.#quickLeft > 0) {
      this.#quickLeft--;
      return this.#quick.next();
    }
    return this.#backoff.next();
  }

  /**
   * The wait after a session that was lost. The first attempt is immediate; an edge that accepts
   * sessions only to drop them is not hammered.
   *
   * @param lastedMs how long the session was up
   */
  afterLoss(lastedMs: number): number {
    if (lastedMs >= LASTING_MS) {
      this.#backoff.reset();
      this.#shortSessions = 0;
      this.#quickLeft = QUICK_WAITS;
    }
    return this.#shortSessions++ === 0 ? 0 : this.#backoff.next();
  }
}
