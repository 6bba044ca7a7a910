/**
 * What lies under a TLS socket: a TCP socket of ours, handed over whole, or any other carrier as a
 * stream. It knows how each is held back, cut, and dropped after a failed handshake.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Duplex as NodeDuplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import type { TunnelError } from "../base/errors.ts";
import type { Address, Conn } from "./net.ts";
import { NodeConn, resetSocket, type Valve } from "./node_conn.ts";
import { CarrierStream } from "./node_stream.ts";

/** How long an alert may take to leave before its carrier is aborted. */
const LINGER_MS = 1_000;
const NOWHERE: Address = { host: "", port: 0 };

/** What a runtime does otherwise than node. */
export interface Differences {
  /** Holds back the TCP socket under TLS, where pausing the TLS socket fails. */
  readonly valve?: (socket: Socket) => Valve;
  /** A certificate out of its time is reported like an untrusted one. */
  readonly hidesExpiry?: boolean;
}

/** What node:tls speaks over, and how it ends. */
export interface Underlay {
  /** What to give to node:tls. */
  readonly socket: Socket;
  /** Holds arriving bytes back; without one the TLS socket is paused. */
  readonly valve: Valve | undefined;
  /** The other end. */
  readonly remote: Address;
  /** Our end. */
  readonly local: Address;
  /** Ends both directions of an established connection at once. */
  cut(error: TunnelError, secure: TLSSocket): void;
  /** Ends all of it after a failed handshake. */
  drop(error: TunnelError, secure: TLSSocket | undefined): void;
}

/**
 * Takes a carrier over for TLS.
 *
 * @param carrier a connection or any other carrier; over afterwards, but for its `closed`
 * @param differences what the runtime does otherwise
 * @param clock times the last moments of a carrier
 * @throws {TunnelError} what ended the carrier, when it is over already
 */
export function underlay(carrier: Duplex, differences: Differences, clock: Clock): Underlay {
  return carrier instanceof NodeConn && carrier.tls === undefined
    ? underSocket(carrier, differences)
    : underStream(carrier, clock);
}

function underSocket(carrier: NodeConn, differences: Differences): Underlay {
  const socket = carrier.detach();
  return {
    socket,
    valve: differences.valve?.(socket),
    remote: carrier.remote,
    local: carrier.local,
    cut(_error, secure) {
      if (socket.destroyed || secure.writableEnded) return void secure.destroy();
      // From above to below: a socket that goes under a TLS socket which has still something to do takes
      // Node 22 down with a segmentation fault. And both: on Bun one would stay once the peer has ended.
      secure.once("close", () => resetSocket(socket));
      secure.destroy();
    },
    drop(_error, secure) {
      // Not a reset: the alert that tells the peer why is still on its way.
      secure?.destroy();
      socket.destroy();
    },
  };
}

function underStream(carrier: Duplex, clock: Clock): Underlay {
  const stream = new CarrierStream(carrier);
  stream.on("error", () => {}); // it surfaces at the TLS socket above, which is listened to
  const conn = carrier as Partial<Conn>;
  return {
    // The types ask for a socket; node documents any Duplex (tls.connect, options.socket).
    socket: stream as NodeDuplex as Socket,
    valve: stream,
    remote: conn.remote ?? NOWHERE,
    local: conn.local ?? NOWHERE,
    cut(error, secure) {
      carrier.abort(error);
      secure.destroy();
    },
    drop(error, secure) {
      secure?.destroy();
      stream.destroy();
      if (error.code === "timed_out") return carrier.abort(error);
      const timer = clock.after(LINGER_MS, () => carrier.abort(error));
      void carrier.closed.then(() => timer.cancel());
    },
  };
}
