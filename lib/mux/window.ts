/**
 * Credit: how much may be sent on a stream, and when a receiver gives more of it.
 *
 * Towards other implementations a window stays {@linkcode INITIAL_WINDOW_BYTES}. Between two
 * Sallyport ends it doubles whenever half of it was used up within two round trips, which is when
 * the window and not the link is what limits the sender; so it settles between two and four times
 * the bandwidth-delay product, within the stream's and the session's bounds.
 *
 * @module
 */
import { INITIAL_WINDOW_BYTES } from "./frame.ts";

/** What receive windows may grow to. */
export interface WindowLimits {
  /** Of one stream. */
  readonly maxStreamBytes: number;
  /** Of all streams of a session beyond their initial windows. */
  readonly maxSessionBytes: number;
}

/** 16 MiB a stream, 64 MiB a session. */
export const DEFAULT_WINDOW_LIMITS: WindowLimits = {
  maxStreamBytes: 16 * 1024 * 1024,
  maxSessionBytes: 64 * 1024 * 1024,
};

/** On a short link the turns of two event loops, and not the link, are what a window must cover. */
const MIN_ROUND_TRIP_MS = 1;

/** What the windows of one session share. */
export class WindowBudget {
  /** Bounds of growth. */
  readonly limits: WindowLimits;
  /** Growth is off until the peer announced that it understands. */
  growing = false;
  /** The shortest round trip seen, in milliseconds. */
  roundTripMs: number | undefined;
  #extraBytes = 0;

  /**
   * Makes a budget of which nothing is taken.
   *
   * @param limits bounds of growth
   */
  constructor(limits: WindowLimits = DEFAULT_WINDOW_LIMITS) {
    this.limits = limits;
  }

  /** What all streams together hold beyond their initial windows. */
  get extraBytes(): number {
    return this.#extraBytes;
  }

  /** Takes up to `wantedBytes` from the session's bound. */
  take(wantedBytes: number): number {
    const granted = Math.max(
      0,
      Math.min(wantedBytes, this.limits.maxSessionBytes - this.#extraBytes),
    );
    this.#extraBytes += granted;
    return granted;
  }

  /** Gives back what a stream that is over had taken. */
  release(bytes: number): void {
    this.#extraBytes -= bytes;
  }
}

/** The receive side of one stream. */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #sizeBytes = INITIAL_WINDOW_BYTES;
  /** What the peer may still send. */
  #creditBytes = INITIAL_WINDOW_BYTES;
  /** Consumed and not yet given back. */
  #owedBytes = 0;
  #epochStartMs: number;
  #epochBytes = 0;

  /**
   * Makes a window of the initial size.
   *
   * @param budget shared by the session
   * @param nowMs when the stream began
   */
  constructor(budget: WindowBudget, nowMs: number) {
    this.#budget = budget;
    this.#epochStartMs = nowMs;
  }

  /** The present size. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Counts what arrived.
   *
   * @returns false when the peer sent more than it had credit for
   */
  receive(count: number): boolean {
    this.#creditBytes -= count;
    return this.#creditBytes >= 0;
  }

  /**
   * Counts what the reader took. Credit goes back in steps of a quarter of the window, so that it
   * costs one frame per 64 KiB instead of one per read.
   *
   * @param count bytes taken
   * @param nowMs the time, for growth
   * @returns the credit to announce now; 0 for none yet
   */
  consume(count: number, nowMs: number): number {
    this.#owedBytes += count;
    this.#epochBytes += count;
    if (this.#owedBytes < this.#sizeBytes >>> 2) return 0;
    let increment = this.#owedBytes;
    this.#owedBytes = 0;
    if (this.#epochBytes >= this.#sizeBytes >>> 1) increment += this.#grow(nowMs);
    this.#creditBytes += increment;
    return increment;
  }

  /** Gives the growth back to the session: the stream is over. */
  release(): void {
    this.#budget.release(this.#sizeBytes - INITIAL_WINDOW_BYTES);
    this.#sizeBytes = INITIAL_WINDOW_BYTES;
  }

  #grow(nowMs: number): number {
    const { growing, roundTripMs, limits } = this.#budget;
    const elapsedMs = nowMs - this.#epochStartMs;
    this.#epochStartMs = nowMs;
    this.#epochBytes = 0;
    if (!growing || roundTripMs === undefined) return 0;
    if (elapsedMs >= 2 * Math.max(roundTripMs, MIN_ROUND_TRIP_MS)) return 0;
    const wanted = Math.min(this.#sizeBytes, limits.maxStreamBytes - this.#sizeBytes);
    if (wanted <= 0) return 0;
    const granted = this.#budget.take(wanted);
    this.#sizeBytes += granted;
    return granted;
  }
}
