/**
 * What the rest of the program sees of the multiplexer: many typed streams over one carrier.
 * `muxer.ts` makes one.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import type { TunnelError } from "../base/errors.ts";

/** One stream of a mux: a {@linkcode Duplex} that knows its number and its type. */
export interface MuxStream extends Duplex {
  /** The number on the wire: odd when the agent opened it, even when the edge did. */
  readonly id: number;
  /** The u32 its opener wrote first (wire-protocol 3). */
  readonly type: number;
  /**
   * Ends both directions with RST and this code.
   *
   * @param code wire-protocol 2.4; see `RESET` in `frame.ts`
   */
  reset(code: number): void;
}

/** How a mux ended. */
export interface MuxEnd {
  /** What went wrong; `undefined` after an orderly close by either side. */
  readonly error: TunnelError | undefined;
  /** Whether the peer said GOAWAY, and what it said. */
  readonly goAway: { readonly code: number; readonly text: string } | undefined;
}

/** Many streams over one carrier. */
export interface Mux {
  /**
   * Opens a stream. Type and `first` leave in one frame, as every peer needs it (wire-protocol 3).
   *
   * @param type the stream's type
   * @param first bytes that follow the type at once, fewer than 262140
   * @throws {TunnelError} session_closed, streams_exhausted
   */
  open(type: number, first?: Uint8Array): MuxStream;
  /** Streams that are not over yet, heartbeats not counted. */
  readonly openStreams: number;
  /** How often a stream ran out of credit with bytes left to send. */
  readonly windowStalls: number;
  /** The last round trip in milliseconds, once a heartbeat came back. */
  readonly latencyMs: number | undefined;
  /** When bytes last arrived, by the clock's `steady()`. */
  readonly lastHeardMs: number;
  /** Lets receive windows grow beyond 262144: only when the peer announced that it understands. */
  allowWindowGrowth(): void;
  /**
   * Starts our heartbeat: a ping each `intervalMs`; no answer within `toleranceMs` more ends the mux
   * with heartbeat_lost.
   */
  startHeartbeat(
    intervalMs: number,
    toleranceMs: number,
    onBeat?: (latencyMs: number) => void,
  ): void;
  /**
   * Asks whether the peer is alive with one extra ping.
   *
   * @param limitMs how long the answer may take
   * @returns the round trip in ms, or `undefined` when nothing came back in time
   */
  ping(limitMs: number): Promise<number | undefined>;
  /** Says GOAWAY, sends what is queued, ends the carrier (wire-protocol 2.5). Idempotent. */
  close(code?: number, text?: string): Promise<void>;
  /** Ends the carrier now; all streams fail with `reason`. Idempotent. */
  abort(reason?: unknown): void;
  /** Settles when the mux is over. */
  readonly closed: Promise<MuxEnd>;
}
