/**
 * A door for agents alone, for edges whose https port is not theirs to share. `edge.ts` opens it.
 *
 * @module
 */
import { type Clock, deadline } from "../base/clock.ts";
import { type ErrorCode, toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { readClientHello } from "../http/client_hello.ts";
import type { Certificate, Conn } from "../runtime/net.ts";
import type { Door } from "./door_http.ts";
import { formatAddress } from "./door_tcp.ts";
import type { DoorNet } from "./gate.ts";

/** How the door stands. */
export interface AgentsDoorOptions {
  /** Whose listeners and handshakes. */
  readonly net: DoorNet;
  /** The IP to listen at. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** What to present to an agent that asks for this name, or for none: asked for each connection. */
  readonly certificateFor: (name: string | undefined) => Certificate | Promise<Certificate>;
  /** Whose time. */
  readonly clock: Clock;
  /** From accept to the end of the ClientHello; 0 waits for ever. */
  readonly helloMs: number;
  /** How large a ClientHello may be. */
  readonly helloBytes: number;
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
  const { net, host, port, certificateFor, clock, logger, acceptAgent } = options;
  const { helloMs, helloBytes: maxBytes, handshakeMs, maxHandshakes } = options;
  const waiting = new Set<Conn>();

  async function admit(conn: Conn): Promise<void> {
    if (waiting.size >= maxHandshakes) return conn.abort();
    waiting.add(conn);
    try {
      const reading = readClientHello(conn, { maxBytes });
      const hello = helloMs === 0
        ? await reading
        : await deadline(clock, reading, helloMs, "The agent sent no ClientHello");
      if (!hello) return conn.abort(); // a port check
      const certificate = await certificateFor(hello.serverName);
      acceptAgent(await net.startTlsServer(conn, { certificate, timeoutMs: handshakeMs }));
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
