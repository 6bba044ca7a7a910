/**
 * How many visitors one session carries at a time, and the queue of those that wait: a Rust agent
 * dies of its 513th stream (wire-protocol 2.7), so the edge keeps count.
 *
 * Used by `agent_session.ts`.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";

/** Bounds of a session's streams. */
export interface SlotOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Streams at a time. */
  readonly maxOpen: number;
  /** Visitors that may wait for one. */
  readonly maxWaiting: number;
  /** How long one may wait. */
  readonly waitMs: number;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: TunnelError) => void;
  readonly timer: Timer;
}

/** The places for streams of one session, given away first come, first served. */
export class StreamSlots {
  readonly #options: SlotOptions;
  readonly #waiting: Waiting[] = [];
  #open = 0;
  #over: TunnelError | undefined;

  /**
   * Makes empty places.
   *
   * @param options how many, and how long to wait
   */
  constructor(options: SlotOptions) {
    this.#options = options;
  }

  /** Places taken. */
  get open(): number {
    return this.#open;
  }

  /** Whether the next one has to wait. */
  get isFull(): boolean {
    return this.#open >= this.#options.maxOpen;
  }

  /** Places taken and visitors waiting: what a new one competes with. */
  get load(): number {
    return this.#open + this.#waiting.length;
  }

  /**
   * Takes a place. Answers at once (no promise) when one is free.
   *
   * @throws {TunnelError} streams_exhausted when too many wait already, timed_out, session_closed
   */
  take(): void | Promise<void> {
    if (this.#over) throw this.#over;
    const { maxOpen, maxWaiting, waitMs, clock } = this.#options;
    if (this.#open < maxOpen) {
      this.#open++;
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      throw new TunnelError(
        "streams_exhausted",
        `Cannot reach the agent: it has ${maxOpen} connections open and ${maxWaiting} visitors wait`,
      );
    }
    return new Promise((resolve, reject) => {
      const timer = clock.after(waitMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(
          new TunnelError(
            "timed_out",
            `Cannot reach the agent: all its ${maxOpen} connections stayed busy for ${waitMs} ms`,
          ),
        );
      });
      const waiting: Waiting = { resolve, reject, timer };
      this.#waiting.push(waiting);
    });
  }

  /** Gives a place back: it goes to the visitor that waits longest. */
  release(): void {
    const next = this.#waiting.shift();
    if (!next) {
      this.#open--;
      return;
    }
    next.timer.cancel();
    next.resolve();
  }

  /**
   * Gives no places any more.
   *
   * @param error what those who wait, and those who come, get
   */
  shut(error: TunnelError): void {
    this.#over ??= error;
    for (const waiting of this.#waiting.splice(0)) {
      waiting.timer.cancel();
      waiting.reject(this.#over);
    }
  }
}
