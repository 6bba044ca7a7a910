/**
 * Time, passed in. Nothing in Sallyport reads the wall clock or sets a timer except through a
 * {@linkcode Clock}, so every test that is about time runs on a {@linkcode FakeClock}.
 *
 * @module
 */
import { TunnelError } from "./errors.ts";

/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes the timer back; harmless when it has fired already. */
  cancel(): void;
}

/** The source of time and of "later". */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** A steady reading in milliseconds that never jumps, for measuring. */
  steady(): number;
  /**
   * Calls `run` once after `delayMs`, however long that is; `Infinity` never fires. Where the
   * runtime allows, a timer does not keep a program alive on its own account.
   */
  after(delayMs: number, run: () => void): Timer;
  /** Calls `run` when the present turn of the event loop has done its input: the time to coalesce. */
  turnEnd(run: () => void): void;
}

/** The longest delay a timer of the platform holds: 2^31 - 1 ms; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The clock of a program that has no runtime adapter at hand: Web APIs alone. Its timers do keep
 * the program alive, for the Web knows no other kind.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  after(delayMs, run) {
    let id = setTimeout(step, Math.min(delayMs, MAX_TIMER_MS), delayMs);
    function step(leftMs: number) {
      if (leftMs <= MAX_TIMER_MS) return run();
      leftMs -= MAX_TIMER_MS;
      id = setTimeout(step, Math.min(leftMs, MAX_TIMER_MS), leftMs);
    }
    return { cancel: () => clearTimeout(id) };
  },
  turnEnd: (run) => queueMicrotask(run),
};

/**
 * Waits.
 *
 * @param clock whose time
 * @param delayMs how long
 * @param signal ends the wait early
 * @throws {TunnelError} aborted when `signal` fires first
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    function onAbort() {
      timer.cancel();
      reject(abortError(signal!));
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Waits for `work`, but not longer than `limitMs`.
 *
 * @param clock whose time
 * @param work what is waited for; it is not cancelled by the deadline
 * @param limitMs the limit
 * @param what completes the sentence "… did not … within n ms", for the error
 * @throws {TunnelError} timed_out when the limit passes first
 */
export async function deadline<T>(
  clock: Clock,
  work: Promise<T>,
  limitMs: number,
  what: string,
): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(limitMs, () => {
      reject(new TunnelError("timed_out", `${what} within ${limitMs} ms`));
    });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}

/** The TunnelError of a signal that fired; its reason is the cause. */
export function abortError(signal: AbortSignal): TunnelError {
  if (signal.reason instanceof TunnelError) return signal.reason;
  return new TunnelError("aborted", "The operation was cancelled", { cause: signal.reason });
}

interface Due {
  atMs: number;
  order: number;
  run: () => void;
}

/**
 * A clock that stands still until it is told to move. `turnEnd` runs as a microtask, so code under
 * test still coalesces.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FakeClock } from "./clock.ts";
 *
 * const clock = new FakeClock();
 * let fired = false;
 * clock.after(1_000, () => fired = true);
 * await clock.advance(999);
 * assert.equal(fired, false);
 * await clock.advance(1);
 * assert.equal(fired, true);
 * ```
 */
export class FakeClock implements Clock {
  #nowMs: number;
  #order = 0;
  #due: Due[] = [];

  /**
   * Makes a clock that stands still.
   *
   * @param startMs the first reading of `now()`
   */
  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  /** The reading set by the test. */
  now(): number {
    return this.#nowMs;
  }

  /** The same reading: a fake clock never jumps. */
  steady(): number {
    return this.#nowMs;
  }

  /** Sets a timer that only {@linkcode advance} can fire. */
  after(delayMs: number, run: () => void): Timer {
    const due = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  /** Runs as a microtask. */
  turnEnd(run: () => void): void {
    queueMicrotask(run);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#due.length;
  }

  /**
   * Moves time forward, firing what falls due in order and letting promises settle in between.
   *
   * @param byMs how far
   */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const next = this.#due.filter((due) => due.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (!next) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#nowMs = next.atMs;
      next.run();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets chains of promises run: enough turns for any await chain a test is likely to build. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
