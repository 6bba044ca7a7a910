/**
 * Sockets that listen already when the edge starts, because systemd holds them (sd_listen_fds(3)).
 * While one edge follows another, connections wait in them instead of being refused: visitors notice
 * nothing but a moment, and an SDK that dials again at once is heard.
 *
 * A socket becomes the door that would listen at its port. Used by `edge_server.ts`.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Runtime } from "../runtime/host.ts";
import type { AcceptedConn, Listener, ListenOptions, Net } from "../runtime/net.ts";

/** The number of the first: those before are the standard streams. */
const FIRST = 3;

/** What a sane unit passes at most. */
const MAX_SOCKETS = 64;

/** The sockets that were passed. */
export interface InheritedSockets {
  /** The network, whose listeners are the sockets where there is one. */
  readonly net: Net;
  /** Whether a socket that was passed listens at a port. */
  has(port: number): boolean;
  /** Closes what no door has taken, and says so. */
  closeRest(): Promise<void>;
}

/**
 * Takes the sockets that were passed to this process.
 *
 * @param runtime the machine
 * @param logger where lines go
 * @returns `undefined` when there are none
 * @throws {TunnelError} config_invalid when they cannot be used
 */
export async function inheritSockets(
  { host, net }: Pick<Runtime, "host" | "net">,
  logger: Logger,
): Promise<InheritedSockets | undefined> {
  const count = Number(host.env("LISTEN_FDS") ?? 0);
  // They are for the process that is named, not for its children.
  if (Number(host.env("LISTEN_PID")) !== host.pid) return undefined;
  if (!Number.isInteger(count) || count < 1 || count > MAX_SOCKETS) return undefined;
  const doors = new Map<number, InheritedDoor>();
  for (let fd = FIRST; fd < FIRST + count; fd++) {
    const door = await InheritedDoor.open(net, fd);
    doors.set(door.listener.address.port, door);
  }
  return {
    has: (port) => doors.has(port),
    net: {
      connect: (options) => net.connect(options),
      lookUp: (name, options) => net.lookUp(name, options),
      startTlsClient: (carrier, options) => net.startTlsClient(carrier, options),
      startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
      listen(options) {
        const port = options.path === undefined ? options.port ?? 0 : 0;
        const door = doors.get(port);
        doors.delete(port);
        return door ? Promise.resolve(door.claim(options)) : net.listen(options);
      },
    },
    async closeRest() {
      for (const [port, door] of doors) {
        doors.delete(port);
        logger.log("warn", "a socket that systemd passes is at no door of the edge", { port });
        await door.listener.close();
      }
    },
  };
}

/** A socket, and who came before its door was there. */
class InheritedDoor {
  readonly listener: Listener;
  readonly #early: AcceptedConn[];
  #onConnection: ListenOptions["onConnection"];

  private constructor(listener: Listener, early: AcceptedConn[]) {
    this.listener = listener;
    this.#early = early;
    this.#onConnection = (conn) => void early.push(conn);
  }

  static async open(net: Pick<Net, "listen">, fd: number): Promise<InheritedDoor> {
    const early: AcceptedConn[] = [];
    let door: InheritedDoor | undefined;
    try {
      const listener = await net.listen({
        fd,
        onConnection: (conn) => door ? door.#onConnection(conn) : void early.push(conn),
      });
      return door = new InheritedDoor(listener, early);
    } catch (thrown) {
      const cause = toTunnelError(thrown);
      throw new TunnelError(
        "config_invalid",
        `Cannot listen at the socket ${fd} that systemd passes: ${cause.message}; it must be a ` +
          "stream of TCP",
        { cause },
      );
    }
  }

  claim({ onConnection }: ListenOptions): Listener {
    this.#onConnection = onConnection;
    for (const conn of this.#early.splice(0)) onConnection(conn);
    return this.listener;
  }
}
