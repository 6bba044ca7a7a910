/**
 * Bytes to frames, however they are cut. Payload is handed on as it arrives: a frame of 16 MiB never
 * waits in memory for its end.
 *
 * @module
 */
import { concat, decodeText, readU32 } from "../base/bytes.ts";
import { FLAG, FRAME, HEADER_BYTES, MuxFault, RESET } from "./frame.ts";

/** Who gets the frames. */
export interface FrameSink {
  /**
   * Payload of a data frame, whole or a piece of it.
   *
   * @param streamId never 0
   * @param syn true on the first piece of a frame that opens a stream
   * @param fin true on the last piece of a frame that ends a direction
   * @param payload may be empty only when the frame is
   */
  onData(streamId: number, syn: boolean, fin: boolean, payload: Uint8Array): void;
  /** RST. */
  onReset(streamId: number, code: number): void;
  /** WNDINC; the increment is more than 0. */
  onWindowIncrement(streamId: number, incrementBytes: number): void;
  /** GOAWAY; nothing is decoded after it. */
  onGoAway(lastStreamId: number, code: number, text: string): void;
}

/** Text of a GOAWAY beyond this is cut. */
const MAX_GO_AWAY_TEXT_BYTES = 1024;

const EMPTY = new Uint8Array(0);

/** The incremental decoder of one direction of one connection. */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Body bytes still to come; -1 while a header is awaited. */
  #bodyLeft = -1;
  /** Collected body of a control frame. */
  #body: Uint8Array[] = [];
  #stopped = false;

  /**
   * Makes a decoder that has seen nothing yet.
   *
   * @param sink who gets the frames
   */
  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Whether a frame has begun and not ended: true at the end of input means it was cut off. */
  get midFrame(): boolean {
    return !this.#stopped && (this.#headerBytes > 0 || this.#bodyLeft >= 0);
  }

  /** Ignores all further input. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Decodes more input. Payload handed to the sink are views of `bytes`.
   *
   * @throws {MuxFault} when the peer broke the protocol; the decoder is stopped then
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      if (this.#bodyLeft < 0) {
        at = this.#takeHeader(bytes, at);
        if (this.#bodyLeft === 0) this.#finishEmpty();
        continue;
      }
      const end = Math.min(bytes.length, at + this.#bodyLeft);
      const piece = bytes.subarray(at, end);
      this.#bodyLeft -= end - at;
      at = end;
      if (this.#type === FRAME.data) this.#data(piece);
      else this.#control(piece);
    }
  }

  #takeHeader(bytes: Uint8Array, at: number): number {
    let header = bytes;
    let from = at;
    if (this.#headerBytes > 0 || bytes.length - at < HEADER_BYTES) {
      const take = Math.min(HEADER_BYTES - this.#headerBytes, bytes.length - at);
      this.#header.set(bytes.subarray(at, at + take), this.#headerBytes);
      this.#headerBytes += take;
      at += take;
      if (this.#headerBytes < HEADER_BYTES) return at;
      this.#headerBytes = 0;
      header = this.#header;
      from = 0;
    } else {
      at += HEADER_BYTES;
    }
    const lengthBytes = (header[from] << 16) | (header[from + 1] << 8) | header[from + 2];
    this.#type = header[from + 3] >>> 4;
    this.#flags = header[from + 3] & 0xf;
    this.#streamId = readU32(header, from + 4);
    if (this.#streamId > 0x7fffffff) {
      this.#fault(RESET.protocol, "The peer set the reserved bit of a stream id");
    }
    this.#checkHeader(lengthBytes);
    return at;
  }

  #checkHeader(lengthBytes: number): void {
    this.#bodyLeft = lengthBytes;
    switch (this.#type) {
      case FRAME.data:
        if (this.#streamId === 0) this.#fault(RESET.protocol, "The peer sent data on stream 0");
        break;
      case FRAME.reset:
      case FRAME.windowIncrement:
        if (this.#streamId === 0) {
          this.#fault(RESET.protocol, "The peer sent a stream frame on stream 0");
        }
        if (lengthBytes !== 4) {
          this.#fault(
            RESET.frameSize,
            `The peer sent a frame of type ${this.#type} with ${lengthBytes} bytes instead of 4`,
          );
        }
        break;
      case FRAME.goAway:
        // Rust announces 8 bytes too few (wire-protocol 2.5); nothing after it counts anyway.
        this.#bodyLeft = Math.max(8, Math.min(lengthBytes, 8 + MAX_GO_AWAY_TEXT_BYTES));
        break;
      default:
        // An unknown type is skipped, as Go does (wire-protocol 2.6).
    }
  }

  #finishEmpty(): void {
    this.#bodyLeft = -1;
    if (this.#type !== FRAME.data) return;
    const syn = (this.#flags & FLAG.syn) !== 0;
    this.#sink.onData(this.#streamId, syn, (this.#flags & FLAG.fin) !== 0, EMPTY);
  }

  #data(piece: Uint8Array): void {
    const syn = (this.#flags & FLAG.syn) !== 0;
    this.#flags &= ~FLAG.syn;
    const last = this.#bodyLeft === 0;
    if (last) this.#bodyLeft = -1;
    this.#sink.onData(this.#streamId, syn, last && (this.#flags & FLAG.fin) !== 0, piece);
  }

  #control(piece: Uint8Array): void {
    const known = this.#type <= FRAME.goAway;
    if (known) this.#body.push(piece);
    if (this.#bodyLeft > 0) {
      // The input is the carrier's: what outlives this call is copied.
      if (known) this.#body[this.#body.length - 1] = piece.slice();
      return;
    }
    this.#bodyLeft = -1;
    if (!known) return;
    const body = concat(this.#body);
    this.#body = [];
    if (this.#type === FRAME.reset) {
      this.#sink.onReset(this.#streamId, readU32(body, 0));
    } else if (this.#type === FRAME.windowIncrement) {
      const increment = readU32(body, 0);
      if (increment === 0 || increment > 0x7fffffff) {
        this.#fault(RESET.protocol, `The peer sent a window increment of ${increment}`);
      }
      this.#sink.onWindowIncrement(this.#streamId, increment);
    } else {
      this.#stopped = true;
      this.#sink.onGoAway(readU32(body, 0), readU32(body, 4), decodeText(body.subarray(8)));
    }
  }

  #fault(code: number, message: string): never {
    this.#stopped = true;
    throw new MuxFault(code, message);
  }
}
