/**
 * The body of a handler's `Response`, chunk by chunk. `fetch_exchange.ts` sends what it gives.
 *
 * @module
 */
import type { Chunk } from "../base/duplex.ts";

/** What {@linkcode FetchSource.peek} saw. */
export type Peek = "chunk" | "end" | "later";

/**
 * How many turns of the promise queue a chunk may take and still count as at hand. Bodies made of
 * text or bytes take up to 3, of a Blob, a transform or a generator up to 6, on every runtime;
 * nothing that waits for input or output is done within any number of them.
 */
const TURNS = 8;

/** A stream being read. */
export class FetchSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #reading: Promise<void> | undefined;
  #next: Chunk;
  #ended = false;
  #failure: { readonly thrown: unknown } | undefined;

  /**
   * Takes the stream over.
   *
   * @param stream what the handler answered with
   * @throws {TypeError} when somebody else reads it
   */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * Whether there is more, if that can be told without waiting. A failure counts as a chunk: taking
   * it throws.
   */
  async peek(): Promise<Peek> {
    this.#begin();
    for (let turn = 0; turn < TURNS && this.#reading; turn++) await undefined;
    return this.#reading ? "later" : this.#ended ? "end" : "chunk";
  }

  /** Waits for the next chunk, the end or a failure: there is something to {@linkcode take} then. */
  async wait(): Promise<void> {
    this.#begin();
    if (this.#reading) await this.#reading;
  }

  /**
   * The chunk that was waited for, or `undefined` at the end. Never an empty one.
   *
   * @throws {TypeError} when the handler's stream gave something that is not bytes
   * @throws whatever the handler's stream failed with
   */
  take(): Chunk {
    if (this.#failure) throw this.#failure.thrown;
    const chunk = this.#next;
    this.#next = undefined;
    return chunk;
  }

  /** Tells the handler that nobody wants the rest. Never rejects on its own account. */
  async cancel(reason: unknown): Promise<void> {
    await this.#reader.cancel(reason);
  }

  #begin(): void {
    if (this.#reading || this.#ended || this.#next || this.#failure) return;
    this.#reading = this.#reader.read().then(this.#took, this.#failed);
  }

  readonly #took = (
    { done, value }: ReadableStreamReadResult<Uint8Array>,
  ): void | Promise<void> => {
    if (done) this.#ended = true;
    else if (!(value instanceof Uint8Array)) {
      const found = typeof value;
      return this.#failed(new TypeError(`Cannot send a chunk of type ${found}: not a Uint8Array`));
    } else if (value.length === 0) {
      return this.#reader.read().then(this.#took, this.#failed);
    } else this.#next = value;
    this.#reading = undefined;
  };

  readonly #failed = (thrown: unknown): void => {
    this.#failure = { thrown };
    this.#reading = undefined;
  };
}
