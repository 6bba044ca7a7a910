/**
 * Any {@linkcode Duplex} as a stream of node:stream, so that node:tls can speak over a stream of a
 * mux or a pipe in memory. Used by TLS alone.
 *
 * @module
 */
import { Duplex as NodeDuplex } from "node:stream";
import type { Duplex } from "../base/duplex.ts";

/**
 * Wraps a carrier; it belongs to the stream from then on.
 *
 * @param carrier what carries the bytes
 * @returns a stream that pulls only when it is read, and ends its two directions apart
 */
export function toNodeStream(carrier: Duplex): NodeDuplex {
  let pulling = false;
  async function pull(stream: NodeDuplex): Promise<void> {
    if (pulling) return;
    pulling = true;
    try {
      for (;;) {
        let chunk = carrier.read();
        if (chunk instanceof Promise) chunk = await chunk;
        if (stream.destroyed) {
          // TLS is over and this side is closed; more bytes from a peer that goes on are unwanted.
          if (chunk !== undefined) carrier.abort();
          break;
        }
        if (!stream.push(chunk ?? null) || chunk === undefined) break;
      }
    } catch (thrown) {
      stream.destroy(thrown as Error);
    }
    pulling = false;
  }
  async function settle(
    work: void | Promise<void>,
    callback: (error?: Error | null) => void,
  ): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      return callback(thrown as Error);
    }
    callback();
  }
  /** TLS ended in order without ending what carries it (Deno does): end it, and wait for its end. */
  async function retire(stream: NodeDuplex): Promise<void> {
    try {
      await carrier.closeWrite();
      await pull(stream);
    } catch (thrown) {
      carrier.abort(thrown);
    }
  }
  return new NodeDuplex({
    allowHalfOpen: true,
    read() {
      void pull(this);
    },
    write(chunk: Uint8Array, _encoding, callback) {
      try {
        const full = carrier.write(chunk);
        if (full) void settle(full, callback);
        else callback();
      } catch (thrown) {
        callback(thrown as Error);
      }
    },
    final(callback) {
      try {
        const done = carrier.closeWrite();
        if (done) void settle(done, callback);
        else callback();
      } catch (thrown) {
        callback(thrown as Error);
      }
    },
    destroy(error, callback) {
      if (error) carrier.abort(error);
      else if (!this.writableFinished || !this.readableEnded) void retire(this);
      callback(error);
    },
  });
}
