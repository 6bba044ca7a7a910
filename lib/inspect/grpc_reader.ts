/**
 * Finds the messages of one direction of a gRPC call while they pass: each has five bytes ahead of it,
 * whether it is compressed and how long it is ("Length-Prefixed-Message" of gRPC over HTTP/2).
 *
 * @module
 */
import type { CaptureLimits } from "./capture.ts";
import type { MessageSource } from "./exchange.ts";
import type { MessageDecoder } from "./message_decoder.ts";
import type { MessageReader, TellMessage } from "./message_reader.ts";

const PREFIX_BYTES = 5;

/** Reads one direction of one call. */
export class GrpcReader implements MessageReader {
  readonly #from: MessageSource;
  readonly #limits: CaptureLimits;
  readonly #tell: TellMessage;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  #sizeBytes = 0;
  #left = 0;
  readonly #decoder: MessageDecoder | undefined;
  #preview: Uint8Array = new Uint8Array(0);
  #kept = 0;

  /**
   * At the first byte of a body.
   *
   * @param from whose messages
   * @param limits what is kept of each
   * @param tell takes each message
   * @param decoder undoes compression. @default it stays
   */
  constructor(
    from: MessageSource,
    limits: CaptureLimits,
    tell: TellMessage,
    decoder?: MessageDecoder,
  ) {
    this.#decoder = decoder;
    this.#from = from;
    this.#limits = limits;
    this.#tell = tell;
  }

  /** Takes what comes next. */
  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#prefixBytes < PREFIX_BYTES) {
        this.#prefix[this.#prefixBytes++] = piece[at++];
        if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
        continue;
      }
      const part = piece.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      const kept = part.subarray(0, this.#preview.length - this.#kept);
      this.#preview.set(kept, this.#kept);
      this.#kept += kept.length;
      if (this.#left === 0) this.#finish();
    }
  }

  /** A message that is not complete is none. */
  end(): void {
    this.#preview = new Uint8Array(0);
  }

  #begin(): void {
    const view = new DataView(this.#prefix.buffer);
    this.#sizeBytes = this.#left = view.getUint32(1);
    this.#kept = 0;
    const { maxPreviewBytes } = this.#limits;
    const wanted = this.#isCompressed && this.#decoder
      ? this.#decoder.wants(this.#sizeBytes)
      : Math.min(this.#sizeBytes, maxPreviewBytes);
    this.#preview = new Uint8Array(wanted);
    if (this.#left === 0) this.#finish();
  }

  get #isCompressed(): boolean {
    return (this.#prefix[0] & 1) !== 0;
  }

  #finish(): void {
    this.#prefixBytes = 0;
    const kept = this.#preview;
    const { maxPreviewBytes } = this.#limits;
    const preview = kept.length > maxPreviewBytes ? kept.slice(0, maxPreviewBytes) : kept;
    const isCompressed = this.#isCompressed;
    const change = this.#tell({
      kind: "grpc",
      from: this.#from,
      sizeBytes: this.#sizeBytes,
      preview,
      isTruncated: this.#sizeBytes > preview.length,
      isCompressed,
    });
    if (isCompressed && change) this.#decoder?.take(kept, this.#sizeBytes, change);
    this.#preview = new Uint8Array(0);
  }
}
