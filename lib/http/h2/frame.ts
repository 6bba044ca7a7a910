/**
 * Frames of HTTP/2 (RFC 9113 section 4 and 6): cutting them out of what arrives, and writing them.
 * Content is handed on as it comes; only other frames are put together.
 *
 * @module
 */

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Settings (RFC 9113 section 6.5.2, RFC 8441 section 3). */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const;

/** What a client says first (RFC 9113 section 3.4). */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The largest frame there is unless somebody asks for more, which we do not. */
export const MAX_FRAME_BYTES = 16_384;

/** The size of what every frame begins with. */
export const HEADER_BYTES = 9;

/** Windows may not grow beyond (RFC 9113 section 6.9.1). */
export const MAX_WINDOW = 2 ** 31 - 1;

/** What a frame begins with. */
export interface FrameHeader {
  /** How much follows. */
  readonly length: number;
  /** One of {@linkcode FRAME}, or unknown. */
  readonly type: number;
  /** See {@linkcode FLAG}. */
  readonly flags: number;
  /** 0 is the whole connection. */
  readonly id: number;
}

/** Hears of frames. */
export interface FrameSink {
  /** A frame that is no DATA, or has padding: all of it. The bytes are the reader's own. */
  onFrame(header: FrameHeader, payload: Uint8Array): void;
  /** A DATA frame without padding begins. */
  onData(header: FrameHeader): void;
  /** A piece of it; `isLast` is the end of the frame. An empty frame has one empty piece. */
  onPiece(header: FrameHeader, piece: Uint8Array, isLast: boolean): void;
  /** A frame is larger than it may be. */
  onTooLarge(header: FrameHeader): void;
}

/** Cuts frames out of bytes in any cut. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(HEADER_BYTES);
  #headBytes = 0;
  #header: FrameHeader | undefined;
  #left = 0;
  #payload: Uint8Array | undefined;
  #isStopped = false;

  /**
   * At a frame's first byte.
   *
   * @param sink hears what comes
   */
  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Takes no more: what follows is for nobody. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Takes the next bytes; content is handed on as views into them. */
  take(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#isStopped) {
      const header = this.#header;
      if (!header) {
        while (this.#headBytes < HEADER_BYTES && at < bytes.length) {
          this.#head[this.#headBytes++] = bytes[at++];
        }
        if (this.#headBytes < HEADER_BYTES) return;
        this.#headBytes = 0;
        this.#begin(bytes, at);
        continue;
      }
      const size = Math.min(this.#left, bytes.length - at);
      if (size === 0 && this.#left > 0) return;
      this.#left -= size;
      const piece = bytes.subarray(at, at + size);
      at += size;
      if (isPlainData(header)) {
        if (this.#left === 0) this.#header = undefined;
        this.#sink.onPiece(header, piece, this.#left === 0);
        continue;
      }
      const payload = this.#payload;
      if (payload) payload.set(piece, header.length - this.#left - size);
      if (this.#left > 0) return;
      this.#header = undefined;
      this.#payload = undefined;
      this.#sink.onFrame(header, payload ?? piece);
    }
  }

  #begin(bytes: Uint8Array, at: number): void {
    const head = this.#head;
    const header: FrameHeader = {
      length: head[0] << 16 | head[1] << 8 | head[2],
      type: head[3],
      flags: head[4],
      id: readU31(head, 5),
    };
    if (header.length > MAX_FRAME_BYTES) return this.#sink.onTooLarge(header);
    this.#header = header;
    this.#left = header.length;
    if (isPlainData(header)) return this.#sink.onData(header);
    // What is here whole is not copied.
    if (bytes.length - at < header.length) this.#payload = new Uint8Array(header.length);
  }
}

function isPlainData(header: FrameHeader): boolean {
  return header.type === FRAME.data && (header.flags & FLAG.padded) === 0;
}

/** A number of 31 bits; the 32nd is reserved. */
export function readU31(bytes: Uint8Array, at: number): number {
  return (bytes[at] & 127) << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
}

/** A number of 32 bits. */
export function readU32(bytes: Uint8Array, at: number): number {
  return readU31(bytes, at) + (bytes[at] >= 128 ? 2 ** 31 : 0);
}

/** Writes what a frame begins with. */
export function writeHeader(
  out: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  id: number,
): void {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  writeU32(out, at + 5, id);
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** A whole frame whose payload is a few numbers of 32 bits. */
export function numbersFrame(
  type: number,
  flags: number,
  id: number,
  ...numbers: readonly number[]
): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + 4 * numbers.length);
  writeHeader(out, 0, 4 * numbers.length, type, flags, id);
  numbers.forEach((number, index) => writeU32(out, HEADER_BYTES + 4 * index, number));
  return out;
}

/** A SETTINGS frame. */
export function settingsFrame(
  settings: readonly (readonly [id: number, value: number])[],
): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + 6 * settings.length);
  writeHeader(out, 0, 6 * settings.length, FRAME.settings, 0, 0);
  settings.forEach(([id, value], index) => {
    const at = HEADER_BYTES + 6 * index;
    out[at + 1] = id;
    writeU32(out, at + 2, value);
  });
  return out;
}

/** A field section as one HEADERS frame and as many CONTINUATION frames as it takes. */
export function headersFrames(id: number, block: Uint8Array, endStream: boolean): Uint8Array {
  const count = Math.max(1, Math.ceil(block.length / MAX_FRAME_BYTES));
  const out = new Uint8Array(block.length + count * HEADER_BYTES);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const piece = block.subarray(index * MAX_FRAME_BYTES, (index + 1) * MAX_FRAME_BYTES);
    const type = index === 0 ? FRAME.headers : FRAME.continuation;
    const flags = (index === 0 && endStream ? FLAG.endStream : 0) |
      (index === count - 1 ? FLAG.endHeaders : 0);
    writeHeader(out, at, piece.length, type, flags, id);
    out.set(piece, at + HEADER_BYTES);
    at += HEADER_BYTES + piece.length;
  }
  return out;
}
