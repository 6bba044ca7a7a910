/**
 * Collects the head of a message from chunks that pass by, however they are cut. The tap uses one
 * for each direction of a connection.
 *
 * @module
 */
import { HttpError, type HttpSubject } from "../http/fault.ts";
import { HeadScanner } from "../http/head_scanner.ts";

/** A larger head is not looked at: nobody would read it. */
const MAX_HEAD_BYTES = 1024 * 1024;

const MAX_HEADERS = 1_000;

/** Collects one head after the other. */
export class HeadCollector {
  readonly #subject: HttpSubject;
  #scanner: HeadScanner;
  #bytes: Uint8Array = new Uint8Array(0);
  #count = 0;

  /**
   * At the first byte of a head.
   *
   * @param subject what it is the head of
   */
  constructor(subject: HttpSubject) {
    this.#subject = subject;
    this.#scanner = new HeadScanner(subject, MAX_HEADERS);
  }

  /** Whether a head has begun and is not complete. */
  get hasBegun(): boolean {
    return this.#count > 0;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk what came
   * @param from where to begin in it
   * @returns the head and the offset in the chunk behind it; `undefined` when more is needed
   * @throws {HttpError} at the first byte that may not be there
   */
  push(chunk: Uint8Array, from: number): { head: Uint8Array; end: number } | undefined {
    const piece = from === 0 ? chunk : chunk.subarray(from);
    const before = this.#count;
    // Nearly always the whole head comes at once, and nothing is copied.
    const bytes = before === 0 ? piece : this.#append(piece);
    const count = before + piece.length;
    const end = this.#scanner.scan(bytes, Math.min(count, MAX_HEAD_BYTES));
    if (end < 0) {
      if (count >= MAX_HEAD_BYTES) {
        throw new HttpError("head_too_large", this.#subject, "the head is too large to be kept");
      }
      // What is kept beyond this call must be a copy: the chunk belongs to the tunnel.
      if (before === 0) this.#append(piece);
      return undefined;
    }
    const { start } = this.#scanner;
    this.#scanner = new HeadScanner(this.#subject, MAX_HEADERS);
    this.#bytes = new Uint8Array(0);
    this.#count = 0;
    return { head: bytes.subarray(start, end), end: from + end - before };
  }

  /** Copies behind what is there; the space doubles, so that single bytes cost no copy each. */
  #append(piece: Uint8Array): Uint8Array {
    const count = this.#count + piece.length;
    if (count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(1_024, 2 * count));
      grown.set(this.#bytes.subarray(0, this.#count));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#count);
    this.#count = count;
    return this.#bytes;
  }
}
