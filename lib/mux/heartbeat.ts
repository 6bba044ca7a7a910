/**
 * Is the peer alive, and how far away is it (wire-protocol 4): 4 random bytes go out on a stream of
 * their own, the same 4 come back. One ping is under way at a time; any byte that arrives counts as
 * a sign of life, so a link that is busy is never taken for dead.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";

/** The stream type of heartbeats. */
export const HEARTBEAT_TYPE = 0xffffffff;

/** What a heartbeat needs of its mux. */
export interface HeartbeatOptions {
  /** Time. */
  readonly clock: Clock;
  /** Opens the heartbeat stream; the first ping rides on it. */
  readonly open: (first: Uint8Array) => Duplex;
  /** When bytes last arrived, by `clock.steady()`. */
  readonly lastHeardMs: () => number;
  /** Gets each round trip in milliseconds. */
  readonly onRoundTrip: (ms: number) => void;
  /** Called once when the peer is taken for dead. */
  readonly onLost: (error: TunnelError) => void;
}

/** The pinging side of one session. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #stream: Duplex | undefined;
  #sent: Uint8Array | undefined;
  #sentAtMs = 0;
  #echoed = 0;
  #timer: Timer | undefined;
  #intervalMs = 0;
  #toleranceMs = 0;
  #onBeat: ((latencyMs: number) => void) | undefined;
  #waiting: ((ms: number | undefined) => void)[] = [];
  #stopped = false;
  #latencyMs: number | undefined;

  /**
   * Makes a heartbeat that stands still until it is started.
   *
   * @param options the mux
   */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** The last round trip in milliseconds. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /**
   * Pings for ever.
   *
   * @param intervalMs between pings
   * @param toleranceMs silence beyond the interval that still counts as life
   * @param onBeat gets each round trip
   */
  start(intervalMs: number, toleranceMs: number, onBeat?: (latencyMs: number) => void): void {
    this.#intervalMs = intervalMs;
    this.#toleranceMs = toleranceMs;
    this.#onBeat = onBeat;
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#send();
    this.#schedule(intervalMs);
  }

  /** Stops; nothing is called any more, pings under way answer `undefined`. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#answer(undefined);
  }

  /**
   * One extra ping, or the one under way.
   *
   * @param limitMs how long the answer may take
   * @returns the round trip, or `undefined`
   */
  ping(limitMs: number): Promise<number | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(limitMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== done);
        resolve(undefined);
      });
      const done = (ms: number | undefined) => {
        timer.cancel();
        resolve(ms);
      };
      this.#waiting.push(done);
      this.#send();
    });
  }

  #schedule(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => this.#tick());
  }

  #tick(): void {
    if (this.#stopped) return;
    const silentMs = this.#options.clock.steady() - this.#options.lastHeardMs();
    const limitMs = this.#intervalMs + this.#toleranceMs;
    if (silentMs >= limitMs) {
      this.stop();
      this.#options.onLost(
        new TunnelError(
          "heartbeat_lost",
          `The peer has been silent for ${
            Math.round(silentMs)
          } ms, which is more than ${limitMs} ms`,
        ),
      );
      return;
    }
    this.#send();
    // Wake up when the deadline would fall, if that is before the next ping is due.
    this.#schedule(Math.max(1, Math.min(this.#intervalMs, limitMs - silentMs)));
  }

  #send(): void {
    if (this.#sent || this.#stopped) return;
    // Copied for the wire: the mux owns what it is given.
    this.#sent = crypto.getRandomValues(new Uint8Array(4));
    this.#sentAtMs = this.#options.clock.steady();
    this.#echoed = 0;
    try {
      if (this.#stream) {
        void this.#stream.write(this.#sent.slice());
      } else {
        this.#stream = this.#options.open(this.#sent.slice());
        void this.#listen(this.#stream);
      }
    } catch {
      // The stream or the session is gone: silence will tell, or the session has said so already.
      this.#stream = undefined;
      this.#sent = undefined;
    }
  }

  async #listen(stream: Duplex): Promise<void> {
    try {
      for (;;) {
        const chunk = await stream.read();
        if (chunk === undefined) break;
        this.#hear(chunk);
      }
      stream.closeWrite();
    } catch {
      // As above: a reset heartbeat stream is silence, and the next ping opens another.
    }
    if (this.#stream === stream) this.#stream = undefined;
    this.#sent = undefined;
  }

  #hear(chunk: Uint8Array): void {
    for (const byte of chunk) {
      // A wrong echo is no answer; the ping stays under way until silence decides.
      if (!this.#sent || byte !== this.#sent[this.#echoed]) return;
      if (++this.#echoed < 4) continue;
      const ms = this.#options.clock.steady() - this.#sentAtMs;
      this.#sent = undefined;
      this.#latencyMs = ms;
      this.#options.onRoundTrip(ms);
      this.#onBeat?.(ms);
      this.#answer(ms);
    }
  }

  #answer(ms: number | undefined): void {
    for (const waiting of this.#waiting.splice(0)) waiting(ms);
  }
}
