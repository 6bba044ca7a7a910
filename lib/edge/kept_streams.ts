/**
 * Streams to agents that the requests of one HTTP/2 connection keep for each other: with HTTP/1.1
 * requests follow one another and one slot is enough, here they come side by side. The HTTP door
 * makes one for each such connection.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { Http2Upstreams } from "./h2_upstream.ts";
import { type Http2Limits, upstreamSession } from "./http2_limits.ts";
import type { KeptStream } from "./kept_stream.ts";

interface Idle {
  readonly slot: KeptStream;
  readonly timer: Timer | undefined;
}

/** Slots that hold a stream and wait for a request. */
export class KeptStreams {
  /** Sessions with services that speak HTTP/2. */
  readonly upstreams: Http2Upstreams;
  readonly #clock: Clock;
  readonly #idle: Idle[] = [];
  #isOver = false;

  /**
   * Holds nothing yet.
   *
   * @param clock whose time
   * @param limits what HTTP/2 may cost
   * @param keepMs how long a session without a request is kept
   */
  constructor(clock: Clock, limits: Partial<Http2Limits> = {}, keepMs: number = 30_000) {
    this.#clock = clock;
    this.upstreams = new Http2Upstreams({ clock, keepMs, session: upstreamSession(limits) });
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
    this.upstreams.close();
    for (const { slot, timer } of this.#idle.splice(0)) {
      timer?.cancel();
      slot.letGo();
    }
  }
}
