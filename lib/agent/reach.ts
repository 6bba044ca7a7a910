/**
 * How the agent gets to an edge: by which of its own addresses, by which addresses of the edge, and
 * through which proxy. It ends with TLS to the edge; `dial.ts` goes this way at each attempt.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Host } from "../runtime/host.ts";
import type { Conn, ConnectOptions, Net, TrustedRoots } from "../runtime/net.ts";
import type { ConnectAddress } from "./config.ts";
import { isPassedBy, type Proxy } from "./proxy.ts";
import { connectTrusting, dialThrough, whileWanted } from "./proxy_dial.ts";
import { type Found, type ResolveOptions, Resolver } from "./resolve.ts";

/** What getting there needs. */
export interface ReachOptions {
  /** The network. */
  readonly net: Net;
  /** The machine: its files and interfaces. */
  readonly host: Pick<Host, "files" | "interfaces">;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Whom the agent trusts as its edge, at this moment. */
  readonly roots: () => TrustedRoots;
  /** The proxy, if there is one. */
  readonly proxy: Proxy | undefined;
  /** For whom it is passed by. */
  readonly noProxy: string;
  /** The interface to dial from. */
  readonly connectInterface: string | undefined;
  /** How addresses are found. */
  readonly resolve: ResolveOptions;
  /** Limit of one attempt. */
  readonly timeoutMs: number;
}

/** A way to one edge. */
export class Reach {
  readonly #edge: ConnectAddress;
  readonly #options: ReachOptions;
  readonly #proxy: Proxy | undefined;
  readonly #resolver: Resolver;
  #beginWith = 0;

  /**
   * Chooses the way; nothing is dialled.
   *
   * @param edge where the edge is
   * @param options what getting there needs
   * @throws {TunnelError} config_invalid
   */
  constructor(edge: ConnectAddress, options: ReachOptions) {
    const { net, clock, host, resolve, proxy, noProxy } = options;
    this.#edge = edge;
    this.#options = options;
    this.#proxy = proxy && !isPassedBy(noProxy, edge.host, edge.port) ? proxy : undefined;
    this.#resolver = new Resolver(edge.host, {
      resolve,
      net,
      clock,
      files: host.files,
      openWeb: (name, port, isSecure, timeoutMs, signal) =>
        connectTrusting(net, options.roots(), {
          host: name,
          port,
          timeoutMs,
          signal,
          localAddresses: this.#ownAddresses(),
          ...(isSecure ? { tls: { serverName: name, alpn: ["http/1.1"] } } : {}),
        }),
    });
  }

  /**
   * One attempt.
   *
   * @param signal cancels it
   * @throws {TunnelError} what {@linkcode Net.connect} throws; proxy_failed
   */
  async open(signal: AbortSignal): Promise<Conn> {
    const { host, port } = this.#edge;
    const { clock, timeoutMs } = this.#options;
    const untilMs = clock.steady() + timeoutMs;
    if (!this.#proxy) return await this.#openDirect(untilMs, signal);
    const carrier = await this.#through(this.#proxy, host, port, untilMs, signal);
    return await whileWanted(carrier, signal, () =>
      this.#options.net.startTlsClient(carrier, {
        serverName: host,
        roots: this.#options.roots(),
        timeoutMs: this.#leftMs(untilMs),
      }));
  }

  /**
   * Opens a plain connection to somewhere else the same way, for a question beside the session: the
   * list of revoked certificates.
   *
   * @param options host, port and limit
   * @throws {TunnelError} what {@linkcode Net.connect} throws; proxy_failed
   */
  async openBeside(options: ConnectOptions): Promise<Conn> {
    const { proxy, noProxy, clock, timeoutMs } = this.#options;
    const { host = "", port = 0 } = options;
    if (!proxy || isPassedBy(noProxy, host, port)) {
      return await this.#options.net.connect({ ...options, localAddresses: this.#ownAddresses() });
    }
    const untilMs = clock.steady() + (options.timeoutMs ?? timeoutMs);
    const signal = options.signal ?? new AbortController().signal;
    return await this.#through(proxy, host, port, untilMs, signal);
  }

  async #openDirect(untilMs: number, signal: AbortSignal): Promise<Conn> {
    const { host, port } = this.#edge;
    const { net, logger, roots } = this.#options;
    const localAddresses = this.#ownAddresses();
    const { by } = this.#resolver;
    let found: Found | undefined;
    try {
      found = await this.#resolver.find(this.#leftMs(untilMs), signal);
      const { addresses } = found;
      if (by !== "system") {
        logger.log("info", "connect address found another way", { obj: "csess", by, addresses });
      }
      const conn = await net.connect({
        host,
        port,
        ...(addresses ? { addresses } : {}),
        ...(localAddresses ? { localAddresses } : {}),
        ...(this.#beginWith > 0 ? { beginWith: this.#beginWith } : {}),
        tls: { serverName: host, roots: roots() },
        timeoutMs: this.#leftMs(untilMs),
        signal,
      });
      this.#resolver.reached(conn.remote.host);
      return conn;
    } catch (thrown) {
      const error = toTunnelError(thrown, "connection_closed");
      // Who dials by the system's name servers waits for both in one: without an answer in time it
      // is not known which of them was silent, so the next way has its turn.
      const isLookUp = found === undefined || error.code === "host_not_found" ||
        (found.addresses === undefined && error.code === "timed_out");
      if (!signal.aborted) {
        this.#resolver.failed(isLookUp);
        // One of its addresses may lead to a machine that takes connections and does no more.
        if (found && error.code !== "host_not_found") this.#beginWith++;
      }
      throw error;
    }
  }

  #through(
    proxy: Proxy,
    host: string,
    port: number,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<Conn> {
    const { net, clock, roots } = this.#options;
    const localAddresses = this.#ownAddresses();
    const timeoutMs = this.#leftMs(untilMs);
    const options = { net, clock, roots: roots(), localAddresses, timeoutMs, signal };
    return dialThrough(proxy, host, port, options);
  }

  #ownAddresses(): readonly string[] | undefined {
    const name = this.#options.connectInterface;
    if (name === undefined) return undefined;
    const found = this.#options.host.interfaces()[name];
    if (found && found.length > 0) return found;
    throw new TunnelError(
      "address_not_available",
      `Cannot dial from the network interface "${name}": ` +
        (found ? "it has no address" : "there is none of that name, or it is down"),
    );
  }

  #leftMs(untilMs: number): number {
    return Math.max(1, Math.ceil(untilMs - this.#options.clock.steady()));
  }
}
