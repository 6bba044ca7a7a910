/**
 * The content of a body, without its framing: what `serve_fetch.ts` gives to a handler.
 *
 * @module
 */
import type { Chunk, Duplex } from "../base/duplex.ts";
import { BodyCut, type BodyFraming, sideError } from "./body.ts";
import type { HttpSubject } from "./fault.ts";

/** Takes one body off a carrier; what comes after it stays there. */
export class BodyReader {
  readonly #from: Duplex;
  readonly #subject: HttpSubject;
  readonly #cut: BodyCut;
  #first: Uint8Array | undefined; // the content of the wire chunk that is taken just now
  #joined: Uint8Array | undefined;
  #joinedBytes = 0;
  #wireChunkBytes = 0;

  /**
   * At the first byte of a body.
   *
   * @param from where it comes from
   * @param framing how its end is known
   * @param subject which message it belongs to, for errors
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { pair } from "../base/duplex.ts";
   * import { BodyReader } from "./body_reader.ts";
   *
   * const [visitor, front] = pair();
   * visitor.write(new TextEncoder().encode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET / …"));
   * const body = new BodyReader(front, { kind: "chunked" });
   * assert.equal(new TextDecoder().decode(await body.read()), "abcde");
   * assert.equal(body.done, true);
   * assert.equal(await body.read(), undefined);
   * ```
   */
  constructor(from: Duplex, framing: BodyFraming, subject: HttpSubject = "request") {
    this.#from = from;
    this.#subject = subject;
    this.#cut = new BodyCut(framing, subject, this.#onPayload);
  }

  /** Whether the body was read to its end. */
  get done(): boolean {
    return this.#cut.done;
  }

  /** Bytes taken so far, framing included. */
  get wireBytes(): number {
    return this.#cut.wireBytes;
  }

  /** The trailer fields, once it is done; none of a body that is not in chunks. */
  get trailers(): readonly (readonly [name: string, value: string])[] {
    return this.#cut.trailers ?? [];
  }

  /** How many bytes are still to come; `undefined` when only their end will tell. */
  get leftBytes(): number | undefined {
    return this.#cut.leftBytes;
  }

  /**
   * The next content, or `undefined` after the last. Never an empty chunk. Answers at once (no
   * promise) when content is at hand. What arrives in one piece is given in one piece, however many
   * chunks of HTTP it is made of.
   *
   * @throws {HttpError} http_invalid when the framing is malformed
   * @throws {BodyError} when the body ends too early or the carrier fails
   */
  read(): Chunk | Promise<Chunk> {
    while (!this.#cut.done) {
      let next: Chunk | Promise<Chunk>;
      try {
        next = this.#from.read();
      } catch (thrown) {
        throw sideError("source", this.#subject, thrown);
      }
      if (next instanceof Promise) return this.#readLater(next);
      const content = this.#take(next);
      if (content) return content;
    }
    return undefined;
  }

  /**
   * Reads the rest and drops it, so that the connection can carry the next message.
   *
   * @param maxBytes give up after so many bytes: closing the connection is cheaper
   * @returns whether the end was reached; if not, the connection is good for nothing more
   * @throws {HttpError} http_invalid when the framing is malformed
   * @throws {BodyError} when the body ends too early or the carrier fails
   */
  async discard(maxBytes = 262_144): Promise<boolean> {
    const fromBytes = this.#cut.wireBytes;
    while (!this.#cut.done) {
      const { leftBytes, wireBytes } = this.#cut;
      if (wireBytes - fromBytes + (leftBytes ?? 0) > maxBytes) return false;
      const next = this.read();
      if (next instanceof Promise) await next;
    }
    return true;
  }

  async #readLater(next: Promise<Chunk>): Promise<Chunk> {
    let chunk: Chunk;
    try {
      chunk = await next;
    } catch (thrown) {
      throw sideError("source", this.#subject, thrown);
    }
    return this.#take(chunk) ?? this.read();
  }

  #take(chunk: Chunk): Chunk {
    if (chunk === undefined) {
      this.#cut.end();
      return undefined;
    }
    this.#wireChunkBytes = chunk.length;
    const size = this.#cut.take(chunk);
    if (size < chunk.length) this.#from.unread(chunk.subarray(size));
    const content = this.#joined ? this.#joined.subarray(0, this.#joinedBytes) : this.#first;
    this.#first = this.#joined = undefined;
    return content;
  }

  /** Joins pieces as they are found: a hostile peer's one-byte chunks must not cost an object each. */
  readonly #onPayload = (piece: Uint8Array): void => {
    if (this.#first === undefined) {
      this.#first = piece;
      return;
    }
    if (this.#joined === undefined) {
      this.#joined = new Uint8Array(this.#wireChunkBytes);
      this.#joined.set(this.#first);
      this.#joinedBytes = this.#first.length;
    }
    this.#joined.set(piece, this.#joinedBytes);
    this.#joinedBytes += piece.length;
  };
}
