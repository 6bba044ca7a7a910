/**
 * Undoes the compression of one direction of a WebSocket (RFC 7692), beside the tunnel: frames are
 * queued as they pass and inflated when there is time. The reader of frames feeds it.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import type { Inflater } from "../runtime/codecs.ts";
import type { MessageChange } from "./message_reader.ts";

/** What a sender leaves away at the end of each message (RFC 7692 section 7.2.1). */
const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);

/** What may wait: a tunnel that is faster than this machine inflates goes unread. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** A piece that becomes more than this is not worth the time. */
const MAX_INFLATED_BYTES = 32 * 1024 * 1024;

/** A piece of a frame, or the end of one. */
type Step =
  | { readonly piece: Uint8Array }
  | { readonly isFinal: boolean; readonly change: (change: MessageChange) => void };

/** Inflates frames in their order. */
export class FrameInflater {
  readonly #open: () => Inflater;
  readonly #maxPreviewBytes: number;
  #inflater: Inflater | undefined;
  #steps: Step[] = [];
  #waitingBytes = 0;
  #isRunning = false;
  #isEnded = false;
  #isOver = false;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #totalBytes = 0;

  /**
   * Costs nothing until the first piece.
   *
   * @param open starts inflating
   * @param maxPreviewBytes what is kept of each frame
   */
  constructor(open: () => Inflater, maxPreviewBytes: number) {
    this.#open = open;
    this.#maxPreviewBytes = maxPreviewBytes;
  }

  /** Whether it still follows: messages refer to earlier ones, so there is no way back. */
  get isWorking(): boolean {
    return !this.#isOver && !this.#isEnded;
  }

  /** Takes the next piece of a frame; it is its own from now on. */
  push(piece: Uint8Array): void {
    if (!this.isWorking) return;
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#giveUp();
    this.#add({ piece });
  }

  /**
   * The frame is complete.
   *
   * @param isFinal whether the message is
   * @param change takes what it was; never called when that could not be found out
   */
  endFrame(isFinal: boolean, change: (change: MessageChange) => void): void {
    if (!this.isWorking) return;
    this.#add({ isFinal, change });
  }

  /** Nothing more comes; what waits is still done. */
  end(): void {
    this.#isEnded = true;
    if (!this.#isRunning) this.#giveUp();
  }

  #add(step: Step): void {
    this.#steps.push(step);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#inflater ??= this.#open();
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      if ("piece" in step) {
        await this.#inflate(step.piece);
        this.#waitingBytes -= step.piece.length;
        continue;
      }
      if (step.isFinal) await this.#inflate(TAIL);
      if (this.#isOver) break;
      step.change({
        sizeBytes: this.#totalBytes,
        preview: concat(this.#kept, this.#keptBytes),
        isTruncated: this.#totalBytes > this.#keptBytes,
      });
      this.#kept = [];
      this.#keptBytes = this.#totalBytes = 0;
    }
    this.#isRunning = false;
    if (this.#isEnded) this.#giveUp();
  }

  async #inflate(piece: Uint8Array): Promise<void> {
    const room = this.#maxPreviewBytes - this.#keptBytes;
    const { bytes, totalBytes, error } = await this.#inflater!.inflate(
      piece,
      room,
      MAX_INFLATED_BYTES,
    );
    if (error !== undefined) return this.#giveUp();
    if (bytes.length > 0) this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    this.#totalBytes += totalBytes;
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#steps = [];
    this.#inflater?.close();
  }
}
