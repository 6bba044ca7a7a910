/**
 * Finds the frames of one direction of a WebSocket (RFC 6455 section 5) while they pass. Compressed
 * payloads (RFC 7692) are listed as they came.
 *
 * @module
 */
import { applyMask, type FrameHead, FrameReader, OPCODES, parseClose } from "../http/websocket.ts";
import type { CaptureLimits } from "./capture.ts";
import type { MessageSource } from "./exchange.ts";
import type { MessageReader, TellMessage } from "./message_reader.ts";

/** The reserved bit that says a message is compressed (RFC 7692 section 6). */
const COMPRESSED = 4;

/** Reads one direction. */
export class WebSocketReader implements MessageReader {
  readonly #reader: FrameReader;
  readonly #from: MessageSource;
  readonly #limits: CaptureLimits;
  readonly #tell: TellMessage;
  #preview: Uint8Array = new Uint8Array(0);
  #kept = 0;

  /**
   * Right behind the handshake.
   *
   * @param from whose frames
   * @param limits what is kept of each
   * @param tell takes each frame
   * @throws {WebSocketFault} from {@linkcode WebSocketReader.push}, at what is no frame
   */
  constructor(from: MessageSource, limits: CaptureLimits, tell: TellMessage) {
    this.#from = from;
    this.#limits = limits;
    this.#tell = tell;
    this.#reader = new FrameReader({ masked: from === "visitor", extended: true }, {
      onHead: (head) => this.#onHead(head),
      onPayload: (piece, offset, head) => this.#onPayload(piece, offset, head),
      onEnd: (head) => this.#onEnd(head),
    });
  }

  /** Takes what comes next. */
  push(piece: Uint8Array): void {
    this.#reader.push(piece);
  }

  /** A frame that is not complete is none. */
  end(): void {
    this.#preview = new Uint8Array(0);
  }

  #onHead({ payloadBytes }: FrameHead): void {
    this.#kept = 0;
    this.#preview = new Uint8Array(Math.min(payloadBytes, this.#limits.maxPreviewBytes));
  }

  #onPayload(piece: Uint8Array, offset: number, { mask }: FrameHead): void {
    const room = this.#preview.length - this.#kept;
    if (room <= 0) return;
    // The mask is undone in the copy: the bytes belong to the tunnel.
    const part = piece.slice(0, room);
    if (mask !== undefined) applyMask(part, mask, offset);
    this.#preview.set(part, this.#kept);
    this.#kept += part.length;
  }

  #onEnd({ fin, rsv, opcode, payloadBytes }: FrameHead): void {
    const closeCode = opcode === OPCODES.close ? parseClose(this.#preview).code : undefined;
    this.#tell({
      kind: "websocket",
      from: this.#from,
      sizeBytes: payloadBytes,
      preview: this.#preview,
      isTruncated: payloadBytes > this.#preview.length,
      opcode,
      isFinal: fin,
      isCompressed: (rsv & COMPRESSED) !== 0,
      ...(closeCode !== undefined && { closeCode }),
    });
    this.#preview = new Uint8Array(0);
  }
}
