/**
 * Plain TCP on Bun's own sockets, which cost a third less than node:net for small messages: through
 * two relay hops, 32 visitors with 1,000 bytes each way, 33 against 52 µs of CPU and 17,700 against
 * 12,300 round trips a second (bulk is equal). node:tls cannot take these sockets over, so they serve
 * connections that are announced as `plain`. Used by the adapter for Bun alone.
 *
 * @module
 */
import { type Chunk, RawDuplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { lendBuffer, returnBuffer } from "../base/loan.ts";
import { triedToListen } from "./address_words.ts";
import type { AcceptedConn, Address, Conn, ListenOptions } from "./net.ts";
import { KEEP_ALIVE_MS, plainIp } from "./node_conn.ts";
import type { Attempt, DialTarget } from "./node_dial.ts";
import type { Door, OpenDoor } from "./node_listen.ts";
import { translateError } from "./translate_errors.ts";

/** Bytes that may wait for a reader before the socket is paused. */
const QUEUE_BYTES = 64 * 1024;

/** The part of Bun's socket that is used. */
export interface BunSocket {
  /** What was attached when it was opened. */
  data: BunConn;
  /** The other end. */
  readonly remoteAddress: string;
  /** The other end. */
  readonly remotePort: number;
  /** Our end. */
  readonly localAddress: string;
  /** Our end. */
  readonly localPort: number;
  /** Sends what fits and says how much that was; -1 when the socket is closed. */
  write(chunk: Uint8Array): number;
  /** Ends our direction. */
  shutdown(): void;
  /** Cuts both directions, with RST. */
  terminate(): void;
  /** Stops the arrival of bytes. */
  pause(): void;
  /** Restarts it. */
  resume(): void;
  /** Turns Nagle's algorithm off. */
  setNoDelay(on: boolean): void;
  /** Has TCP ask whether the peer is alive. */
  setKeepAlive(on: boolean, afterMs: number): void;
}

interface BunHandlers {
  readonly binaryType: "uint8array";
  open?(socket: BunSocket): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  end(socket: BunSocket): void;
  drain(socket: BunSocket): void;
  error(socket: BunSocket, error: unknown): void;
  close(socket: BunSocket, error?: unknown): void;
  connectError?(socket: BunSocket, error: unknown): void;
}

interface BunTcp {
  listen(options: {
    hostname: string;
    port: number;
    allowHalfOpen: true;
    socket: BunHandlers;
  }): { readonly hostname: string; readonly port: number; stop(closeConnections: boolean): void };
  connect(options: {
    hostname: string;
    port: number;
    allowHalfOpen: true;
    socket: BunHandlers;
    data: undefined;
  }): Promise<BunSocket>;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: TunnelError) => void;
}

/** One connection. */
export class BunConn extends RawDuplex implements AcceptedConn {
  /** The other end. */
  remote: Address;
  /** Our end. */
  local: Address;
  /** Always absent: TLS is never started on a native socket without handing it over. */
  readonly tls: undefined = undefined;
  /** Settles when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: BunSocket;
  #setClosed!: () => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isPaused = false;
  #hasEnded = false;
  #isWriteEnded = false;
  #isGone = false;
  #error: TunnelError | undefined;
  #reader: Waiting<Chunk> | undefined;
  #writers: Waiting<void>[] = [];
  /** What the socket has not taken yet, in order. */
  #unsent: Uint8Array[] = [];
  /** What is in there, or before it, and goes back to memory afterwards. */
  readonly #given: Uint8Array[] = [];

  /**
   * Takes a socket over.
   *
   * @param socket connected, with nobody else listening
   */
  constructor(socket: BunSocket) {
    super();
    this.#socket = socket;
    this.remote = { host: plainIp(socket.remoteAddress), port: socket.remotePort };
    this.local = { host: plainIp(socket.localAddress), port: socket.localPort };
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
  }

  /** Bytes came. */
  onData(chunk: Uint8Array): void {
    lendBuffer(chunk);
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(chunk);
      if (chunk.length >= QUEUE_BYTES) this.#pause();
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= QUEUE_BYTES) this.#pause();
  }

  /** A chunk has up to 512 KiB: in bulk each is asked for, for none waits here while the one before is on its way. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** The peer's end came. */
  onEnd(): void {
    this.#hasEnded = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(undefined);
  }

  /** The socket takes bytes again. */
  onDrain(): void {
    while (this.#unsent.length > 0) {
      const chunk = this.#unsent[0];
      const sent = this.#socket.write(chunk);
      if (sent < 0) return; // closed: onClose follows
      if (sent < chunk.length) {
        this.#unsent[0] = chunk.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    for (const chunk of this.#given) returnBuffer(chunk);
    this.#given.length = 0;
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
    if (this.#isWriteEnded && !this.#isGone) this.#socket.shutdown();
  }

  /** Something broke, or both directions are over. */
  onClose(thrown: unknown): void {
    if (thrown) this.onError(thrown);
    this.#isGone = true;
    this.#unsent = [];
    // Without an error it is the peer's end, and ours before it.
    if (!this.#error) this.onEnd();
    if (this.#writers.length > 0) this.#fail(this.#overError());
    this.#setClosed();
  }

  /** Something broke. */
  onError(thrown: unknown): void {
    this.#fail(translateError(thrown, "The connection broke", "connection_reset"));
  }

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
    return this.#error ?? new TunnelError("connection_closed", "The connection is over");
  }

  /** What arrived, then what arrives. */
  protected readRaw(): Chunk | Promise<Chunk> {
    const chunk = this.#queue.shift();
    if (chunk) {
      this.#queuedBytes -= chunk.length;
      return chunk;
    }
    if (this.#hasEnded) return undefined;
    if (this.#error || this.#isGone) throw this.#overError();
    if (this.#reader) throw new TypeError("A read is under way already");
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  /** Sends bytes; a promise means "full". */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#error || this.#isGone) throw this.#overError();
    if (this.#isWriteEnded) {
      throw new TunnelError("connection_closed", "Cannot write after the end");
    }
    if (chunk.length === 0) return;
    if (this.#unsent.length > 0) {
      this.#unsent.push(chunk);
    } else {
      const sent = Math.max(0, this.#socket.write(chunk));
      if (sent === chunk.length) return;
      this.#unsent.push(chunk.subarray(sent));
    }
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** Sends bytes that nobody else looks at. */
  give(chunk: Uint8Array): void | Promise<void> {
    const full = this.write(chunk);
    if (full) this.#given.push(chunk);
    else returnBuffer(chunk);
    return full;
  }

  /** Ends our direction. */
  closeWrite(): void {
    if (this.#isWriteEnded) return;
    this.#isWriteEnded = true;
    if (this.#unsent.length === 0 && !this.#isGone && !this.#error) this.#socket.shutdown();
  }

  /** See {@linkcode AcceptedConn.readdress}. */
  readdress(remote: Address, local: Address): void {
    this.remote = remote;
    this.local = local;
  }

  /** Cuts the connection with a reset. */
  abort(reason?: unknown): void {
    if (this.#isGone) return;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#unsent = [];
    this.#hasEnded = false;
    this.#fail(
      reason instanceof TunnelError
        ? reason
        : new TunnelError("aborted", "The connection was aborted", { cause: reason }),
    );
    this.#socket.terminate();
  }
}

const handlers: BunHandlers = {
  binaryType: "uint8array",
  data: (socket, chunk) => socket.data.onData(chunk),
  end: (socket) => socket.data.onEnd(),
  drain: (socket) => socket.data?.onDrain(), // Bun says it once before the socket is ours
  error: (socket, error) => socket.data?.onError(error),
  close: (socket, error) => socket.data?.onClose(error),
};

/** Bun's own TCP, where Bun runs. */
function bunTcp(): BunTcp {
  return (globalThis as unknown as { Bun: BunTcp }).Bun;
}

/** Opens a door at one address with `Bun.listen`. Its queue of visitors is Bun's choice. */
export const openBunDoor: OpenDoor = (
  options: ListenOptions,
  host: string,
  port: number,
): Promise<Door> => {
  try {
    const server = bunTcp().listen({
      hostname: host,
      port,
      allowHalfOpen: true,
      socket: {
        ...handlers,
        open(socket) {
          options.onConnection(socket.data = new BunConn(socket));
        },
      },
    });
    return Promise.resolve({
      host: server.hostname,
      port: server.port,
      close: () => server.stop(false),
    });
  } catch (thrown) {
    return Promise.reject(translateError(thrown, triedToListen(host, port)));
  }
};

/** Dials one address with `Bun.connect`. */
export const bunAttempt: Attempt<Conn> = (
  target: DialTarget,
  won: (conn: Conn) => void,
  failed: (thrown: unknown) => void,
): () => void => {
  if ("path" in target) throw new TypeError("A unix socket is not plain TCP");
  let isTakenBack = false;
  bunTcp().connect({
    hostname: target.host,
    port: target.port,
    allowHalfOpen: true,
    data: undefined,
    socket: {
      ...handlers,
      open(socket) {
        if (isTakenBack) return socket.terminate();
        won(socket.data = new BunConn(socket));
      },
      connectError() {}, // the promise says it too
    },
  }).catch(failed);
  return () => {
    isTakenBack = true;
  };
};
