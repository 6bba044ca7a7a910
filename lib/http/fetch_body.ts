/**
 * The body of a request as a fetch handler reads it. `fetch_exchange.ts` makes one for each request
 * that has a body.
 *
 * Nothing is waited for before the handler asks, and nothing is read beyond what it asks for: a
 * handler that is slow stops the visitor.
 *
 * @module
 */
import type { Chunk, Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { BodyFraming } from "./body.ts";
import { BodyReader } from "./body_reader.ts";
import type { Lookahead } from "./lookahead.ts";

/** Who owns a body, and what it hears. */
export interface FetchBodyOwner {
  /** The visitor. */
  readonly conn: Duplex;
  /** The early read of its connection, which may be under way when the body is wanted. */
  readonly ahead: Lookahead;
  /** The handler wants the body, and the visitor has yet to send it. */
  onBodyWait(): void;
  /** That wait is over. */
  onBodyArrived(): void;
  /** The handler was given the last of the body. */
  onBodyRead(): void;
}

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** One body. */
export class FetchBody {
  readonly #owner: FetchBodyOwner;
  readonly #reader: BodyReader;
  /** Of the stream, as long as the handler may read it. */
  #controller: Controller | undefined;
  /** What was read before the stream wanted it. */
  #first: Uint8Array<ArrayBuffer> | undefined;
  #wanted = false;
  #stopped = false;
  #error: TunnelError | undefined;
  #reading: Promise<void> | undefined;
  /** Whoever waits for all of it. */
  #whole: { readonly resolve: () => void; readonly reject: (error: TunnelError) => void }[] = [];

  /**
   * At its first byte.
   *
   * @param owner who reads it
   * @param framing how its end is known
   */
  constructor(owner: FetchBodyOwner, framing: BodyFraming) {
    this.#owner = owner;
    this.#reader = new BodyReader(owner.conn, framing);
  }

  /** What broke it: the visitor sent nonsense, sent nothing for too long, or went away. */
  get error(): TunnelError | undefined {
    return this.#error;
  }

  /** Whether all of it was taken from the connection, so that the next request comes next. */
  get done(): boolean {
    return this.#reader.done;
  }

  /** Whether the visitor has begun to send it. */
  get begun(): boolean {
    return this.#reader.wireBytes > 0;
  }

  /** Whether the handler has asked for it, and not lost interest since. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** How many bytes are still to come; `undefined` when only their end will tell. */
  get leftBytes(): number | undefined {
    return this.#reader.leftBytes;
  }

  /** The read of the connection that is under way; it never rejects. */
  get reading(): Promise<void> | undefined {
    return this.#reading;
  }

  /**
   * The body as a request takes it: its bytes when all of it has arrived with the head, as it has
   * for most small ones, else a stream. To be called once.
   */
  open(): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> {
    const { ahead } = this.#owner;
    ahead.start();
    if (!ahead.pending && !ahead.ended && !ahead.error) {
      try {
        const next = this.#reader.read();
        if (next instanceof Promise) this.#reading = this.#keepFirst(next);
        else this.#first = owned(next);
      } catch (thrown) {
        this.#error = toTunnelError(thrown);
      }
      if (this.done) return this.#first ?? EMPTY;
    }
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        if (this.#error) controller.error(this.#error);
        else this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#wanted = false;
        this.#controller = undefined;
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Its trailer fields, as soon as the handler has read all of it.
   *
   * @throws {TunnelError} what broke it; aborted when the handler did not read it
   */
  async trailers(): Promise<readonly (readonly [name: string, value: string])[]> {
    if (this.#error) throw this.#error;
    if (!this.done) {
      if (this.#stopped) throw unread();
      await new Promise<void>((resolve, reject) => this.#whole.push({ resolve, reject }));
    }
    return this.#reader.trailers;
  }

  /** Breaks it: whoever reads it gets this error. */
  fail(error: TunnelError): void {
    this.#error ??= error;
    this.#end(error);
  }

  /** The response is complete, and with it the request: the handler gets no more of the body. */
  stop(): void {
    this.#stopped = true;
    this.#end(unread());
  }

  #end(error: TunnelError): void {
    this.#controller?.error(error);
    this.#controller = undefined;
    for (const { resolve, reject } of this.#whole.splice(0)) {
      if (this.done) resolve();
      else reject(error);
    }
  }

  /**
   * Reads what the handler left, and drops it.
   *
   * @param maxBytes how much of it may come
   * @returns whether its end was reached; if not, the connection is good for nothing more
   */
  async discard(maxBytes: number): Promise<boolean> {
    try {
      if (this.#reading) await this.#reading;
      if (this.#error) return false;
      if (this.#owner.ahead.pending) await this.#owner.ahead.pending;
      return await this.#reader.discard(maxBytes);
    } catch (thrown) {
      this.#error = toTunnelError(thrown);
      return false;
    }
  }

  #pull(controller: Controller): void | Promise<void> {
    this.#wanted = true;
    const { ahead } = this.#owner;
    const first = this.#first;
    if (first) {
      this.#first = undefined;
      return this.#give(controller, first);
    }
    if (this.#reading || ahead.pending) {
      return this.#pullAfter(controller, this.#reading ?? ahead.pending!);
    }
    try {
      const next = this.#reader.read();
      if (!(next instanceof Promise)) return this.#give(controller, next);
      this.#reading = this.#keepFirst(next);
    } catch (thrown) {
      return this.fail(toTunnelError(thrown));
    }
    return this.#pullAfter(controller, this.#reading);
  }

  async #pullAfter(controller: Controller, waiting: Promise<void>): Promise<void> {
    this.#owner.onBodyWait();
    await waiting;
    this.#owner.onBodyArrived();
    if (controller === this.#controller) return this.#pull(controller);
  }

  async #keepFirst(next: Promise<Chunk>): Promise<void> {
    try {
      this.#first = owned(await next);
    } catch (thrown) {
      this.fail(toTunnelError(thrown));
    } finally {
      this.#reading = undefined;
    }
  }

  #give(controller: Controller, chunk: Chunk): void {
    if (chunk) controller.enqueue(owned(chunk)!);
    if (chunk && !this.done) return;
    controller.close();
    this.#controller = undefined;
    this.#owner.onBodyRead();
    for (const { resolve } of this.#whole.splice(0)) resolve();
  }
}

function unread(): TunnelError {
  return new TunnelError(
    "aborted",
    "Cannot read the body of the request: its response is complete",
  );
}

const EMPTY = new Uint8Array(0);

/** What a carrier gives belongs to the reader and is never shared memory; the type does not say so. */
function owned(chunk: Chunk): Uint8Array<ArrayBuffer> | undefined {
  return chunk as Uint8Array<ArrayBuffer> | undefined;
}
