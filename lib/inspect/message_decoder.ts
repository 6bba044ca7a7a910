/**
 * Undoes the compression of messages that stand for themselves, as those of gRPC do, beside the
 * tunnel: what comes faster than this machine decodes stays as it came. The reader of gRPC messages
 * feeds it.
 *
 * @module
 */
import type { Codecs } from "../runtime/codecs.ts";
import type { MessageChange } from "./message_reader.ts";

/** What is kept of a message to be decoded. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** What may wait. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** A message that becomes more than this is decoded in part. */
const MAX_DECODED_BYTES = 1024 * 1024;

/** Decodes the messages of one direction. */
export class MessageDecoder {
  readonly #decode: Codecs["decode"];
  readonly #coding: string;
  readonly #maxPreviewBytes: number;
  #waitingBytes = 0;

  /**
   * Costs nothing until the first message.
   *
   * @param decode undoes content codings
   * @param coding which one messages have
   * @param maxPreviewBytes what is kept of each
   */
  constructor(decode: Codecs["decode"], coding: string, maxPreviewBytes: number) {
    this.#decode = decode;
    this.#coding = coding;
    this.#maxPreviewBytes = maxPreviewBytes;
  }

  /** How much of a message of this size it wants. */
  wants(sizeBytes: number): number {
    return Math.min(sizeBytes, MAX_MESSAGE_BYTES);
  }

  /**
   * Takes a message.
   *
   * @param bytes its beginning; its own from now on
   * @param sizeBytes all of it, as it came
   * @param change takes what it was; never called when that could not be found out
   */
  take(bytes: Uint8Array, sizeBytes: number, change: (change: MessageChange) => void): void {
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
    this.#waitingBytes += bytes.length;
    void this.#decode(this.#coding, bytes, MAX_DECODED_BYTES).then(({ bytes: plain, error }) => {
      this.#waitingBytes -= bytes.length;
      if (error !== undefined && plain.length === 0) return;
      const isWhole = error === undefined && bytes.length === sizeBytes;
      const preview = plain.slice(0, this.#maxPreviewBytes);
      change({
        // How long the whole was is known of what is whole.
        sizeBytes: isWhole ? plain.length : Math.max(sizeBytes, plain.length),
        preview,
        isTruncated: !isWhole || plain.length > preview.length,
      });
    });
  }
}
