/**
 * The one shape of everything that carries bytes both ways, and the one way to connect two of them.
 *
 * A socket, a TLS connection, a stream in a mux and an in-memory pipe are all a {@linkcode Duplex}.
 * The raw methods cost nothing per chunk; `readable` and `writable` are Web Streams made from them
 * when somebody asks. Whoever uses the Web Streams of a side leaves the raw methods of that side alone.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "./errors.ts";
import { keepBuffer } from "./loan.ts";

/** What a read gives: bytes, or `undefined` at the end the peer announced. */
export type Chunk = Uint8Array | undefined;

/** Bytes both ways, each way ending on its own. */
export interface Duplex {
  /**
   * The next bytes, or `undefined` after the peer's end. Never an empty chunk. Answers at once
   * (no promise) when bytes are at hand. The caller owns the chunk. One read at a time.
   *
   * @throws {TunnelError} what ended the connection when it did not end well
   */
  read(): Chunk | Promise<Chunk>;
  /**
   * Sends bytes, which are handed over: do not change them afterwards. A returned promise means
   * "full": it settles when more may be written; ignoring it means buffering without a bound.
   *
   * @throws {TunnelError} what ended the connection
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /**
   * Like {@linkcode Duplex.write}, for a chunk that the caller will not look at again: if its memory
   * was lent (`loan.ts`), the carrier returns it once the bytes have left. @default {write}
   */
  give?(chunk: Uint8Array): void | Promise<void>;
  /**
   * Whether the bytes of a write belong to the writer again once the promise it returned is
   * fulfilled. Those of a write that returned nothing never do. @default {false}
   */
  readonly returnsWrites?: boolean;
  /** Ends our direction (FIN) after what was written; the other direction goes on. Idempotent. */
  closeWrite(): void | Promise<void>;
  /** Ends both directions now (RST where the carrier has one). Idempotent, never throws. */
  abort(reason?: unknown): void;
  /** Gives back bytes that were read; the next read returns them first. */
  unread(chunk: Uint8Array): void;
  /** Settles (never rejects) when both directions are over and nothing is held any more. */
  readonly closed: Promise<void>;
  /** The bytes that arrive, as a Web Stream with no buffer of its own; cancelling it aborts. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The bytes to send, as a Web Stream; closing it is {@linkcode Duplex.closeWrite}. */
  readonly writable: WritableStream<Uint8Array>;
}

/** What two joined carriers moved. */
export interface JoinResult {
  /** Bytes from the first to the second. */
  readonly forwardBytes: number;
  /** Bytes from the second to the first. */
  readonly backwardBytes: number;
  /** What cut the connection, when it did not end by both sides closing. */
  readonly error: TunnelError | undefined;
}

/**
 * Writes a chunk that the caller will not look at again, see {@linkcode Duplex.give}.
 *
 * @param to where
 * @param chunk may be gone afterwards, its length too
 */
export function giveTo(to: Duplex, chunk: Uint8Array): void | Promise<void> {
  return to.give ? to.give(chunk) : to.write(chunk);
}

/**
 * Connects two carriers until both directions are over. When one direction ends its end is passed
 * on and the other direction keeps flowing. A slow reader stops its writer.
 *
 * When a read fails, both carriers are aborted at once. When a write fails, the reply is not cut: a
 * service that answers early and closes without reading the rest of the request has said all it
 * wants to say, so what it said is delivered, the rest of the request is read and dropped, and
 * then both are aborted.
 *
 * @param a one carrier
 * @param b the other
 * @returns what was moved; a broken connection is a value, not an exception
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { join, pair } from "./duplex.ts";
 *
 * const [visitor, front] = pair();
 * const [back, upstream] = pair();
 * const joined = join(front, back);
 * await visitor.write(new TextEncoder().encode("hello"));
 * visitor.closeWrite();
 * assert.equal(new TextDecoder().decode(await upstream.read()), "hello");
 * upstream.closeWrite();
 * assert.equal((await joined).forwardBytes, 5);
 * ```
 */
export async function join(a: Duplex, b: Duplex): Promise<JoinResult> {
  let error: TunnelError | undefined;
  const moved = [0, 0];
  const state: DirectionState[] = ["flowing", "flowing"];
  function fail(thrown: unknown) {
    error ??= toTunnelError(thrown, "connection_closed");
    state.fill("over");
    a.abort(error);
    b.abort(error);
  }
  function lose(side: number, thrown: unknown) {
    if (state[side] === "lost" || state[side] === "over") return;
    error ??= toTunnelError(thrown, "connection_closed");
    state[side] = "lost";
    if (state[1 - side] === "lost" || state[1 - side] === "over") fail(error);
  }
  async function pump(from: Duplex, to: Duplex, side: number) {
    let blocked = false;
    let ahead: { readonly next: Chunk | Promise<Chunk> } | undefined;
    // A carrier that is not being read, because its direction is over or because the other side is
    // full, can only tell by `closed` that it was cut.
    to.closed.then(() => {
      if (state[side] === "flowing") lose(side, endedEarly());
    });
    from.closed.then(async () => {
      if (!blocked) return;
      try {
        ahead = { next: from.read() };
        await ahead.next;
      } catch (thrown) {
        fail(thrown);
      }
    });
    try {
      for (;;) {
        let chunk = ahead ? ahead.next : from.read();
        ahead = undefined;
        if (chunk instanceof Promise) chunk = await chunk;
        if (chunk === undefined || state[side] === "over") break;
        if (state[side] === "lost") {
          await undefined; // whoever always has bytes at hand must not keep the reply waiting
          continue;
        }
        try {
          const size = chunk.length; // what is given away may be gone at once
          const full = giveTo(to, chunk);
          moved[side] += size;
          if (full) {
            blocked = true;
            await full;
          }
        } catch (thrown) {
          lose(side, thrown);
        } finally {
          blocked = false;
        }
      }
    } catch (thrown) {
      return fail(thrown);
    }
    if (state[side] !== "flowing") return;
    state[side] = "ending";
    try {
      const ending = to.closeWrite();
      if (ending) await ending;
    } catch (thrown) {
      return lose(side, thrown);
    }
    if (state[side] === "ending") state[side] = "over";
    // This was the reply, and it is delivered: whoever still sends into the lost direction is told.
    if (state[1 - side] === "lost") fail(error);
  }
  await Promise.all([pump(a, b, 0), pump(b, a, 1)]);
  if (error) fail(error);
  return { forwardBytes: moved[0], backwardBytes: moved[1], error };
}

/** In `lost` the receiver takes nothing more and the rest is dropped; `over` is ended or cut. */
type DirectionState = "flowing" | "ending" | "lost" | "over";

function endedEarly(): TunnelError {
  return new TunnelError(
    "connection_closed",
    "Cannot pass on the rest: the connection ended before the exchange was complete",
  );
}

/**
 * The Web Streams half of a {@linkcode Duplex}, and `unread`. Carriers extend it and write the raw
 * methods; the streams are made on first use.
 */
export abstract class RawDuplex implements Duplex {
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #unread: Uint8Array[] = [];

  /** What {@linkcode RawDuplex.read} gives when nothing was given back. */
  protected abstract readRaw(): Chunk | Promise<Chunk>;
  /** Sends bytes; see {@linkcode Duplex.write}. */
  abstract write(chunk: Uint8Array): void | Promise<void>;
  /** Ends our direction; see {@linkcode Duplex.closeWrite}. */
  abstract closeWrite(): void | Promise<void>;
  /** Ends both directions now; see {@linkcode Duplex.abort}. */
  abstract abort(reason?: unknown): void;
  /** Settles when all is over; see {@linkcode Duplex.closed}. */
  abstract readonly closed: Promise<void>;

  /** What was given back, latest first, then what arrives. */
  read(): Chunk | Promise<Chunk> {
    if (this.#unread.length > 0) return this.#unread.pop();
    return this.readRaw();
  }

  /** Gives back bytes that were read. */
  unread(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    keepBuffer(chunk); // whoever gives it back has looked at it, and may keep a part
    this.#unread.push(chunk);
  }

  /** Takes what was given back, for a carrier that hands itself over whole. */
  protected takeUnread(): Uint8Array[] {
    const chunks = this.#unread.reverse();
    this.#unread = [];
    return chunks;
  }

  /** The bytes that arrive; cancelling it aborts the carrier, for TCP has no way to refuse bytes alone. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => this.abort(reason),
    }, { highWaterMark: 0 });
  }

  /** The bytes to send; aborting it aborts the carrier. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.write(chunk),
      close: async () => {
        await this.closeWrite();
      },
      abort: (reason) => this.abort(reason),
    });
  }
}

/** How {@linkcode pair} behaves. */
export interface PairOptions {
  /** Bytes one direction may hold before `write` says "full". @default {65536} */
  highWaterBytes?: number;
}

/**
 * Two ends of an in-memory pipe: what one writes the other reads.
 *
 * @param options how much each direction holds
 * @returns the two ends
 */
export function pair(options: PairOptions = {}): [Duplex, Duplex] {
  const highWaterBytes = options.highWaterBytes ?? 65536;
  const there = new Pipe(highWaterBytes);
  const back = new Pipe(highWaterBytes);
  const closed = Promise.all([there.over, back.over]).then(() => undefined);
  return [new PipeEnd(back, there, closed), new PipeEnd(there, back, closed)];
}

class PipeEnd extends RawDuplex {
  readonly #inbound: Pipe;
  readonly #outbound: Pipe;
  readonly closed: Promise<void>;

  constructor(inbound: Pipe, outbound: Pipe, closed: Promise<void>) {
    super();
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.closed = closed;
  }

  protected readRaw(): Chunk | Promise<Chunk> {
    return this.#inbound.read();
  }

  write(chunk: Uint8Array): void | Promise<void> {
    return this.#outbound.write(chunk);
  }

  closeWrite(): void {
    this.#outbound.end();
  }

  abort(reason?: unknown): void {
    const error = reason instanceof TunnelError
      ? reason
      : new TunnelError("aborted", "The connection was aborted", {
        cause: reason,
      });
    const atPeer = new TunnelError(
      "connection_reset",
      "The peer aborted the connection",
      {
        cause: reason,
      },
    );
    this.#inbound.fail(error, atPeer);
    this.#outbound.fail(atPeer, error);
  }
}

/** One direction of a pipe: a bounded queue with an end and a failure. */
class Pipe {
  readonly #highWaterBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #readError: TunnelError | undefined;
  #writeError: TunnelError | undefined;
  readonly #waitingRead: {
    resolve: (chunk: Chunk) => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly #waitingWrite: {
    resolve: () => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly over: Promise<void>;
  #setOver!: () => void;

  constructor(highWaterBytes: number) {
    this.#highWaterBytes = highWaterBytes;
    this.over = new Promise((resolve) => this.#setOver = resolve);
  }

  read(): Chunk | Promise<Chunk> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#bytes -= chunk.length;
      if (this.#bytes < this.#highWaterBytes || this.#bytes === 0) {
        for (const waiting of this.#waitingWrite.splice(0)) waiting.resolve();
      }
      return chunk;
    }
    if (this.#readError) throw this.#readError;
    if (this.#ended) {
      this.#setOver();
      return undefined;
    }
    return new Promise((resolve, reject) => this.#waitingRead.push({ resolve, reject }));
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#writeError) throw this.#writeError;
    if (this.#ended) {
      throw new TunnelError("connection_closed", "Cannot write after the end");
    }
    if (chunk.length === 0) return;
    keepBuffer(chunk); // it goes on as it is, and was not given
    const reader = this.#waitingRead.shift();
    if (reader) return reader.resolve(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#highWaterBytes) return;
    return new Promise((resolve, reject) => this.#waitingWrite.push({ resolve, reject }));
  }

  end(): void {
    if (this.#ended || this.#writeError) return;
    this.#ended = true;
    const reader = this.#waitingRead.shift();
    if (!reader) return;
    this.#setOver();
    reader.resolve(undefined);
  }

  fail(readError: TunnelError, writeError: TunnelError): void {
    if (this.#readError) return;
    this.#readError = readError;
    this.#writeError = writeError;
    this.#chunks = [];
    this.#bytes = 0;
    this.#ended = false;
    for (const waiting of this.#waitingRead.splice(0)) {
      waiting.reject(readError);
    }
    for (const waiting of this.#waitingWrite.splice(0)) {
      waiting.reject(writeError);
    }
    this.#setOver();
  }
}
