/**
 * Streams to agents that the requests of one HTTP/2 connection keep for each other: with HTTP/1.1
 * requests follow one another and one slot is enough, here they come side by side. The HTTP door
 * makes one for each such connection.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { KeptStream } from "./kept_stream.ts";

interface Idle {
  readonly slot: KeptStream;
  readonly timer: Timer | undefined;
}

/** Slots that hold a stream and wait for a request. */
export class KeptStreams {
  readonly #clock: Clock;
  readonly #idle: Idle[] = [];
  #isOver = false;

  /**
   * Holds nothing yet.
   *
   * @param clock whose time
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#idle.length;
  }

  /** The slot that came back last, if any still holds a stream. */
  take(): KeptStream | undefined {
    for (;;) {
      const idle = this.#idle.pop();
      if (!idle) return undefined;
      idle.timer?.cancel();
      if (idle.slot.holds) return idle.slot;
    }
  }

  /**
   * Takes a slot back from a request that is over.
   *
   * @param slot with or without a stream
   * @param keepMs how long a stream waits for another request; 0 is until the connection ends
   */
  giveBack(slot: KeptStream, keepMs: number): void {
    if (!slot.holds) return;
    if (this.#isOver) return slot.letGo();
    const idle: Idle = {
      slot,
      timer: keepMs === 0 ? undefined : this.#clock.after(keepMs, () => {
        this.#idle.splice(this.#idle.indexOf(idle), 1);
        slot.letGo();
      }),
    };
    this.#idle.push(idle);
  }

  /** Lets all of them go: the connection is over. */
  close(): void {
    this.#isOver = true;
    for (const { slot, timer } of this.#idle.splice(0)) {
      timer?.cancel();
      slot.letGo();
    }
  }
}
