/**
 * What every public door stands behind: counts connections, in all and of each address, and hears
 * from a load balancer in front who the visitor really is. Whoever comes through the gate has its
 * true address, and was not one too many.
 *
 * `doors.ts` makes one for all doors of an edge.
 *
 * @module
 */
import { type Clock, deadline } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Cidr, covers } from "../http/cidr.ts";
import { readProxyHeader } from "../http/proxy_protocol.ts";
import type { AcceptedConn, Address, Conn, Listener, ListenOptions, Net } from "../runtime/net.ts";
import { formatAddress } from "./door_tcp.ts";
import { renderProblem } from "./error_page.ts";
import { addressGroup } from "./guessing.ts";
import { leave } from "./leave.ts";
import { connectionsUsedUp, edgeFull } from "./problem.ts";

/** How many may come. 0 switches a limit off. */
export interface GateLimits {
  /** Connections at a time over all doors, visitors' and agents'. */
  readonly maxConnections: number;
  /** Of these, from one IPv4 address or one IPv6 network (/64). Those of this machine are not counted. */
  readonly maxConnectionsPerAddress: number;
  /** How long a load balancer may take to say its PROXY header. */
  readonly proxyHeaderMs: number;
}

/** What a gate needs. */
export interface GateOptions {
  /** Whose listeners. */
  readonly net: Net;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** How many may come. */
  readonly limits: GateLimits;
  /** From where connections begin with a PROXY header, and from nowhere else. */
  readonly balancers: readonly Cidr[];
}

/** What those who are turned away can be told. */
export type Speech = "http" | "tls" | "raw";

/** A network for doors: the same one, but for its listeners. */
export type DoorNet = Pick<Net, "listen" | "startTlsServer">;

/** Why somebody is turned away. */
type Crowd = "edge" | "address";

/** So many are told at a time why they are turned away; the others are cut. */
const MAX_FAREWELLS = 256;
/** How long each of them may take to hear it. */
const FAREWELL_MS = 2_000;
/** Between two lines about the same crowd. */
const COMPLAINT_MS = 10_000;

/** RFC 8446 section 6: record of type alert, legacy version, two bytes: fatal, internal_error. */
const TLS_ALERT = new Uint8Array([21, 3, 1, 0, 2, 2, 80]);

/** The gate in front of all doors. */
export class Gate {
  readonly #options: GateOptions;
  readonly #byAddress = new Map<string, number>();
  readonly #complaints = new Map<Crowd, { atMs: number; since: number }>();
  #count = 0;
  #farewells = 0;

  /**
   * Nobody has come yet.
   *
   * @param options network, limits, balancers
   */
  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Connections that are open, over all doors. */
  get size(): number {
    return this.#count;
  }

  /**
   * The network as doors behind the gate see it.
   *
   * @param speech what those who are turned away at these doors understand
   */
  net(speech: Speech): DoorNet {
    const { net } = this.#options;
    return {
      listen: (options) => this.#listen(options, speech),
      startTlsServer: (carrier, options) => net.startTlsServer(carrier, options),
    };
  }

  async #listen(options: ListenOptions, speech: Speech): Promise<Listener> {
    /** Connections whose balancer has not said who they are. */
    const unknown = new Set<Conn>();
    const listener = await this.#options.net.listen({
      ...options,
      onConnection: (conn) => {
        if (!this.#countIn(conn)) return this.#turnAway(conn, "edge", speech);
        if (!this.#isBalancer(conn.remote)) return this.#enter(conn, options, speech);
        unknown.add(conn);
        this.#introduce(conn).then((known) => {
          if (unknown.delete(conn) && known) this.#enter(conn, options, speech);
        });
      },
    });
    return {
      address: listener.address,
      close: async () => {
        await listener.close();
        for (const conn of unknown) conn.abort();
        unknown.clear();
      },
    };
  }

  /** @returns whether there is room for one more */
  #countIn(conn: Conn): boolean {
    const { maxConnections } = this.#options.limits;
    if (maxConnections !== 0 && this.#count >= maxConnections) return false;
    this.#count++;
    void conn.closed.then(() => this.#count--);
    return true;
  }

  #isBalancer({ host }: Address): boolean {
    const { balancers } = this.#options;
    return balancers.length > 0 && balancers.some((range) => covers(range, withoutZone(host)));
  }

  /** @returns whether it may come in */
  async #introduce(conn: AcceptedConn): Promise<boolean> {
    const { clock, logger, limits: { proxyHeaderMs } } = this.#options;
    try {
      const reading = readProxyHeader(conn);
      const header = proxyHeaderMs === 0
        ? await reading
        : await deadline(clock, reading, proxyHeaderMs, "The load balancer sent no PROXY header");
      if (!header) {
        // A port check: connected and gone.
        conn.abort();
        return false;
      }
      const { source, destination } = header;
      // A health check of the balancer's own names nobody (section 2.2): then it is the visitor.
      if (source) {
        conn.readdress(plain(source), destination ? plain(destination) : conn.local);
      }
      return true;
    } catch (thrown) {
      const error = toTunnelError(thrown);
      const remote = formatAddress(conn.remote);
      // It is one of our own machines, and set up otherwise than we are.
      logger.log("warn", "load balancer was turned away", { remote, err: error.message });
      conn.abort(error);
      return false;
    }
  }

  #enter(conn: AcceptedConn, { onConnection }: ListenOptions, speech: Speech): void {
    const { maxConnectionsPerAddress: max } = this.#options.limits;
    const { host } = conn.remote;
    if (max === 0 || isThisMachine(host)) return onConnection(conn);
    const group = addressGroup(host);
    const count = this.#byAddress.get(group) ?? 0;
    if (count >= max) return this.#turnAway(conn, "address", speech);
    this.#byAddress.set(group, count + 1);
    void conn.closed.then(() => {
      const left = this.#byAddress.get(group)! - 1;
      if (left === 0) this.#byAddress.delete(group);
      else this.#byAddress.set(group, left);
    });
    onConnection(conn);
  }

  #turnAway(conn: Conn, crowd: Crowd, speech: Speech): void {
    this.#complain(conn, crowd);
    const words = this.#farewells < MAX_FAREWELLS ? this.#words(crowd, speech) : undefined;
    if (!words) {
      return conn.abort(new TunnelError("refused", "Cannot take another connection: too many"));
    }
    this.#farewells++;
    this.#tell(conn, words).finally(() => this.#farewells--);
  }

  #words(crowd: Crowd, speech: Speech): Uint8Array | undefined {
    if (speech === "tls") return TLS_ALERT;
    if (speech === "raw") return undefined;
    const problem = crowd === "edge"
      ? edgeFull()
      : connectionsUsedUp(this.#options.limits.maxConnectionsPerAddress);
    const nowMs = this.#options.clock.now();
    return renderProblem(problem, { html: false, body: true, close: true, nowMs });
  }

  async #tell(conn: Conn, words: Uint8Array): Promise<void> {
    try {
      const full = conn.write(words);
      if (full) await full;
      await leave(conn, this.#options.clock, FAREWELL_MS);
    } catch (thrown) {
      // It left before it heard why it had to.
      conn.abort(thrown);
    }
  }

  /** Says that somebody was turned away: once in a while, for a crowd comes by the thousand. */
  #complain(conn: Conn, crowd: Crowd): void {
    const { clock, logger, limits } = this.#options;
    const nowMs = clock.steady();
    const last = this.#complaints.get(crowd);
    if (last && nowMs - last.atMs < COMPLAINT_MS) return void last.since++;
    this.#complaints.set(crowd, { atMs: nowMs, since: 0 });
    logger.log("warn", "connection was turned away: too many", {
      remote: formatAddress(conn.remote),
      limit: crowd === "edge"
        ? `${limits.maxConnections} in all`
        : `${limits.maxConnectionsPerAddress} from one address`,
      alsoSince: last?.since ?? 0,
    });
  }
}

/** A link-local address comes with the zone it is valid in (RFC 4007 section 11). */
function withoutZone(host: string): string {
  const at = host.indexOf("%");
  return at < 0 ? host : host.slice(0, at);
}

/** IPv4 in IPv6 clothes, as a balancer tells it that listens on both, is IPv4 (RFC 4291, 2.5.5.2). */
function plain({ host, port }: Address): Address {
  return { host: /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(host) ? host.slice(7) : host, port };
}

function isThisMachine(host: string): boolean {
  return host === "" || host === "::1" || host.startsWith("127.");
}
