/**
 * One end of a connection in memory: two pipes, one each way. Made by `memory_net.ts`.
 *
 * @module
 */
import { type Chunk, RawDuplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type { MemoryPipe } from "./memory_pipe.ts";
import type { AcceptedConn, Address, TlsInfo } from "./net.ts";

/** What an end is made of. */
export interface MemoryConnOptions {
  /** What arrives. */
  readonly inbound: MemoryPipe;
  /** What leaves. */
  readonly outbound: MemoryPipe;
  /** The other end. */
  readonly remote: Address;
  /** Our end. */
  readonly local: Address;
  /** Runs something once it has travelled to the other end. */
  readonly later: (run: () => void) => void;
}

/** One end. */
export class MemoryConn extends RawDuplex implements AcceptedConn {
  /** See {@linkcode Conn.remote}. */
  remote: Address;
  /** See {@linkcode Conn.local}. */
  local: Address;
  /** See {@linkcode Conn.tls}. */
  readonly tls: TlsInfo | undefined = undefined;
  /** See {@linkcode Duplex.closed}. */
  readonly closed: Promise<void>;
  readonly #inbound: MemoryPipe;
  readonly #outbound: MemoryPipe;
  readonly #later: (run: () => void) => void;
  #isOver = false;

  /**
   * Makes one end of a connection.
   *
   * @param options what it is made of
   */
  constructor(options: MemoryConnOptions) {
    super();
    this.#inbound = options.inbound;
    this.#outbound = options.outbound;
    this.#later = options.later;
    this.remote = options.remote;
    this.local = options.local;
    this.closed = Promise.all([this.#inbound.readerOver, this.#outbound.writerOver])
      .then(() => void (this.#isOver = true));
  }

  /** The next chunk, or a promise of it. */
  protected readRaw(): Chunk | Promise<Chunk> {
    return this.#inbound.read();
  }

  /** See {@linkcode Duplex.write}. */
  write(chunk: Uint8Array): void | Promise<void> {
    return this.#outbound.write(chunk);
  }

  /** See {@linkcode Duplex.closeWrite}. */
  closeWrite(): void {
    this.#outbound.end();
  }

  /** See {@linkcode AcceptedConn.readdress}. */
  readdress(remote: Address, local: Address): void {
    this.remote = remote;
    this.local = local;
  }

  /** See {@linkcode Duplex.abort}. */
  abort(reason?: unknown): void {
    if (this.#isOver) return;
    const error = reason instanceof TunnelError
      ? reason
      : new TunnelError("aborted", "The connection was aborted", { cause: reason });
    this.#inbound.failReader(error);
    this.#outbound.failWriter(error);
    this.#later(() => {
      const atPeer = new TunnelError(
        "connection_reset",
        "The connection broke: the peer cut the connection",
      );
      this.#outbound.failReader(atPeer);
      this.#inbound.failWriter(atPeer);
    });
  }
}
