/**
 * Any {@linkcode Duplex} as a stream of node:stream, so that node:tls can speak over a stream of a
 * mux or a pipe in memory. Used by TLS alone.
 *
 * @module
 */
import { Duplex as NodeDuplex } from "node:stream";
import type { Duplex } from "../base/duplex.ts";
import type { Valve } from "./node_conn.ts";

/** What the stream machinery wants to be told when a step is done. */
export type Done = (error?: Error | null) => void;

/**
 * A carrier as a node stream. The carrier belongs to it from then on; its two directions end apart.
 *
 * It is also the valve of what stands above it: Bun passes neither the pause of a TLS socket down to
 * a stream nor the stream's "full" up, and Deno loses the end of a TLS socket that was paused.
 */
export class CarrierStream extends NodeDuplex implements Valve {
  readonly #carrier: Duplex;
  #pulling = false;
  #wanted = false;
  #shut = false;

  /**
   * Makes the stream over a carrier, which it owns from then on.
   *
   * @param carrier what carries the bytes
   */
  constructor(carrier: Duplex) {
    super({ allowHalfOpen: true });
    this.#carrier = carrier;
  }

  /** See {@linkcode Valve.shut}. */
  shut(): void {
    this.#shut = true;
  }

  /** See {@linkcode Valve.open}. */
  open(): void {
    this.#shut = false;
    if (this.#wanted) void this.#pull();
  }

  /** See {@linkcode Valve.isFull}. */
  isFull(): boolean {
    return this.destroyed || this.writableNeedDrain;
  }

  /** See {@linkcode Valve.onDrain}. */
  onDrain(run: () => void): void {
    this.on("drain", run);
  }

  /** Called by the stream machinery of `node:stream`. */
  override _read(): void {
    this.#wanted = true;
    void this.#pull();
  }

  /** Called by the stream machinery of `node:stream`. */
  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#settle(() => this.#carrier.write(chunk), done);
  }

  /** Called by the stream machinery of `node:stream`. */
  override _final(done: Done): void {
    this.#settle(() => this.#carrier.closeWrite(), done);
  }

  /** Called by the stream machinery of `node:stream`. */
  override _destroy(error: Error | null, done: Done): void {
    if (error) this.#carrier.abort(error);
    else if (!this.writableFinished || !this.readableEnded) void this.#retire();
    done(error);
  }

  /** Moves what the carrier has to the reader, until the reader has enough or the valve is shut. */
  async #pull(): Promise<void> {
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.destroyed || (this.#wanted && !this.#shut)) {
        let chunk = this.#carrier.read();
        if (chunk instanceof Promise) chunk = await chunk;
        if (this.destroyed) {
          // TLS is over; a peer that goes on sending is cut.
          if (chunk !== undefined) this.#carrier.abort();
          break;
        }
        if (!this.push(chunk ?? null)) this.#wanted = false;
        if (chunk === undefined) break;
      }
    } catch (thrown) {
      this.destroy(thrown as Error);
    }
    this.#pulling = false;
  }

  /** TLS ended in order without ending what carries it (Deno does): end it, and wait for its end. */
  async #retire(): Promise<void> {
    try {
      await this.#carrier.closeWrite();
      await this.#pull();
    } catch (thrown) {
      this.#carrier.abort(thrown);
    }
  }

  #settle(work: () => void | Promise<void>, done: Done): void {
    try {
      const pending = work();
      if (pending) pending.then(() => done(), done);
      else done();
    } catch (thrown) {
      done(thrown as Error);
    }
  }
}
