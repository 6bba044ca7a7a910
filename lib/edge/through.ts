/**
 * A carrier that is another carrier with one habit changed: subclasses override what differs. Used
 * by the relays, which count, hold back or drop bytes on their way.
 *
 * @module
 */
import { type Chunk, type Duplex, giveTo } from "../base/duplex.ts";

/** Passes every call on. */
export class Through implements Duplex {
  /** The carrier underneath. */
  protected readonly under: Duplex;

  /**
   * Wraps a carrier.
   *
   * @param under the carrier underneath
   */
  constructor(under: Duplex) {
    this.under = under;
  }

  /** Reads from underneath. */
  read(): Chunk | Promise<Chunk> {
    return this.under.read();
  }

  /** Writes underneath. */
  write(chunk: Uint8Array): void | Promise<void> {
    return this.under.write(chunk);
  }

  /** Ends our direction underneath. */
  closeWrite(): void | Promise<void> {
    return this.under.closeWrite();
  }

  /** Aborts what is underneath. */
  abort(reason?: unknown): void {
    this.under.abort(reason);
  }

  /** Gives bytes back underneath. */
  unread(chunk: Uint8Array): void {
    this.under.unread(chunk);
  }

  /** Settles with what is underneath. */
  get closed(): Promise<void> {
    return this.under.closed;
  }

  /** The stream from underneath. */
  get readable(): ReadableStream<Uint8Array> {
    return this.under.readable;
  }

  /** The stream to underneath. */
  get writable(): WritableStream<Uint8Array> {
    return this.under.writable;
  }
}

/** The largest chunk that is copied to leave together with what was held; more goes in a write of its own. */
const JOIN_BYTES = 16 * 1024;

/**
 * Holds a response's head back until its body begins, so that both leave in one write: one system
 * call and one segment in place of two.
 */
export class HeadFirst extends Through {
  #held: Uint8Array | undefined;

  /** Holds these bytes until the next write, or {@linkcode HeadFirst.flush}. */
  hold(bytes: Uint8Array): void {
    this.#held = bytes;
  }

  /** Writes, behind what was held. */
  override write(chunk: Uint8Array): void | Promise<void> {
    const held = this.#held;
    if (held === undefined) return this.under.write(chunk);
    this.#held = undefined;
    if (chunk.length > JOIN_BYTES) {
      // The carrier keeps the order; only the second answer says whether there is room for more.
      const full = this.under.write(held);
      if (full) return full.then(() => this.under.write(chunk));
      return this.under.write(chunk);
    }
    const both = new Uint8Array(held.length + chunk.length);
    both.set(held);
    both.set(chunk, held.length);
    return this.under.write(both);
  }

  /** Gives, behind what was held. */
  give(chunk: Uint8Array): void | Promise<void> {
    if (this.#held !== undefined && chunk.length <= JOIN_BYTES) return this.write(chunk);
    const full = this.flush();
    const give = () => giveTo(this.under, chunk);
    return full ? full.then(give) : give();
  }

  /** Forgets what is still held; whether there was anything. */
  drop(): boolean {
    const held = this.#held !== undefined;
    this.#held = undefined;
    return held;
  }

  /** Writes what is still held: the body turned out to be empty. */
  flush(): void | Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return this.under.write(held);
  }
}

/** Takes an upload to the agent, until nobody wants the rest: then it swallows it. */
export class UploadSink extends Through {
  /** Whether bytes are dropped. */
  discards = false;
  /** Whether a write waits for the agent: a slow upload is its fault then, not the visitor's. */
  waiting = false;

  /** Passes the bytes on, or swallows them. */
  override write(chunk: Uint8Array): void | Promise<void> {
    if (!this.discards) return this.#wait(this.under.write(chunk));
  }

  /** Gives the bytes on, or swallows them. */
  give(chunk: Uint8Array): void | Promise<void> {
    if (this.discards) return;
    return this.#wait(giveTo(this.under, chunk));
  }

  #wait(full: void | Promise<void>): void | Promise<void> {
    if (!full) return;
    this.waiting = true;
    return full.finally(() => this.waiting = false);
  }
}
