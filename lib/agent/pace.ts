/**
 * When to connect again: at once after a session that lasted, else with growing waits, for ever.
 *
 * @module
 */
import { Backoff, type BackoffOptions } from "../base/backoff.ts";

/** A session that lasted so long was a good one. */
const LASTING_MS = 5_000;

/** The waits of one agent. */
export class Pace {
  readonly #backoff: Backoff;
  #shortSessions = 0;

  /**
   * Begins fresh.
   *
   * @param options the shape of the waits
   */
  constructor(options: BackoffOptions) {
    this.#backoff = new Backoff(options);
  }

  /** The wait after an attempt that failed. */
  afterFailure(): number {
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
    }
    return this.#shortSessions++ === 0 ? 0 : this.#backoff.next();
  }
}
