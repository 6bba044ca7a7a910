/**
 * Finds the frames of one direction of a WebSocket (RFC 6455 section 5) while they pass. Compressed
 * payloads (RFC 7692) are listed as they came, and as they were as soon as that is known.
 *
 * @module
 */
import { applyMask, type FrameHead, FrameReader, OPCODES, parseClose } from "../http/websocket.ts";
import type { CaptureLimits } from "./capture.ts";
import type { MessageSource } from "./exchange.ts";
import type { FrameInflater } from "./frame_inflater.ts";
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
  readonly #inflater: FrameInflater | undefined;
  /** Whether the message whose frames are coming is compressed: its first frame alone says so. */
  #isCompressed = false;

  /**
   * Right behind the handshake.
   *
   * @param from whose frames
   * @param limits what is kept of each
   * @param tell takes each frame
   * @param inflater undoes compression, if one was agreed on
   * @throws {WebSocketFault} from {@linkcode WebSocketReader.push}, at what is no frame
   */
  constructor(
    from: MessageSource,
    limits: CaptureLimits,
    tell: TellMessage,
    inflater?: FrameInflater,
  ) {
    this.#from = from;
    this.#limits = limits;
    this.#tell = tell;
    this.#inflater = inflater;
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
    this.#inflater?.end();
  }

  #onHead({ payloadBytes, opcode, rsv }: FrameHead): void {
    this.#kept = 0;
    if (opcode === OPCODES.text || opcode === OPCODES.binary) {
      this.#isCompressed = (rsv & COMPRESSED) !== 0;
    }
    this.#preview = new Uint8Array(Math.min(payloadBytes, this.#limits.maxPreviewBytes));
  }

  #onPayload(piece: Uint8Array, offset: number, head: FrameHead): void {
    const room = this.#preview.length - this.#kept;
    const isInflated = this.#inflater?.isWorking === true && this.#belongsToCompressed(head);
    if (room <= 0 && !isInflated) return;
    // The mask is undone in the copy: the bytes belong to the tunnel.
    const part = isInflated ? piece.slice() : piece.slice(0, room);
    if (head.mask !== undefined) applyMask(part, head.mask, offset);
    if (isInflated) this.#inflater?.push(part);
    if (room <= 0) return;
    const kept = part.subarray(0, room);
    this.#preview.set(kept, this.#kept);
    this.#kept += kept.length;
  }

  /** Control frames come in between and are never compressed. */
  #belongsToCompressed({ opcode }: FrameHead): boolean {
    return this.#isCompressed && opcode < OPCODES.close;
  }

  #onEnd(head: FrameHead): void {
    const { fin, opcode, payloadBytes } = head;
    const isCompressed = this.#belongsToCompressed(head);
    const closeCode = opcode === OPCODES.close ? parseClose(this.#preview).code : undefined;
    const change = this.#tell({
      kind: "websocket",
      from: this.#from,
      sizeBytes: payloadBytes,
      preview: this.#preview,
      isTruncated: payloadBytes > this.#preview.length,
      opcode,
      isFinal: fin,
      isCompressed,
      ...(closeCode !== undefined && { closeCode }),
    });
    if (isCompressed && change) this.#inflater?.endFrame(fin, change);
    this.#preview = new Uint8Array(0);
  }
}
