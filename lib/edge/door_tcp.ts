/**
 * The ports of TCP endpoints: opens one per endpoint, and carries each visitor to the agent. The
 * agents' side claims ports through {@linkcode TcpPorts} and hands each visitor to
 * {@linkcode serveRaw}, which the TLS door uses too.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { formatProxyHeader } from "../http/proxy_protocol.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { Address, Conn, Listener, Net } from "../runtime/net.ts";
import { option } from "./bind_option.ts";
import type { Endpoint, TcpPorts } from "./endpoint.ts";
import { mayGoElsewhere } from "./endpoint_pool.ts";
import { connectContext } from "./policy_facts.ts";
import { cancelStream, relayRaw } from "./relay.ts";
import type { VisitorRestrictions } from "./visitor_restrictions.ts";

/** Ports that TCP endpoints may have, both ends included. */
export interface PortRange {
  /** The lowest. */
  readonly from: number;
  /** The highest. */
  readonly to: number;
}

/** How {@linkcode createTcpPorts} listens. */
export interface TcpPortsOptions {
  /** Whose listeners. */
  readonly net: Pick<Net, "listen">;
  /** The IP to listen at. */
  readonly host: string;
  /** The ports to give away; `undefined` gives any that the system has free. */
  readonly range?: PortRange | undefined;
  /** Numbers in [0, 1), for the place where the search for a free port begins. @default {Math.random} */
  readonly random?: () => number;
}

/** {@linkcode TcpPorts} that can be closed as a whole. */
export interface TcpDoors extends TcpPorts {
  /** Frees every port; visitors already there go on. */
  close(): Promise<void>;
}

/**
 * Makes the ports of TCP endpoints.
 *
 * @param options network, address and range
 * @returns ports, none of them open yet
 */
export function createTcpPorts(options: TcpPortsOptions): TcpDoors {
  const { net, host, range } = options;
  const random = options.random ?? Math.random;
  const open = new Map<number, Listener>();
  // A port that is being closed can be claimed again at once: by an agent that came back.
  const closing = new Map<number, Promise<void>>();

  async function tryPort(port: number, onConnection: (conn: Conn) => void): Promise<number> {
    if (open.has(port)) throw inUse(port);
    await closing.get(port);
    const listener = await net.listen({ host, port, plain: true, onConnection });
    open.set(listener.address.port, listener);
    return listener.address.port;
  }

  async function claim(
    wanted: number | undefined,
    onConnection: (conn: Conn) => void,
  ): Promise<number> {
    if (wanted !== undefined) {
      if (range && (wanted < range.from || wanted > range.to)) {
        throw new TunnelError(
          "address_not_available",
          `Cannot open port ${wanted}: the ports of this edge are ${range.from} to ${range.to}`,
        );
      }
      return await tryPort(wanted, onConnection);
    }
    if (!range) return await tryPort(0, onConnection);
    // Begin anywhere: a port just freed does not go to the next comer, whose visitors would be others'.
    const size = range.to - range.from + 1;
    const start = Math.floor(random() * size);
    for (let step = 0; step < size; step++) {
      const port = range.from + (start + step) % size;
      if (open.has(port) || closing.has(port)) continue;
      try {
        return await tryPort(port, onConnection);
      } catch (thrown) {
        // Another program has that port: the next one may do.
        if (toTunnelError(thrown).code !== "address_in_use") throw thrown;
      }
    }
    throw new TunnelError(
      "address_not_available",
      `Cannot open a port: all of ${range.from} to ${range.to} are taken`,
    );
  }

  async function release(port: number): Promise<void> {
    const listener = open.get(port);
    if (!listener) return await closing.get(port);
    open.delete(port);
    const closed = listener.close();
    closing.set(port, closed);
    try {
      await closed;
    } finally {
      closing.delete(port);
    }
  }

  return {
    claim,
    release,
    close: async () => {
      await Promise.all([...open.keys(), ...closing.keys()].map(release));
    },
  };
}

function inUse(port: number): TunnelError {
  return new TunnelError("address_in_use", `Cannot open port ${port}: another endpoint has it`);
}

/** What {@linkcode serveRaw} needs besides the visitor. */
export interface RawServing {
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** A connection without a byte either way is cut after so long; 0 never cuts. @default {0} */
  readonly idleMs?: number;
  /** Whom accounts keep out of all of their endpoints. */
  readonly restrictions?: Pick<VisitorRestrictions, "refuses"> | undefined;
  /** Hears of each connection that is over. */
  readonly onConnectionClosed?: ((event: ConnectionClosed) => void) | undefined;
}

/** A raw connection is over. */
export interface ConnectionClosed {
  /** Which endpoint it came to. */
  readonly endpoint: Endpoint;
  /** Who came: `ip:port`, IPv6 in brackets. */
  readonly clientAddr: string;
  /** Where it came to: our `ip:port`. */
  readonly serverAddr: string;
  /** Bytes the visitor sent. */
  readonly inBytes: number;
  /** Bytes it was sent. */
  readonly outBytes: number;
  /** From accept to end. */
  readonly durationMs: number;
  /** What cut it, when it did not end by both sides closing. */
  readonly error: TunnelError | undefined;
}

/**
 * Carries one visitor of a `tcp` or `tls` endpoint to the agent, byte for byte, until both
 * directions are over.
 *
 * The visitor's end is passed on as an end; a visitor that is gone cancels the stream (FIN, then
 * RST). When no stream can be opened the visitor is cut, for there is nothing to say in an unknown
 * protocol.
 *
 * @param conn the visitor
 * @param place where it wants to go: an endpoint, or a pool that gives one
 * @param passthroughTls whether its bytes are its own TLS
 * @param serving time, log, events
 */
export async function serveRaw(
  conn: Conn,
  place: Endpoint,
  passthroughTls: boolean,
  serving: RawServing,
): Promise<void> {
  const { clock, logger } = serving;
  let endpoint = place.pick?.() ?? place;
  const clientAddr = formatAddress(conn.remote);
  const startedMs = clock.steady();
  let stream: MuxStream | undefined;
  let inBytes = 0;
  let outBytes = 0;
  let error: TunnelError | undefined;
  const visitor = { clientAddr, passthroughTls };
  let visit = beginVisit(endpoint, clock);
  const tried = new Set([endpoint]);
  try {
    if (serving.restrictions?.refuses(endpoint.accountId, conn.remote.host)) {
      throw new TunnelError("refused", "The account of the endpoint keeps this address out");
    }
    for (;;) {
      if (endpoint.policy) await checkPolicy(conn, endpoint, logger);
      try {
        stream = await endpoint.openStream(visitor);
        break;
      } catch (thrown) {
        // Not a byte of the visitor has left: another member of the pool serves it as well.
        const other = mayGoElsewhere(toTunnelError(thrown)) ? place.pick?.(tried) : undefined;
        if (!other) throw thrown;
        visit.end();
        endpoint = other;
        tried.add(other);
        visit = beginVisit(endpoint, clock);
      }
    }
    doubtWhileSilent(endpoint, stream, clock);
    const introduction = introduce(conn, endpoint);
    if (introduction) {
      const full = stream.write(introduction);
      if (full) await full;
    }
    const moved = await relayRaw(conn, stream, {
      clock,
      idleMs: serving.idleMs ?? 0,
      traffic: endpoint.traffic,
    });
    inBytes = moved.forwardBytes;
    outBytes = moved.backwardBytes;
    error = moved.error;
  } catch (thrown) {
    error = toTunnelError(thrown);
    if (stream) cancelStream(stream);
    conn.abort(error);
  } finally {
    visit.end();
  }
  if (error) {
    logger.log("debug", "connection was cut", {
      url: endpoint.url,
      clientAddr,
      error: error.message,
    });
  }
  const { onConnectionClosed } = serving;
  if (!onConnectionClosed) return;
  const durationMs = clock.steady() - startedMs;
  try {
    const serverAddr = formatAddress(conn.local);
    onConnectionClosed({
      endpoint,
      clientAddr,
      serverAddr,
      inBytes,
      outBytes,
      durationMs,
      error,
    });
  } catch (thrown) {
    logger.log("error", "a listener failed", { event: "connection closed", error: String(thrown) });
  }
}

/** Lets the endpoint's policy decide whether the visitor may come in. @throws {TunnelError} refused */
async function checkPolicy(conn: Conn, endpoint: Endpoint, logger: Logger): Promise<void> {
  const outcome = await endpoint.policy?.onTcpConnect?.(connectContext(conn, endpoint, logger));
  if (outcome) {
    throw new TunnelError("refused", "The traffic policy of the endpoint closed the connection");
  }
}

/** Counts a visitor in, until its end. */
function beginVisit({ traffic, pooled }: Endpoint, clock: Clock): { end(): void } {
  traffic.begin();
  const visit = pooled?.load.begin(clock.steady());
  return {
    end: () => {
      traffic.end();
      visit?.end();
    },
  };
}

/** Asks once whether the agent of a pool lives: a frozen one is passed over from then on. */
function doubtWhileSilent(endpoint: Endpoint, stream: MuxStream, clock: Clock): void {
  const { pooled } = endpoint;
  if (!pooled || !endpoint.isAlive) return;
  const timer = clock.after(pooled.doubtMs, () => {
    void endpoint.isAlive!(stream, pooled.doubtAnswerMs);
  });
  void stream.closed.then(() => timer.cancel());
}

/**
 * What has to precede a visitor's first byte on its way to the agent (wire-protocol 7).
 *
 * @returns a PROXY header when the endpoint asked for one
 */
export function introduce(conn: Conn, endpoint: Endpoint): Uint8Array | undefined {
  const version = option(endpoint.options, "ProxyProto");
  if (version !== 1 && version !== 2) return undefined;
  return formatProxyHeader(version, { source: conn.remote, destination: conn.local });
}

/** `ip:port`, IPv6 in brackets: ClientAddr of the proxy header (wire-protocol 7). */
export function formatAddress(address: Address): string {
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}
