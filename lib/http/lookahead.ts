/**
 * A read that is under way before anybody wants the bytes, so that an end or a failure of a waiting
 * carrier is noticed. Whoever serves a visitor keeps one on it while its request is worked on; the
 * edge's relay keeps another on the stream to the agent while no request is under way.
 *
 * @module
 */
import type { Chunk, Duplex } from "../base/duplex.ts";
import { toTunnelError, type TunnelError } from "../base/errors.ts";

/** What a {@linkcode Lookahead} found. */
export type News = "bytes" | "end" | "error";

/** The next read of a carrier, begun early. Bytes it finds are given back to the carrier. */
export class Lookahead {
  readonly #carrier: Duplex;
  readonly #onNews: (news: News) => void;
  #pending: Promise<void> | undefined;
  #ended = false;
  #error: TunnelError | undefined;

  /**
   * Reads nothing yet.
   *
   * @param carrier what is read
   * @param onNews hears what came, each time
   */
  constructor(carrier: Duplex, onNews: (news: News) => void) {
    this.#carrier = carrier;
    this.#onNews = onNews;
  }

  /** Settles, never rejects, when the read is over; `undefined` when none is under way. Wait for it before reading. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Whether the carrier came to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What broke the carrier. */
  get error(): TunnelError | undefined {
    return this.#error;
  }

  /** Begins to read, unless a read is under way or there is nothing left to read. */
  start(): void {
    if (this.#pending || this.#ended || this.#error) return;
    let next: Chunk | Promise<Chunk>;
    try {
      next = this.#carrier.read();
    } catch (thrown) {
      return this.#failed(thrown);
    }
    if (next instanceof Promise) this.#pending = next.then(this.#took, this.#failed);
    else this.#took(next);
  }

  readonly #took = (chunk: Chunk): void => {
    this.#pending = undefined;
    if (chunk === undefined) {
      this.#ended = true;
      return this.#onNews("end");
    }
    this.#carrier.unread(chunk);
    this.#onNews("bytes");
  };

  readonly #failed = (thrown: unknown): void => {
    this.#pending = undefined;
    this.#error = toTunnelError(thrown, "connection_closed");
    this.#onNews("error");
  };
}
