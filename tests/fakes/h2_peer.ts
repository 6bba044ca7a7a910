/**
 * A peer of HTTP/2 that says what a test wants it to say, frame by frame, right or wrong.
 *
 * @module
 */
import type { Duplex } from "../../lib/base/duplex.ts";
import {
  FLAG,
  FRAME,
  FrameReader,
  headersFrames,
  numbersFrame,
  PREFACE,
  readU31,
  settingsFrame,
  writeHeader,
} from "../../lib/http/h2/frame.ts";
import { HpackDecoder } from "../../lib/http/h2/hpack_decoder.ts";
import { HpackEncoder } from "../../lib/http/h2/hpack_encoder.ts";
import type { FieldList } from "../../lib/http/http2_request.ts";

/** What came on one stream. */
export interface Heard {
  /** Heads and trailers, in order. */
  readonly heads: FieldList[];
  /** Content. */
  bytes: number;
  text: string;
  ended: boolean;
  reset: number | undefined;
}

/** The client's end of a connection. */
export class H2Peer {
  /** By stream. */
  readonly streams = new Map<number, Heard>();
  /** The code of the last GOAWAY. */
  goAway: number | undefined;
  /** The last stream it named. */
  lastStream: number | undefined;
  /** How many frames came, by type. */
  readonly counts: number[] = [];
  /** Whether windows are opened again as content comes. */
  takes = true;
  /** Settles when the connection is over. */
  readonly over: Promise<void>;
  readonly #carrier: Duplex;
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder(1e7, 1e5);
  #changed: (() => void)[] = [];

  constructor(carrier: Duplex, settings: [number, number][] = [], preface = true) {
    this.#carrier = carrier;
    if (preface) {
      this.send(PREFACE);
      this.send(settingsFrame(settings));
    }
    this.over = this.#run();
  }

  /** Sends bytes; what a cut connection answers is no matter. */
  send(bytes: Uint8Array): void | Promise<void> {
    try {
      const full = this.#carrier.write(bytes.slice());
      if (full) return full.catch(() => {});
    } catch {
      // cut: the test sees it elsewhere
    }
  }

  /** Sends a head. */
  head(id: number, fields: FieldList, end = true): void | Promise<void> {
    return this.send(headersFrames(id, this.#encoder.encode(fields), end));
  }

  /** Sends content. */
  data(id: number, content: Uint8Array | string, end = false): void | Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const frame = new Uint8Array(9 + bytes.length);
    writeHeader(frame, 0, bytes.length, FRAME.data, end ? FLAG.endStream : 0, id);
    frame.set(bytes, 9);
    return this.send(frame);
  }

  /** Any frame. */
  frame(type: number, flags: number, id: number, payload: Uint8Array): void | Promise<void> {
    const frame = new Uint8Array(9 + payload.length);
    writeHeader(frame, 0, payload.length, type, flags, id);
    frame.set(payload, 9);
    return this.send(frame);
  }

  /** Opens a window. */
  window(id: number, bytes: number): void {
    this.send(numbersFrame(FRAME.windowUpdate, 0, id, bytes));
  }

  /** Takes a stream back. */
  reset(id: number, code = 8): void | Promise<void> {
    return this.send(numbersFrame(FRAME.resetStream, 0, id, code));
  }

  /** Ends its side. */
  close(): void {
    void this.#carrier.closeWrite();
  }

  /** What came on a stream. */
  on(id: number): Heard {
    let heard = this.streams.get(id);
    if (!heard) {
      heard = { heads: [], bytes: 0, text: "", ended: false, reset: undefined };
      this.streams.set(id, heard);
    }
    return heard;
  }

  /** Waits until something holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  async #run(): Promise<void> {
    const reader = new FrameReader({
      onFrame: ({ type, flags, id }, payload) => {
        this.counts[type] = (this.counts[type] ?? 0) + 1;
        if (type === FRAME.headers) {
          this.on(id).heads.push(this.#decoder.decode(payload).fields);
          if (flags & FLAG.endStream) this.on(id).ended = true;
        } else if (type === FRAME.resetStream) this.on(id).reset = readU31(payload, 0);
        else if (type === FRAME.goAway) {
          this.lastStream = readU31(payload, 0);
          this.goAway = readU31(payload, 4);
        } else if (type === FRAME.settings && flags === 0) {
          this.send(numbersFrame(FRAME.settings, FLAG.ack, 0));
        } else if (type === FRAME.ping && flags === 0) {
          this.frame(FRAME.ping, FLAG.ack, 0, payload);
        }
      },
      onData: () => {},
      onPiece: ({ id, flags }, piece, isLast) => {
        const heard = this.on(id);
        heard.bytes += piece.length;
        if (piece.length < 4096) heard.text += new TextDecoder().decode(piece);
        if (isLast && flags & FLAG.endStream) heard.ended = true;
        if (this.takes && piece.length > 0) {
          this.window(0, piece.length);
          this.window(id, piece.length);
        }
      },
      onTooLarge: () => {},
    });
    try {
      for (;;) {
        const chunk = await this.#carrier.read();
        if (chunk === undefined) break;
        reader.take(chunk);
        for (const wake of this.#changed.splice(0)) wake();
      }
    } catch {
      // cut: as over as any other
    }
    for (const wake of this.#changed.splice(0)) wake();
  }
}

/** The head of a GET. */
export function get(path = "/", authority = "a.test", scheme = "https"): FieldList {
  return [[":method", "GET"], [":scheme", scheme], [":authority", authority], [":path", path]];
}

/** The head of a POST. */
export function post(...more: [string, string][]): FieldList {
  return [[":method", "POST"], ...get().slice(1), ...more];
}
