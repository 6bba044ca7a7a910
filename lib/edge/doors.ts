/**
 * All doors of an edge, behind one gate: opens those that the options name, and says which names
 * are the agents' own.
 *
 * `edge.ts` makes one.
 *
 * @module
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Runtime } from "../runtime/host.ts";
import type { Address, Conn } from "../runtime/net.ts";
import type { Certificates } from "./certificates/certificates.ts";
import type { Comeback } from "./comeback.ts";
import type { EdgeConfig } from "./config.ts";
import { openAgentsDoor } from "./door_agents.ts";
import { type Door, type HttpVisitors, openHttpDoor } from "./door_http.ts";
import { createTcpPorts, type RawServing } from "./door_tcp.ts";
import { openTlsDoor, type TlsDoorOptions } from "./door_tls.ts";
import type { EdgeAddresses } from "./edge_handle.ts";
import type { EndpointTable, TcpPorts } from "./endpoint.ts";
import { Gate } from "./gate.ts";
import type { Ingresses } from "./ingresses.ts";
import type { HostServer, Mounts } from "./mounts.ts";
import { isUnder } from "./names.ts";

/** The doors where TLS ends. */
export type TlsDoorName = "https" | "tls" | "agents";

/** What lies behind the doors. */
export interface DoorsParts {
  /** Where they stand. */
  readonly config: EdgeConfig;
  /** Whose listeners and time. */
  readonly runtime: Pick<Runtime, "net" | "clock">;
  /** Where names lead. */
  readonly endpoints: EndpointTable;
  /** The names that others serve. */
  readonly mounts: Mounts;
  /** The names that accounts have for their agents. */
  readonly ingresses: Pick<Ingresses, "accountOf">;
  /** The public ports, as they stand in URLs: filled in as doors open. */
  readonly ports: { http?: number; https?: number; tls?: number };
  /** Knows whose agents will be back in a moment. */
  readonly comeback: Pick<Comeback, "wait">;
  /** Takes HTTP visitors. */
  readonly visitors: HttpVisitors;
  /** Time, log and limits of connections that are passed on raw. */
  readonly raw: RawServing;
  /** Takes an agent's connection, after its handshake. */
  readonly acceptAgent: (conn: Conn) => void;
  /** Serves the door that is the API's alone; nobody does yet when there is none. */
  readonly api: () => HostServer | undefined;
  /** Hears of handshakes that failed, and why. */
  readonly onFailed: (door: TlsDoorName, clientAddr: string, reason: ErrorCode) => void;
}

/** The doors of an edge. */
export class Doors {
  /** Where they stand, with the ports that were taken. */
  addresses: EdgeAddresses = {};
  /** The ports of tcp endpoints; `undefined` when there are none. */
  readonly tcpPorts: TcpPorts | undefined;
  /** What all of them stand behind. */
  readonly gate: Gate;
  readonly #parts: DoorsParts;
  readonly #open: Pick<Door, "close">[] = [];

  /**
   * No door is open yet.
   *
   * @param parts where they stand, what lies behind them
   */
  constructor(parts: DoorsParts) {
    const { config: { tcp, limits, balancers, logger }, runtime: { net, clock } } = parts;
    this.#parts = parts;
    this.gate = new Gate({ net, clock, logger, limits, balancers });
    if (!tcp) return;
    const { host, range } = tcp;
    const ports = createTcpPorts({ net: this.gate.net("raw"), host, range });
    this.tcpPorts = ports;
    this.#open.push(ports);
  }

  /**
   * Opens them.
   *
   * @param certificates what is presented; needed when a door speaks TLS
   * @throws {TunnelError} address_in_use, address_not_available, permission_denied
   */
  async open(certificates: Certificates | undefined): Promise<void> {
    const { http, https, tls, agents, api } = this.#parts.config;
    if (http) await this.#openHttp(http);
    if (https) await this.#openHttps(https, certificates!, tls ? "https" : "all");
    if (tls) await this.#openTls(tls, certificates!);
    if (agents) await this.#openAgents(agents, certificates!);
    if (api) await this.#openApi(api);
  }

  /** Lets nobody in any more; who is in stays. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map((door) => door.close()));
  }

  async #openHttp(at: Address): Promise<void> {
    const { config, ports, visitors } = this.#parts;
    const door = await openHttpDoor({ ...at, net: this.gate.net("http"), visitors });
    this.#keep("http", door);
    ports.http = config.httpPublicPort ?? door.address.port;
  }

  async #openHttps(
    at: Address,
    certificates: Certificates,
    serves: "all" | "https",
  ): Promise<void> {
    const { config: { httpsPublicPort, tlsPublicPort }, ports } = this.#parts;
    const door = await openTlsDoor({ ...this.#tlsOptions("https", at, certificates), serves });
    this.#keep("https", door);
    ports.https = httpsPublicPort ?? door.address.port;
    if (serves === "all") ports.tls = tlsPublicPort ?? ports.https;
  }

  async #openTls(at: Address, certificates: Certificates): Promise<void> {
    const { config, ports } = this.#parts;
    const options = this.#tlsOptions("tls", at, certificates);
    const door = await openTlsDoor({ ...options, serves: "tls" });
    this.#keep("tls", door);
    ports.tls = config.tlsPublicPort ?? door.address.port;
  }

  #tlsOptions(
    name: TlsDoorName,
    { host, port }: Address,
    certificates: Certificates,
  ): TlsDoorOptions {
    const { config, endpoints, mounts, visitors, raw, acceptAgent, onFailed } = this.#parts;
    const { domains, limits: { helloMs, helloBytes, handshakeMs, lingerMs } } = config;
    return {
      net: this.gate.net("tls"),
      host,
      port,
      endpoints,
      certificates,
      isOurs: (name) => domains.some((domain) => isUnder(name, domain)),
      isAgentName: (name) => this.#isAgentName(name),
      isMounted: (name) => mounts.find(name) !== undefined,
      acceptAgent,
      visitors,
      raw,
      comeback: this.#parts.comeback,
      helloMs,
      helloBytes,
      handshakeMs,
      lingerMs,
      onFailed: (clientAddr, reason) => onFailed(name, clientAddr, reason),
    };
  }

  async #openAgents({ host, port }: Address, certificates: Certificates): Promise<void> {
    const { config: { limits, logger }, ingresses, acceptAgent, onFailed } = this.#parts;
    const door = await openAgentsDoor({
      net: this.gate.net("tls"),
      host,
      port,
      certificateFor: (name) =>
        name !== undefined && ingresses.accountOf(name) !== undefined
          ? certificates.certificateFor(name)
          : certificates.agentCertificate(),
      helloMs: limits.helloMs,
      helloBytes: limits.helloBytes,
      handshakeMs: limits.handshakeMs,
      maxHandshakes: limits.maxPendingSessions,
      logger,
      clock: this.#parts.runtime.clock,
      onFailed: (clientAddr, reason) => onFailed("agents", clientAddr, reason),
      acceptAgent,
    });
    this.#keep("agents", door);
  }

  async #openApi({ host, port }: Address): Promise<void> {
    const { api, visitors } = this.#parts;
    const door = await this.gate.net("http").listen({
      host,
      port,
      onConnection: (conn) => {
        const serve = api();
        if (serve) visitors.admitTo(serve, conn, "http");
        else conn.abort();
      },
    });
    this.#keep("api", door);
  }

  #keep(name: keyof EdgeAddresses, door: Door): void {
    this.#open.push(door);
    this.addresses = { ...this.addresses, [name]: door.address };
  }

  /** Whether a ClientHello is an agent's: names are theirs, and who dials an address sends none. */
  #isAgentName(name: string | undefined): boolean {
    const { config: { domains, agentNames, embedded }, endpoints, ingresses } = this.#parts;
    if (embedded) return false;
    if (name === undefined || domains.some((domain) => name === `connect.${domain}`)) return true;
    const isTheirs = name === "localhost" || agentNames.includes(name) ||
      ingresses.accountOf(name) !== undefined;
    return isTheirs && !endpoints.find("https", name) && !endpoints.find("tls", name);
  }
}
