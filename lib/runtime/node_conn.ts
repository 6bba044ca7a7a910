/**
 * A socket of node:net or node:tls as a {@linkcode Conn}: data, pause and resume by hand, because
 * the stream adapters of the runtimes lose half-close. Made by the dialling and the listening half
 * of the adapter, and by TLS.
 *
 * @module
 */
import type { Socket } from "node:net";
import { concat } from "../base/bytes.ts";
import { type Chunk, RawDuplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { lendBuffer, returnBuffer } from "../base/loan.ts";
import type { AcceptedConn, Address, TlsInfo } from "./net.ts";
import { translateError } from "./translate_errors.ts";

/** Bytes that may wait for a reader before the socket is paused: one full read of node and Deno. */
const QUEUE_BYTES = 64 * 1024;
/** Chunks that may wait: a chunk of one byte can hold on to a read buffer of 64 KiB. */
const QUEUE_CHUNKS = 16;

/** Silence after which TCP asks whether the peer is alive: what vanished must not be held for ever. */
export const KEEP_ALIVE_MS = 30_000;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: TunnelError) => void;
}

/** What holds bytes back further down than the socket itself, where pausing the socket fails. */
export interface Valve {
  /** Nothing more arrives, but for what is on its way already. */
  shut(): void;
  /** Bytes arrive again. */
  open(): void;
  /** Whether bytes on their way out pile up below the socket. */
  isFull?(): boolean;
  /** Calls `run` whenever they no longer do. */
  onDrain?(run: () => void): void;
}

/** What a {@linkcode NodeConn} is made of besides its socket. */
export interface NodeConnOptions {
  /** Ends both directions at once, when it takes more than the socket. @default a reset */
  readonly cut?: (error: TunnelError) => void;
  /** Holds bytes back. @default the socket's pause and resume */
  readonly valve?: Valve;
  /** What the handshake agreed on. */
  readonly tls?: TlsInfo;
  /** The other end. */
  readonly remote: Address;
  /** Our end. */
  readonly local: Address;
}

/** One connection. */
export class NodeConn extends RawDuplex implements AcceptedConn {
  /** See {@linkcode Conn.remote}. */
  remote: Address;
  /** See {@linkcode Conn.local}. */
  local: Address;
  /** See {@linkcode Conn.tls}. */
  readonly tls: TlsInfo | undefined;
  /** See {@linkcode Duplex.closed}. */
  readonly closed: Promise<void>;
  /** A socket that has drained has taken all that it was given. */
  readonly returnsWrites = true;
  readonly #socket: Socket;
  readonly #cut: ((error: TunnelError) => void) | undefined;
  readonly #valve: Valve | undefined;
  #setClosed!: () => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flowing = false;
  #ended = false;
  #writeEnded = false;
  #gone = false;
  #isLent = false;
  #error: TunnelError | undefined;
  #reader: Waiting<Chunk> | undefined;
  #writers: Waiting<void>[] = [];
  /** What may still be on its way to the system, and goes back to memory then. */
  readonly #given: Uint8Array[] = [];

  /**
   * Takes a socket over.
   *
   * @param socket connected, made with `allowHalfOpen`; nothing else may listen to its data
   * @param options what is known about it
   */
  constructor(socket: Socket, options: NodeConnOptions) {
    super();
    this.#socket = socket;
    this.#cut = options.cut;
    this.#valve = options.valve;
    this.tls = options.tls;
    this.remote = options.remote;
    this.local = options.local;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    if (this.#valve) {
      // The socket itself is never paused, so it flows from the beginning; the queue bounds it.
      this.#flowing = true;
      socket.on("data", this.#onData);
      this.#valve.onDrain?.(this.#onDrain);
    }
  }

  readonly #onData = (data: Uint8Array): void => {
    // A plain view: Buffer's own slice() shares memory, which nobody above this room expects.
    const chunk = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    lendBuffer(chunk);
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(chunk);
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes < QUEUE_BYTES && this.#queue.length < QUEUE_CHUNKS) {
      return;
    }
    if (!this.#flowing) return;
    this.#flowing = false;
    if (this.#valve) this.#valve.shut();
    else this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(undefined);
  };

  readonly #onDrain = (): void => {
    if (this.#socket.writableNeedDrain || this.#valve?.isFull?.()) return;
    if (this.#socket.writableLength === 0) {
      for (const chunk of this.#given) returnBuffer(chunk);
    }
    this.#given.length = 0;
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  };

  readonly #onError = (thrown: unknown): void => {
    this.#fail(
      translateError(thrown, "The connection broke", "connection_reset"),
    );
  };

  readonly #onClose = (): void => {
    this.#gone = true;
    if (this.#reader || this.#writers.length > 0) this.#fail(this.#overError());
    this.#setClosed();
  };

  #fail(error: TunnelError): void {
    this.#error ??= error;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.reject(this.#error);
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.reject(this.#error);
  }

  #overError(): TunnelError {
    return this.#error ??
      new TunnelError("connection_closed", "The connection is over");
  }

  #flow(): void {
    this.#flowing = true;
    if (this.#valve) return this.#valve.open();
    if (this.#socket.listenerCount("data") === 0) {
      this.#socket.on("data", this.#onData);
    }
    this.#socket.resume();
  }

  /** The next chunk, or a promise of it. */
  protected readRaw(): Chunk | Promise<Chunk> {
    const chunk = this.#queue.shift();
    if (chunk) {
      this.#queuedBytes -= chunk.length;
      if (
        !this.#flowing && this.#queue.length === 0 && !this.#ended &&
        !this.#gone
      ) this.#flow();
      return chunk;
    }
    if (this.#ended) return undefined;
    if (this.#error || this.#gone) throw this.#overError();
    if (this.#reader) throw new TypeError("A read is under way already");
    const next = new Promise<Chunk>((resolve, reject) => this.#reader = { resolve, reject });
    if (!this.#flowing) this.#flow();
    return next;
  }

  /** See {@linkcode Duplex.write}. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#error || this.#gone) throw this.#overError();
    if (this.#writeEnded) {
      throw new TunnelError("connection_closed", "Cannot write after the end");
    }
    if (chunk.length === 0) return;
    if (this.#socket.write(chunk) && !this.#valve?.isFull?.()) return;
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** See {@linkcode Duplex.give}. */
  give(chunk: Uint8Array): void | Promise<void> {
    const full = this.write(chunk);
    // A socket that has nothing left to write has no use for what it wrote; one that is full says so later.
    if (full) this.#given.push(chunk);
    else if (this.#socket.writableLength === 0) returnBuffer(chunk);
    return full;
  }

  /** See {@linkcode Duplex.closeWrite}. */
  closeWrite(): void {
    if (this.#writeEnded) return;
    this.#writeEnded = true;
    if (!this.#gone && !this.#error) this.#socket.end();
  }

  /** See {@linkcode AcceptedConn.readdress}. */
  readdress(remote: Address, local: Address): void {
    this.remote = remote;
    this.local = local;
  }

  /** See {@linkcode Duplex.abort}. */
  abort(reason?: unknown): void {
    if (this.#gone) return;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#ended = false;
    const error = reason instanceof TunnelError
      ? reason
      : new TunnelError("aborted", "The connection was aborted", {
        cause: reason,
      });
    this.#fail(error);
    if (this.#cut) return this.#cut(error);
    if (!this.#isLent) resetSocket(this.#socket); // under TLS it may be shut down already
    this.#socket.destroy();
  }

  /**
   * Hands the socket itself over, with every byte not yet consumed put back into it: for TLS, which
   * wants a socket. This object is over afterwards, but for its `closed`.
   *
   * @returns the socket, paused
   * @throws {TunnelError} connection_closed or what ended it, when it is over already
   */
  detach(): Socket {
    if (this.#error || this.#gone || this.#ended || this.#writeEnded) {
      throw this.#overError();
    }
    const socket = this.#socket;
    socket.pause();
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrain);
    const held = [...this.takeUnread(), ...this.#queue];
    this.#queue = [];
    for (let chunk; (chunk = socket.read()) !== null;) held.push(chunk);
    // As one chunk: Deno 2.9 takes them one by one, and falls over the second if TLS refuses the
    // first.
    if (held.length > 0) socket.unshift(concat(held));
    this.#isLent = true;
    this.#error = new TunnelError("connection_closed", "The connection was handed over");
    return socket;
  }
}

/**
 * Cuts a TCP socket with RST; other sockets are closed. So is one whose own direction has ended:
 * libuv refuses to reset after a shutdown (and node then never says "close"), and the kernel
 * answers what still arrives with RST anyway.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) return void socket.destroy();
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy(); // a unix socket has no RST: node throws ERR_INVALID_HANDLE_TYPE
  }
}

/** The two ends of a connected socket; IPv4 in IPv6 clothes is shown as IPv4. */
export function addressesOf(
  socket: Socket,
  path?: string,
): { remote: Address; local: Address } {
  if (path !== undefined) {
    return {
      remote: { host: "", port: 0, path },
      local: { host: "", port: 0, path },
    };
  }
  return {
    remote: {
      host: plainIp(socket.remoteAddress),
      port: socket.remotePort ?? 0,
    },
    local: { host: plainIp(socket.localAddress), port: socket.localPort ?? 0 },
  };
}

/** `::ffff:192.0.2.1` as `192.0.2.1` (RFC 4291, 2.5.5.2). */
export function plainIp(address: string | undefined): string {
  if (!address) return "";
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}
