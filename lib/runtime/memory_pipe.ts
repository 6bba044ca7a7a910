/**
 * One direction of a connection in memory: bounded, with delay, chunking and faults. Two of them
 * make a connection of `memory_net.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Chunk } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { keepBuffer } from "../base/loan.ts";

/** How bytes are cut on their way: pieces of this size, or what the function makes of a chunk. */
export type Chunking = number | ((chunk: Uint8Array) => Iterable<Uint8Array>);

/** What goes wrong with one direction after so many bytes. */
export interface PipeFault {
  /** `reset` cuts the connection, `stall` lets nothing through any more. */
  readonly kind: "reset" | "stall";
  /** Bytes that still pass. */
  readonly afterBytes: number;
}

/** How one direction behaves. */
export interface PipeOptions {
  /** Whose time the delay is. */
  readonly clock: Clock;
  /** How long a byte is on its way, in milliseconds. */
  readonly delayMs: number;
  /** Bytes under way or unread before `write` says "full". */
  readonly highWaterBytes: number;
  /** How bytes are cut. @default not at all */
  readonly chunking?: Chunking;
  /** What goes wrong. @default nothing */
  readonly fault?: PipeFault;
  /** Cuts the whole connection: called when a `reset` fault strikes. */
  readonly onReset: () => void;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: TunnelError) => void;
}

/** Bytes from one end to the other. */
export class MemoryPipe {
  /** Settles when the reader has seen the end, or a failure. */
  readonly readerOver: Promise<void>;
  /** Settles when the writer's end has arrived, or a failure was met. */
  readonly writerOver: Promise<void>;
  readonly #options: PipeOptions;
  #setReaderOver!: () => void;
  #setWriterOver!: () => void;
  #endRead = false;
  #arrived: Uint8Array[] = [];
  #heldBytes = 0;
  #passedBytes = 0;
  #stalled = false;
  #endWritten = false;
  #endArrived = false;
  #readError: TunnelError | undefined;
  #writeError: TunnelError | undefined;
  #reader: Waiting<Chunk> | undefined;
  #writers: Waiting<void>[] = [];

  /**
   * Makes an empty pipe.
   *
   * @param options how it behaves
   */
  constructor(options: PipeOptions) {
    this.#options = options;
    this.readerOver = new Promise((resolve) => this.#setReaderOver = resolve);
    this.writerOver = new Promise((resolve) => this.#setWriterOver = resolve);
  }

  /** As {@linkcode Duplex.read}. */
  read(): Chunk | Promise<Chunk> {
    const chunk = this.#arrived.shift();
    if (chunk) {
      this.#release(chunk.length);
      return chunk;
    }
    if (this.#readError) throw this.#readError;
    if (this.#endArrived) {
      this.#seeEnd();
      return undefined;
    }
    if (this.#reader) throw new TypeError("A read is under way already");
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  /** As {@linkcode Duplex.write}. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#writeError) throw this.#writeError;
    if (this.#endWritten) {
      throw new TunnelError("connection_closed", "Cannot write after the end");
    }
    keepBuffer(chunk); // it may go on as it is, and was not given
    for (const piece of cut(chunk, this.#options.chunking)) {
      if (piece.length === 0) continue;
      this.#heldBytes += piece.length;
      this.#later(() => this.#arrive(piece));
    }
    if (this.#heldBytes < this.#options.highWaterBytes || this.#writeError) {
      return;
    }
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** The writer's end; it arrives after what was written. */
  end(): void {
    if (this.#endWritten || this.#writeError) return;
    this.#endWritten = true;
    this.#later(() => this.#arriveEnd());
  }

  /** Fails the reader's side: what was under way is lost. Nothing happens after the end was read. */
  failReader(error: TunnelError): void {
    if (this.#readError || this.#endRead) return;
    this.#readError = error;
    this.#arrived = [];
    this.#reader?.reject(error);
    this.#reader = undefined;
    this.#setReaderOver();
  }

  /** Fails the writer's side. Nothing happens after the writer's end. */
  failWriter(error: TunnelError): void {
    if (this.#writeError) return;
    this.#writeError = error;
    for (const writer of this.#writers.splice(0)) writer.reject(error);
    this.#setWriterOver();
  }

  #seeEnd(): void {
    this.#endRead = true;
    this.#setReaderOver();
  }

  #later(run: () => void): void {
    if (this.#options.delayMs > 0) {
      this.#options.clock.after(this.#options.delayMs, run);
    } else run();
  }

  #arrive(piece: Uint8Array): void {
    if (this.#readError || this.#stalled) return;
    const { fault } = this.#options;
    let passing = piece;
    let struck = false;
    if (fault && this.#passedBytes + piece.length >= fault.afterBytes) {
      passing = piece.subarray(0, fault.afterBytes - this.#passedBytes);
      struck = true;
    }
    this.#passedBytes += passing.length;
    if (passing.length > 0) this.#deliver(passing);
    if (!struck) return;
    this.#stalled = true;
    if (fault?.kind === "reset") this.#options.onReset();
  }

  #deliver(piece: Uint8Array): void {
    const reader = this.#reader;
    if (!reader) return void this.#arrived.push(piece);
    this.#reader = undefined;
    this.#release(piece.length);
    reader.resolve(piece);
  }

  #arriveEnd(): void {
    if (this.#readError || this.#stalled) return;
    this.#endArrived = true;
    this.#setWriterOver();
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = undefined;
    this.#seeEnd();
    reader.resolve(undefined);
  }

  #release(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#heldBytes >= this.#options.highWaterBytes) return;
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }
}

function cut(
  chunk: Uint8Array,
  chunking: Chunking | undefined,
): Iterable<Uint8Array> {
  if (chunking === undefined) return [chunk];
  if (typeof chunking === "function") return chunking(chunk);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < chunk.length; at += chunking) {
    pieces.push(chunk.subarray(at, at + chunking));
  }
  return pieces;
}
