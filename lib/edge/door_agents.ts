/**
 * A door for agents alone, for edges whose https port is not theirs to share. `edge.ts` opens it.
 *
 * @module
 */
import { type ErrorCode, toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Certificate, Conn, Net } from "../runtime/net.ts";
import type { Door } from "./door_http.ts";
import { formatAddress } from "./door_tcp.ts";

/** How the door stands. */
export interface AgentsDoorOptions {
  /** Whose listeners and handshakes. */
  readonly net: Net;
  /** The IP to listen at. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** What to present: asked for each connection, for it is renewed while the edge runs. */
  readonly certificate: () => Promise<Certificate>;
  /** How long a handshake may take. */
  readonly handshakeMs: number;
  /** Connections at a time whose handshake is under way. */
  readonly maxHandshakes: number;
  /** Where lines go. */
  readonly logger: Logger;
  /** Hears of each handshake that failed. */
  readonly onFailed?: ((clientAddr: string, reason: ErrorCode) => void) | undefined;
  /** Takes an agent's connection, after its handshake. */
  readonly acceptAgent: (conn: Conn) => void;
}

/**
 * Opens the door.
 *
 * @param options where, and for whom
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function openAgentsDoor(options: AgentsDoorOptions): Promise<Door> {
  const { net, host, port, certificate, handshakeMs, maxHandshakes, logger, acceptAgent } = options;
  const waiting = new Set<Conn>();

  async function admit(conn: Conn): Promise<void> {
    if (waiting.size >= maxHandshakes) return conn.abort();
    waiting.add(conn);
    try {
      const tls = { certificate: await certificate(), timeoutMs: handshakeMs };
      acceptAgent(await net.startTlsServer(conn, tls));
    } catch (thrown) {
      const error = toTunnelError(thrown);
      // A stranger's failed handshake is noise; our own fault is not.
      const level = error.code === "internal" ? "error" : "debug";
      const remote = formatAddress(conn.remote);
      logger.log(level, "agent was turned away", { remote, err: error.message });
      options.onFailed?.(remote, error.code);
      conn.abort(error);
    } finally {
      waiting.delete(conn);
    }
  }

  const listener = await net.listen({ host, port, onConnection: (conn) => void admit(conn) });
  return {
    address: listener.address,
    close: async () => {
      await listener.close();
      for (const conn of waiting) conn.abort();
    },
  };
}
