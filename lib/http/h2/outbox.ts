/**
 * What leaves an HTTP/2 connection, and in which order: control frames first, then one frame of each
 * stream in turn. What is said in one turn of the loop leaves in one write. `session.ts` has one.
 *
 * @module
 */
import { concat } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Duplex } from "../../base/duplex.ts";
import { toTunnelError, type TunnelError } from "../../base/errors.ts";
import type { FieldList } from "../http2_request.ts";
import {
  FLAG,
  FRAME,
  HEADER_BYTES,
  headersFrames,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  writeHeader,
} from "./frame.ts";
import { HpackEncoder } from "./hpack_encoder.ts";
import type { H2Stream } from "./stream.ts";

/** The window of a connection until somebody says otherwise (RFC 9113 section 6.9.2). */
export const FIRST_WINDOW = 65_535;

/** What leaves in one write. */
const BATCH_BYTES = 65_536;
/** Replies that the peer provoked and does not take. */
const MAX_REPLIES = 1_000;

/** The sending half of a connection. */
export class Outbox {
  readonly #carrier: Duplex;
  readonly #clock: Clock;
  readonly #onFailed: (error: TunnelError) => void;
  readonly #encoder = new HpackEncoder();
  /** Streams that can send, in the order of their turns. */
  readonly #line: H2Stream[] = [];
  /** Streams that wait for the window of the connection. */
  #starved: H2Stream[] = [];
  #control: Uint8Array[] = [];
  #replies = 0;
  #window = FIRST_WINDOW;
  #flushDue = false;
  #isBlocked = false;
  #isStopped = false;

  /**
   * Nothing is said yet.
   *
   * @param carrier where to
   * @param clock tells when a turn of the loop ends
   * @param onFailed hears why the carrier takes nothing any more
   */
  constructor(carrier: Duplex, clock: Clock, onFailed: (error: TunnelError) => void) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.#onFailed = onFailed;
  }

  /** Sends a frame before all content. */
  say(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#flushSoon();
  }

  /**
   * Sends a frame that the peer provoked.
   *
   * @returns `false` when too many of them wait: it provokes and does not read
   */
  reply(frame: Uint8Array): boolean {
    if (++this.#replies > MAX_REPLIES) return false;
    this.say(frame);
    return true;
  }

  /** Sends this now, and nothing after it. */
  sayOnly(frame: Uint8Array): void {
    this.#control = [frame];
    this.#line.length = 0;
    this.flush();
    this.stop();
  }

  /** Sends a head. Heads leave in the order they are compressed in. */
  sendHead(stream: H2Stream, fields: FieldList, isAll: boolean): void {
    this.say(headersFrames(stream.id, this.#encoder.encode(fields), isAll));
  }

  /** How large a table the peer keeps for heads (RFC 7541 section 4.2). */
  limitTable(bytes: number): void {
    this.#encoder.limitTable(bytes);
  }

  /** A stream has something to send: it gets its turn. */
  wantsToSend(stream: H2Stream): void {
    if (stream.inLine || this.#isStopped) return;
    stream.inLine = true;
    this.#line.push(stream);
    this.#flushSoon();
  }

  /**
   * The window of the connection grows.
   *
   * @returns `false` when it cannot (RFC 9113 section 6.9.1)
   */
  widen(more: number): boolean {
    this.#window += more;
    if (more === 0 || this.#window > MAX_WINDOW) return false;
    const starved = this.#starved;
    this.#starved = [];
    for (const stream of starved) this.wantsToSend(stream);
    return true;
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#control = [];
    this.#line.length = 0;
    this.#starved = [];
  }

  #flushSoon(): void {
    if (this.#flushDue || this.#isBlocked || this.#isStopped) return;
    this.#flushDue = true;
    this.#clock.turnEnd(() => {
      this.#flushDue = false;
      this.flush();
    });
  }

  /** Sends what waits, as far as the carrier takes it. */
  flush(): void {
    while (!this.#isStopped && !this.#isBlocked) {
      const parts = this.#control;
      this.#control = [];
      this.#replies = 0;
      let bytes = 0;
      for (const part of parts) bytes += part.length;
      while (bytes < BATCH_BYTES && this.#line.length > 0) {
        bytes += this.#takeTurn(this.#line.shift()!, parts);
      }
      if (bytes === 0) return;
      this.#write(concat(parts, bytes));
    }
  }

  /** One frame of one stream; how many bytes that is. */
  #takeTurn(stream: H2Stream, parts: Uint8Array[]): number {
    stream.inLine = false;
    if (stream.isOver) return 0;
    const { outboundBytes } = stream;
    if (outboundBytes === 0) return stream.finDue ? this.#sayEnd(stream, parts) : 0;
    if (stream.sendWindow <= 0) return 0; // until its window grows
    if (this.#window <= 0) {
      this.#starved.push(stream);
      return 0;
    }
    const count = Math.min(outboundBytes, stream.sendWindow, this.#window, MAX_FRAME_BYTES);
    const isLast = count === outboundBytes && stream.finDue && !stream.outTrailers;
    const head = new Uint8Array(HEADER_BYTES);
    writeHeader(head, 0, count, FRAME.data, isLast ? FLAG.endStream : 0, stream.id);
    parts.push(head);
    this.#window -= count;
    stream.takeOutbound(count, parts);
    if (isLast) stream.sentEnd();
    else if (stream.outboundBytes > 0 || stream.finDue) {
      stream.inLine = true;
      this.#line.push(stream);
    }
    return HEADER_BYTES + count;
  }

  #sayEnd(stream: H2Stream, parts: Uint8Array[]): number {
    let frames: Uint8Array;
    if (stream.outTrailers) {
      frames = headersFrames(stream.id, this.#encoder.encode(stream.outTrailers), true);
    } else {
      frames = new Uint8Array(HEADER_BYTES);
      writeHeader(frames, 0, 0, FRAME.data, FLAG.endStream, stream.id);
    }
    parts.push(frames);
    stream.sentEnd();
    return frames.length;
  }

  #write(bytes: Uint8Array): void {
    try {
      const full = this.#carrier.write(bytes);
      if (!full) return;
      this.#isBlocked = true;
      full.then(() => {
        this.#isBlocked = false;
        this.flush();
      }, (thrown) => this.#onFailed(toTunnelError(thrown, "connection_closed")));
    } catch (thrown) {
      this.#onFailed(toTunnelError(thrown, "connection_closed"));
    }
  }
}
