/**
 * WebSocket frames (RFC 6455 section 5) as bytes: reading them piece by piece as they come, from
 * either side, and writing them. Pure and without copies: what is handed on are views of what came.
 * The WebSocket-to-TCP converter uses it, and whoever looks at WebSocket traffic.
 *
 * @module
 */
import { toBase64 } from "../base/base64.ts";
import { encodeText, toHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { quote } from "./chars.ts";

/** What a frame is (RFC 6455 section 5.2). */
export const OPCODES = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Why a connection ends (RFC 6455 section 7.4.1). */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  invalidData: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
} as const;

/** The longest payload of a control frame. */
export const MAX_CONTROL_BYTES = 125;

/** The head of a frame. */
export interface FrameHead {
  /** Whether the message ends with this frame. */
  readonly fin: boolean;
  /** The three reserved bits, 0 to 7; only an extension uses them. */
  readonly rsv: number;
  /** One of {@linkcode OPCODES}. */
  readonly opcode: number;
  /** What the payload is masked with, as a big-endian u32; `undefined` when it is not. */
  readonly mask: number | undefined;
  /** How long the payload is. */
  readonly payloadBytes: number;
}

/** Hears what is read. */
export interface FrameSink {
  /** A frame begins. */
  onHead(head: FrameHead): void;
  /**
   * A piece of its payload, as it came: still masked.
   *
   * @param piece a view of what was pushed; never empty
   * @param offset how much of the payload came before
   * @param head of the frame
   */
  onPayload(piece: Uint8Array, offset: number, head: FrameHead): void;
  /** The frame is complete. */
  onEnd(head: FrameHead): void;
}

/** What frames may be like. */
export interface FrameReaderOptions {
  /** `true` for what a client sends, `false` for what a server sends (RFC 6455 section 5.1). */
  readonly masked: boolean;
  /** Whether an extension was agreed on that uses the reserved bits. @default {false} */
  readonly extended?: boolean;
  /** The longest payload of one frame. @default no limit but that of numbers, 2^53 - 1 */
  readonly maxPayloadBytes?: number;
}

/** A frame that breaks the protocol, and the code to close with. */
export class WebSocketFault extends TunnelError {
  /** What the close frame says. */
  readonly closeCode: number;

  /**
   * Makes one.
   *
   * @param closeCode one of {@linkcode CLOSE_CODES}
   * @param found what was found, for the message
   */
  constructor(closeCode: number, found: string) {
    super("http_invalid", `Cannot read the WebSocket frame: ${found}`);
    this.closeCode = closeCode;
  }
}

function violation(found: string): WebSocketFault {
  return new WebSocketFault(CLOSE_CODES.protocolError, found);
}

/** 2 bytes, 8 of length, 4 of mask. */
const MAX_HEAD_BYTES = 14;

/**
 * Reads frames from one side of a connection, in whatever pieces they come.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FrameReader, frameHead, OPCODES } from "./websocket.ts";
 *
 * const seen: string[] = [];
 * const reader = new FrameReader({ masked: false }, {
 *   onHead: (head) => seen.push(`frame of ${head.payloadBytes}`),
 *   onPayload: (piece) => seen.push(new TextDecoder().decode(piece)),
 *   onEnd: () => seen.push("end"),
 * });
 * reader.push(frameHead(OPCODES.text, 2));
 * reader.push(new TextEncoder().encode("hi"));
 * assert.deepEqual(seen, ["frame of 2", "hi", "end"]);
 * ```
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #masked: boolean;
  readonly #extended: boolean;
  readonly #maxPayloadBytes: number;
  readonly #raw = new Uint8Array(MAX_HEAD_BYTES);
  #rawLength = 0;
  #needed = 2;
  #frame: FrameHead | undefined;
  #offset = 0;
  /** Whether a message has begun whose last frame is still to come. */
  #fragmented = false;

  /**
   * Begins before the first frame.
   *
   * @param options what frames may be like
   * @param sink hears what is read
   */
  constructor(options: FrameReaderOptions, sink: FrameSink) {
    this.#sink = sink;
    this.#masked = options.masked;
    this.#extended = options.extended ?? false;
    this.#maxPayloadBytes = options.maxPayloadBytes ?? Number.MAX_SAFE_INTEGER;
  }

  /** Whether the last frame is complete: an end here cuts nothing. */
  get atBoundary(): boolean {
    return this.#frame === undefined && this.#rawLength === 0;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {WebSocketFault} when they break the protocol; the reader is of no use afterwards
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const frame = this.#frame;
      if (frame === undefined) {
        at = this.#readHead(bytes, at);
        continue;
      }
      const end = Math.min(bytes.length, at + frame.payloadBytes - this.#offset);
      const offset = this.#offset;
      this.#offset += end - at;
      this.#sink.onPayload(bytes.subarray(at, end), offset, frame);
      at = end;
      if (this.#offset === frame.payloadBytes) this.#endFrame(frame);
    }
  }

  #readHead(bytes: Uint8Array, from: number): number {
    let at = from;
    const raw = this.#raw;
    while (at < bytes.length && this.#rawLength < this.#needed) {
      raw[this.#rawLength++] = bytes[at++];
      if (this.#rawLength === 2) this.#needed = this.#measure(raw[0], raw[1]);
    }
    if (this.#rawLength < this.#needed) return at;
    const head = this.#parse();
    this.#rawLength = 0;
    this.#needed = 2;
    this.#offset = 0;
    this.#sink.onHead(head);
    if (head.payloadBytes === 0) this.#endFrame(head);
    else this.#frame = head;
    return at;
  }

  #endFrame(frame: FrameHead): void {
    this.#frame = undefined;
    this.#sink.onEnd(frame);
  }

  /** Checks the first two bytes; how long the whole head is. */
  #measure(first: number, second: number): number {
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    const masked = (second & 0x80) !== 0;
    const length = second & 0x7f;
    if ((first & 0x70) !== 0 && !this.#extended) throw violation("a reserved bit is set");
    if (opcode > 10 || (opcode > 2 && opcode < 8)) throw violation(`the opcode ${opcode} is none`);
    if (masked !== this.#masked) {
      throw violation(this.#masked ? "it is not masked" : "it is masked");
    }
    if (opcode >= 8) {
      if (!fin) throw violation("a control frame is fragmented");
      if (length > MAX_CONTROL_BYTES) throw violation("a control frame is longer than 125 bytes");
    } else if (opcode === OPCODES.continuation) {
      if (!this.#fragmented) throw violation("it continues a message that did not begin");
      this.#fragmented = !fin;
    } else {
      if (this.#fragmented) throw violation("a message begins before the one before it ended");
      this.#fragmented = !fin;
    }
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (masked ? 4 : 0);
  }

  #parse(): FrameHead {
    const raw = this.#raw;
    let payloadBytes = raw[1] & 0x7f;
    let at = 2;
    if (payloadBytes === 126) {
      payloadBytes = raw[2] * 256 + raw[3];
      at = 4;
      if (payloadBytes < 126) throw violation("its length is written longer than it must be");
    } else if (payloadBytes === 127) {
      payloadBytes = 0;
      // Above 2^53 the sum is not exact any more, and far above every limit.
      for (let i = 2; i < 10; i++) payloadBytes = payloadBytes * 256 + raw[i];
      at = 10;
      if (raw[2] >= 0x80) throw violation("its length is negative");
      if (payloadBytes < 65_536) throw violation("its length is written longer than it must be");
    }
    if (payloadBytes > this.#maxPayloadBytes) {
      throw new WebSocketFault(
        CLOSE_CODES.tooBig,
        `it has ${payloadBytes} bytes, and may have ${this.#maxPayloadBytes}`,
      );
    }
    const mask = this.#masked
      ? ((raw[at] << 24) | (raw[at + 1] << 16) | (raw[at + 2] << 8) | raw[at + 3]) >>> 0
      : undefined;
    return {
      fin: (raw[0] & 0x80) !== 0,
      rsv: (raw[0] & 0x70) >> 4,
      opcode: raw[0] & 0x0f,
      mask,
      payloadBytes,
    };
  }
}

/**
 * Masks or unmasks bytes where they are; both are the same (RFC 6455 section 5.3).
 *
 * @param bytes a piece of a payload
 * @param mask of its frame
 * @param offset of the piece in the payload
 */
export function applyMask(bytes: Uint8Array, mask: number, offset: number = 0): void {
  // Turned so that its first byte is for the first byte here.
  const shift = (offset & 3) * 8;
  const key = shift === 0 ? mask : ((mask << shift) | (mask >>> (32 - shift))) >>> 0;
  const [a, b, c, d] = [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
  const whole = bytes.length & ~3;
  let at = 0;
  for (; at < whole; at += 4) {
    bytes[at] ^= a;
    bytes[at + 1] ^= b;
    bytes[at + 2] ^= c;
    bytes[at + 3] ^= d;
  }
  if (at < bytes.length) bytes[at++] ^= a;
  if (at < bytes.length) bytes[at++] ^= b;
  if (at < bytes.length) bytes[at] ^= c;
}

/** What a frame to write is like, besides its opcode and length. */
export interface FrameOptions {
  /** Whether the message ends with it. @default {true} */
  readonly fin?: boolean;
  /** What its payload is masked with: for clients only. @default none */
  readonly mask?: number;
  /** Bytes to leave free behind the head, for a small payload in the same piece. @default {0} */
  readonly room?: number;
}

/**
 * The head of a frame; its payload follows.
 *
 * @param opcode one of {@linkcode OPCODES}
 * @param payloadBytes how long the payload is
 * @param options the rest
 */
export function frameHead(
  opcode: number,
  payloadBytes: number,
  options: FrameOptions = {},
): Uint8Array {
  const { fin = true, mask, room = 0 } = options;
  const extra = payloadBytes < 126 ? 0 : payloadBytes < 65_536 ? 2 : 8;
  const length = 2 + extra + (mask === undefined ? 0 : 4);
  const head = new Uint8Array(length + room);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) |
    (extra === 0 ? payloadBytes : extra === 2 ? 126 : 127);
  let rest = payloadBytes;
  for (let at = 1 + extra; at >= 2; at--) {
    head[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  if (mask !== undefined) {
    for (let i = 0; i < 4; i++) head[2 + extra + i] = (mask >>> (24 - 8 * i)) & 0xff;
  }
  return head;
}

/**
 * A whole small frame in one piece, unmasked.
 *
 * @param opcode one of {@linkcode OPCODES}
 * @param payload copied behind the head
 */
export function smallFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = frameHead(opcode, payload.length, { room: payload.length });
  frame.set(payload, frame.length - payload.length);
  return frame;
}

/**
 * The payload of a close frame.
 *
 * @param code one of {@linkcode CLOSE_CODES}
 * @param reason for people; cut to what fits
 */
export function closePayload(code: number, reason: string = ""): Uint8Array {
  let text = encodeText(reason);
  if (text.length > MAX_CONTROL_BYTES - 2) {
    let end = MAX_CONTROL_BYTES - 2;
    // Not in the middle of a character.
    while (end > 0 && (text[end] & 0xc0) === 0x80) end--;
    text = text.subarray(0, end);
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}

/** What a close frame says. */
export interface CloseMessage {
  /** The code; `undefined` when it has none. */
  readonly code: number | undefined;
  /** The reason; may be empty. */
  readonly reason: string;
}

/**
 * Reads the payload of a close frame, unmasked.
 *
 * @throws {WebSocketFault} when it is a single byte, a code that must not be sent, or no UTF-8
 */
export function parseClose(payload: Uint8Array): CloseMessage {
  if (payload.length === 0) return { code: undefined, reason: "" };
  if (payload.length === 1) throw violation("a close frame has half a code");
  const code = payload[0] * 256 + payload[1];
  // RFC 6455 section 7.4: 1004 to 1006 and 1015 are never on the wire.
  const known = (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) ||
    (code >= 3000 && code <= 4999);
  if (!known) throw violation(`the close code ${code} must not be sent`);
  try {
    const reason = new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
    return { code, reason };
  } catch {
    // The decoder's error says nothing that the fault does not.
    throw new WebSocketFault(
      CLOSE_CODES.invalidData,
      `the reason of a close frame is no UTF-8: ${quote(toHex(payload.subarray(2, 18)))}`,
    );
  }
}

/** The constant of RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * What the server answers to a client's `Sec-WebSocket-Key`.
 *
 * @param key as the client sent it
 */
export async function acceptKey(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key + GUID);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
  return toBase64(hash);
}
