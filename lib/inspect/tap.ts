/**
 * Puts an {@linkcode HttpTap} beside a connection: two ends to join in the place of the visitor and
 * the service, which show the tap what passes. The agent's relay asks for them when an endpoint is
 * inspected.
 *
 * @module
 */
import { type Chunk, type Duplex, giveTo } from "../base/duplex.ts";
import { HttpTap, type HttpTapOptions } from "./http_tap.ts";

/** A connection that is followed. */
export interface TappedPair {
  /** In the place of the visitor. */
  readonly visitor: Duplex;
  /** In the place of the service. */
  readonly service: Duplex;
  /**
   * The connection is over.
   *
   * @param error what cut it
   */
  close(error?: string): void;
}

/**
 * Follows a connection. What passes, passes as it would without: same chunks, same order, same waits.
 *
 * @param visitor the side that asks
 * @param service the side that answers
 * @param options where exchanges are kept
 */
export function tapPair(visitor: Duplex, service: Duplex, options: HttpTapOptions): TappedPair {
  const tap = new HttpTap(options);
  return {
    visitor: new TappedSide(visitor, (chunk) => {
      if (chunk) tap.fromVisitor(chunk);
      else tap.visitorEnded();
    }),
    service: new TappedSide(service, (chunk) => {
      if (chunk) tap.fromService(chunk);
      else tap.serviceEnded();
    }),
    close: (error) => tap.close(error),
  };
}

/** A side whose reads are shown. The tap keeps copies alone: the memory of a chunk may be given away. */
class TappedSide implements Duplex {
  readonly #inner: Duplex;
  readonly #show: (chunk: Chunk) => void;
  readonly #onRead = (chunk: Chunk): Chunk => {
    this.#show(chunk);
    return chunk;
  };

  constructor(inner: Duplex, show: (chunk: Chunk) => void) {
    this.#inner = inner;
    this.#show = show;
  }

  read(): Chunk | Promise<Chunk> {
    const read = this.#inner.read();
    return read instanceof Promise ? read.then(this.#onRead) : this.#onRead(read);
  }

  write(chunk: Uint8Array): void | Promise<void> {
    return this.#inner.write(chunk);
  }

  give(chunk: Uint8Array): void | Promise<void> {
    return giveTo(this.#inner, chunk);
  }

  closeWrite(): void | Promise<void> {
    return this.#inner.closeWrite();
  }

  abort(reason?: unknown): void {
    this.#inner.abort(reason);
  }

  unread(chunk: Uint8Array): void {
    this.#inner.unread(chunk);
  }

  get closed(): Promise<void> {
    return this.#inner.closed;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#inner.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#inner.writable;
  }
}
