/**
 * Headers and control frames to bytes. Payload is copied once, by the session, behind its header.
 *
 * @module
 */
import { writeU32 } from "../base/bytes.ts";
import { FRAME, HEADER_BYTES } from "./frame.ts";

/**
 * Writes a header.
 *
 * @param target where to
 * @param at the index of its first byte
 * @param lengthBytes of the body that follows
 * @param type one of {@linkcode FRAME}
 * @param flags of a data frame, else 0
 * @param streamId 0 for GOAWAY alone
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  lengthBytes: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  target[at] = lengthBytes >>> 16;
  target[at + 1] = lengthBytes >>> 8;
  target[at + 2] = lengthBytes;
  target[at + 3] = (type << 4) | flags;
  writeU32(target, at + 4, streamId);
}

/**
 * Frames that wait to leave ahead of all data, in one growing array. An end that never reads makes
 * them pile up, so the caller watches {@linkcode ControlQueue.bytes}.
 */
export class ControlQueue {
  #buffer = new Uint8Array(256);
  #used = 0;

  /** How much waits. */
  get bytes(): number {
    return this.#used;
  }

  /** RST: ends a stream both ways. */
  reset(streamId: number, code: number): void {
    this.#four(FRAME.reset, streamId, code);
  }

  /** WNDINC: the peer may send so many bytes more. */
  windowIncrement(streamId: number, incrementBytes: number): void {
    this.#four(FRAME.windowIncrement, streamId, incrementBytes);
  }

  /** An empty data frame: SYN, FIN, or neither (the nudge of pitfall 1). */
  emptyData(streamId: number, flags: number): void {
    const at = this.#grow(HEADER_BYTES);
    writeHeader(this.#buffer, at, 0, FRAME.data, flags, streamId);
  }

  /** Copies all that waits to the front of `target` and forgets it. */
  drainInto(target: Uint8Array): void {
    target.set(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#used = 0;
  }

  #four(type: number, streamId: number, value: number): void {
    const at = this.#grow(HEADER_BYTES + 4);
    writeHeader(this.#buffer, at, 4, type, 0, streamId);
    writeU32(this.#buffer, at + HEADER_BYTES, value);
  }

  #grow(count: number): number {
    const at = this.#used;
    this.#used += count;
    if (this.#used > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    return at;
  }
}

/**
 * GOAWAY. Nothing may follow it: a Go peer swallows the next 8 bytes (wire-protocol 2.5).
 *
 * @param lastStreamId the last stream of the peer that was taken up
 * @param code why
 * @param text for people, UTF-8
 */
export function encodeGoAway(lastStreamId: number, code: number, text: string): Uint8Array {
  const debug = new TextEncoder().encode(text);
  const bytes = new Uint8Array(HEADER_BYTES + 8 + debug.length);
  writeHeader(bytes, 0, 8 + debug.length, FRAME.goAway, 0, 0);
  writeU32(bytes, HEADER_BYTES, lastStreamId);
  writeU32(bytes, HEADER_BYTES + 4, code);
  bytes.set(debug, HEADER_BYTES + 8);
  return bytes;
}
