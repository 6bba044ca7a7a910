/**
 * The adapter for Deno: the base all three share, and what Deno does otherwise.
 *
 * @module
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Runtime } from "./host.ts";
import { nodeClock } from "./node_clock.ts";
import { nodeCodecs } from "./node_codecs.ts";
import type { Valve } from "./node_conn.ts";
import { nodeHost } from "./node_host.ts";
import { nodeNet } from "./node_sockets.ts";
import { openSqlite } from "./node_sqlite.ts";

/** Deno's sockets, files, signals and time. */
export function denoRuntime(): Runtime {
  mendTlsStart();
  return {
    // Deno 2.9: an expired certificate is "unable to verify the first certificate".
    net: nodeNet(nodeClock, { valve: denoValve, hidesExpiry: true }),
    host: nodeHost("deno"),
    clock: nodeClock,
    openSqlite,
    codecs: nodeCodecs,
  };
}

/** The handle under a socket: not in the types, the same in Deno and Node. */
interface Readable {
  readStart(): number;
  readStop(): number;
}

/**
 * Deno 2.9 loses the end of a TLS socket that was paused when the end came (its TLSWrap keeps the
 * close_notify for a `readStart` that never looks). So the TLS socket flows, and the TCP handle
 * under it is what stops and starts.
 */
function denoValve(socket: Socket): Valve {
  const handle = () => (socket as { _handle?: Readable | null })._handle;
  return {
    shut: () => void handle()?.readStop(),
    open: () => void handle()?.readStart(),
  };
}

/** The start of a handshake: not in the types. */
interface Startable {
  _start?: (this: TLSSocket) => void;
}

let mended = false;

/**
 * Deno 2.9 starts a TLS socket in a tick of its own; when the bytes given back to its TCP socket are
 * refused at once (no common protocol, garbage), the error is emitted as it should be, and then
 * `_start` goes on with the handle that is gone: an uncaught TypeError that any visitor could cause.
 */
function mendTlsStart(): void {
  const prototype: Startable = TLSSocket.prototype as unknown as Startable;
  const start = prototype._start;
  if (mended || typeof start !== "function") return;
  mended = true;
  prototype._start = function (): void {
    try {
      start.call(this);
    } catch (thrown) {
      if (!this.destroyed) throw thrown;
    }
  };
}
