/**
 * An edge: the server that owns the public addresses. This file only puts the parts together:
 * doors for visitors and agents, the agents' side, certificates, the owner.
 *
 * Called by the library's door and by the command line.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { type ErrorCode, toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Runtime } from "../runtime/host.ts";
import type { Address, Conn } from "../runtime/net.ts";
import { mountAddressList } from "./address_list.ts";
import type { AgentEndpoint } from "./agent_endpoint.ts";
import type { AgentSession } from "./agent_session.ts";
import { type AgentsSide, makeAgentsSide } from "./agents_side.ts";
import type { CertificateRecord } from "./certificates/acme_shelf.ts";
import type { Certificates } from "./certificates/certificates.ts";
import { Comeback } from "./comeback.ts";
import { announceStop, commandAgent, type CommandName, type UpdateWish } from "./commands.ts";
import { type EdgeConfig, type EdgeOptions, isLoopback, resolveEdgeOptions } from "./config.ts";
import { type Door, HttpVisitors } from "./door_http.ts";
import { formatAddress, type RawServing, serveRaw } from "./door_tcp.ts";
import { Doors, type TlsDoorName } from "./doors.ts";
import { crlHost, mountCrl, openEdgeCertificates } from "./edge_certificates.ts";
import type { CloseOptions, Edge, EdgeAddresses, EdgeInside } from "./edge_handle.ts";
import type { Endpoint } from "./endpoint.ts";
import { EndpointRegistry } from "./endpoints.ts";
import type { IdentityChange } from "./enforcement.ts";
import { connectionOver, type EdgeEvent, exchangeOver } from "./events.ts";
import type { ExchangeEnded } from "./http_relay.ts";
import { http2LimitsOf } from "./http2_limits.ts";
import { type Identity, openIdentity } from "./identity.ts";
import { type EndpointInfo, endpointInfo, type SessionInfo, sessionInfo } from "./info.ts";
import { Ingresses } from "./ingresses.ts";
import { measuredSession } from "./metrics.ts";
import { type HostServer, Mounts } from "./mounts.ts";
import type { Owner } from "./owner.ts";
import type { LabeledTunnel } from "./labeled_tunnels.ts";
import { publicUrl } from "./places.ts";
import { reconfigure, type Reconfigured } from "./reload.ts";
import { SessionHistory } from "./session_history.ts";
import { watchStore } from "./store_watch.ts";
import { VisitorRestrictions } from "./visitor_restrictions.ts";
import { Watch } from "./watch.ts";

/**
 * Starts an edge.
 *
 * @param options domain, doors, data folder, limits
 * @param runtime network, machine and time
 * @returns when every door is open
 * @throws {TunnelError} config_invalid, address_in_use, address_not_available, permission_denied, io_failed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memoryRuntime } from "../runtime/memory.ts";
 * import { startEdge } from "./edge.ts";
 *
 * await using edge = await startEdge({ http: { port: 8080 }, embedded: true }, memoryRuntime());
 * assert.equal(edge.domain, "localhost");
 * assert.equal(edge.addresses.http?.port, 8080);
 * ```
 */
export function startEdge(options: EdgeOptions, runtime: Runtime): Promise<Edge> {
  return launchEdge(options, runtime);
}

/**
 * Starts an edge for whoever serves its API too.
 *
 * @param options domain, doors, data folder, limits
 * @param runtime network, machine and time
 * @returns when every door is open
 * @throws {TunnelError} as {@linkcode startEdge}
 */
export async function launchEdge(options: EdgeOptions, runtime: Runtime): Promise<EdgeInside> {
  const edge = new RunningEdge(resolveEdgeOptions(options), runtime);
  try {
    await edge.open();
    return edge;
  } catch (thrown) {
    await edge.close({ graceMs: 0 });
    throw thrown;
  }
}

const LOOPBACK: Address = { host: "127.0.0.1", port: 0 };

class RunningEdge implements EdgeInside {
  readonly domain: string;
  readonly #config: EdgeConfig;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  readonly #registry: EndpointRegistry;
  readonly #mounts = new Mounts();
  readonly #visitors: HttpVisitors;
  readonly #raw: RawServing;
  /** The public ports, as they stand in URLs; filled in as doors open. */
  readonly #ports: { http?: number; https?: number; tls?: number } = {};
  readonly #doors: Doors;
  #ingresses: Ingresses;
  readonly #restrictions: VisitorRestrictions;
  #identity: Identity | undefined;
  #owner: Owner | undefined;
  #history: SessionHistory | undefined;
  #side: AgentsSide | undefined;
  #certificates: Certificates | undefined;
  readonly #watch: Watch;
  readonly #comeback: Comeback;
  #opsDoor: Door | undefined;
  #endWatch: (() => void) | undefined;
  #api: HostServer | undefined;
  /** Settles when everybody who may come in is known, or nobody ever will be. */
  readonly #opened = Promise.withResolvers<void>();
  #isOpen = false;
  #closed: Promise<void> | undefined;

  constructor(config: EdgeConfig, runtime: Runtime) {
    const { clock } = runtime;
    const { logger, onEvent, limits } = config;
    this.domain = config.domains[0];
    this.#config = config;
    this.#runtime = runtime;
    this.#logger = logger;
    this.#registry = new EndpointRegistry({ clock, ...limits });
    this.#comeback = new Comeback({
      clock,
      limitMs: limits.comebackMs,
      lostMs: limits.reconnectMs,
    });
    this.#watch = this.#makeWatch();
    const isHeard = onEvent !== undefined || this.#watch.listens;
    this.#ingresses = new Ingresses(undefined, logger);
    this.#restrictions = new VisitorRestrictions(logger);
    this.#visitors = new HttpVisitors({
      endpoints: this.#registry,
      mounts: this.#mounts,
      ownAnswer: config.acme && ((path) => this.#certificates?.answers?.httpAnswer(path)),
      interstitial: config.interstitial,
      clock,
      logger,
      limits,
      restrictions: this.#restrictions,
      comeback: this.#comeback,
      tracer: this.#watch.tracer,
      onExchange: isHeard ? ((ended) => this.#onExchange(ended)) : undefined,
      http2: config.http2 ? http2LimitsOf(limits) : undefined,
    });
    this.#raw = {
      clock,
      logger,
      idleMs: limits.rawIdleMs,
      restrictions: this.#restrictions,
      onConnectionClosed: isHeard
        ? ((event) => this.#emit(connectionOver(event, clock.now())))
        : undefined,
    };
    this.#doors = new Doors({
      config,
      runtime,
      endpoints: this.#registry,
      mounts: this.#mounts,
      ingresses: { accountOf: (name) => this.#ingresses.accountOf(name) },
      ports: this.#ports,
      visitors: this.#visitors,
      raw: this.#raw,
      comeback: this.#comeback,
      acceptAgent: (conn) => this.#acceptVia(conn),
      api: () => this.#api,
      onFailed: (...failure) => this.#onHandshakeFailed(...failure),
    });
  }

  get addresses(): EdgeAddresses {
    const { addresses } = this.#doors;
    return this.#opsDoor ? { ...addresses, metrics: this.#opsDoor.address } : addresses;
  }

  get domains(): readonly string[] {
    return this.#config.domains;
  }

  get region(): string {
    return this.#config.region;
  }

  get publicPorts(): EdgeInside["publicPorts"] {
    const { http, https } = this.#ports;
    return { http, https };
  }

  get tcpRange(): EdgeInside["tcpRange"] {
    return this.#config.tcp?.range;
  }

  get store(): EdgeInside["store"] {
    return this.#identity?.store;
  }

  get sealer(): EdgeInside["sealer"] {
    return this.#identity?.sealer;
  }

  get ownerAccountId(): string | undefined {
    return this.#owner?.accountId;
  }

  get newAuthtoken(): string | undefined {
    return this.#owner?.newAuthtoken;
  }

  get newApiKey(): string | undefined {
    return this.#owner?.newApiKey;
  }

  get apiUrl(): string | undefined {
    const { https, http } = this.#ports;
    const { api } = this.addresses;
    if (this.#config.embedded) return undefined;
    const host = apiHost(this.domain);
    if (https !== undefined) return publicUrl("https", host, https);
    if (http !== undefined) return publicUrl("http", host, http);
    return api && `http://${formatAddress(api)}`;
  }

  get connectAddress(): string | undefined {
    const { agents, https } = this.addresses;
    const door = agents ?? (this.#config.embedded ? undefined : https);
    if (!door) return undefined;
    if (isLoopback(door.host)) return formatAddress(door);
    const port = agents ? agents.port : this.#ports.https;
    return `connect.${this.domain}:${port}`;
  }

  get caPem(): string | undefined {
    return this.#certificates?.caPem;
  }

  get caPath(): string | undefined {
    return this.#certificates?.caPath;
  }

  async open(): Promise<void> {
    const { https, tls, agents, embedded } = this.#config;
    if (!embedded) await this.#openIdentity();
    await this.#watch.openAccessLog();
    if (this.#identity) {
      await this.#comeback.expect(this.#identity.store);
      await this.#restrictions.open(this.#identity.store);
    }
    if (https || tls || agents) {
      this.#certificates = await openEdgeCertificates({
        config: this.#config,
        runtime: this.#runtime,
        identity: this.#identity,
        endpoints: this.#registry,
        ingresses: this.#ingresses,
        httpPort: () => this.#ports.http,
      });
      const { clock } = this.#runtime;
      const { revocations } = this.#certificates;
      if (!embedded) {
        mountCrl(this.#mounts, this.domains, revocations, { clock, logger: this.#logger });
        const { net } = this.#runtime;
        mountAddressList(this.#mounts, { ...this.#config, net, clock, logger: this.#logger });
      }
    }
    this.#side = await makeAgentsSide({
      config: this.#config,
      runtime: this.#runtime,
      identity: this.#identity,
      registry: this.#registry,
      tcpPorts: this.#doors.tcpPorts,
      connectAddress: () => this.connectAddress,
      ports: this.#ports,
      ownHosts: this.#ownHosts(),
      emit: (event) => this.#emit(event),
      onLost: (endpoints) => this.#onLost(endpoints),
      onBeat: (latencyMs) => this.#watch.roundTrip(latencyMs),
      onBound: (id) => {
        const endpoint = this.#registry.byId(id);
        if (endpoint) this.#comeback.heard(endpoint);
      },
      onTcpVisitor: (conn, endpoint) => this.#serveTcp(conn, endpoint),
    });
    await this.#doors.open(this.#certificates);
    this.#opsDoor = await this.#watch.openDoor();
    this.#owner = await this.#identity?.settleOwner();
    this.#endWatch = this.#watchStore();
    this.#certificates?.start();
    this.#isOpen = true;
    this.#opened.resolve();
  }

  async #openIdentity(): Promise<void> {
    const { host: { files }, clock, openSqlite } = this.#runtime;
    const { dataDir, authtoken, apiKey, masterKey, limits } = this.#config;
    const { store } = this.#identity = await openIdentity({
      files,
      openSqlite,
      clock,
      dataDir,
      authtoken,
      apiKey,
      masterKey,
    });
    this.#ingresses = new Ingresses(store, this.#logger);
    await this.#ingresses.refresh();
    const maxSessions = limits.maxSessionHistory;
    this.#history = new SessionHistory({ store, clock, logger: this.#logger, maxSessions });
  }

  /** The names that no endpoint gets. */
  #ownHosts(): Map<string, string> {
    const { domains, embedded } = this.#config;
    const hosts = new Map<string, string>();
    for (const domain of domains) {
      hosts.set(`connect.${domain}`, "agents connect to the edge there");
      if (embedded) continue;
      hosts.set(apiHost(domain), "the API of the edge is there");
      hosts.set(crlHost(domain), "the edge lists revoked certificates there");
    }
    return hosts;
  }

  #makeWatch(): Watch {
    return new Watch({
      config: this.#config,
      runtime: this.#runtime,
      edge: {
        sessions: () => (this.#side?.agents.sessions ?? []).map(measuredSession),
        trafficOf: (id) => this.#registry.byId(id)?.traffic,
        visitors: () => this.#visitors.size,
        certificates: () => this.#certificates?.measured() ?? [],
      },
      notReady: () => {
        if (this.#closed) return "it is shutting down";
        return this.#isOpen ? undefined : "it is starting";
      },
    });
  }

  async reconfigure(options: EdgeOptions): Promise<Reconfigured> {
    const done = reconfigure(this.#config, resolveEdgeOptions(options));
    if (done.changed.includes("access_log")) await this.#watch.openAccessLog();
    return done;
  }

  get ops(): EdgeInside["ops"] {
    return this.#config.embedded ? undefined : this.#watch;
  }

  #watchStore(): (() => void) | undefined {
    const store = this.#identity?.store;
    return store && watchStore({
      store,
      clock: this.#runtime.clock,
      logger: this.#logger,
      everyMs: this.#config.limits.storeWatchMs,
      onChanged: () => void this.identityChanged(),
    });
  }

  #onExchange(ended: ExchangeEnded): void {
    const over = exchangeOver(ended, this.#runtime.clock.now());
    this.#emit(over);
    this.#watch.exchange(over, ended);
  }

  #onHandshakeFailed(door: TlsDoorName, clientAddr: string, reason: ErrorCode): void {
    const atMs = this.#runtime.clock.now();
    this.#emit({ type: "handshake_failed", atMs, door, clientAddr, reason });
  }

  mountApi(serve: HostServer, atItsDoor: HostServer = serve): void {
    this.#api = atItsDoor;
    for (const domain of this.domains) this.#mounts.mount(apiHost(domain), serve);
  }

  certificates(): CertificateRecord[] {
    return this.#certificates?.records() ?? [];
  }

  certificateOf(name: string): CertificateRecord | undefined {
    return this.#certificates?.recordOf(name);
  }

  async chainOf(name: string): Promise<string | undefined> {
    return await this.#certificates?.chainOf(name);
  }

  async reloadCertificates(): Promise<void> {
    await this.#certificates?.reload();
  }

  async identityChanged(change?: IdentityChange): Promise<void> {
    // First: it says for which names certificates are wanted.
    await this.#ingresses.refresh();
    await Promise.all([
      this.#certificates?.changed(),
      this.#side?.enforcement?.changed(change),
      this.#side?.policies.changed(change?.accountId),
      this.#restrictions.changed(change?.accountId),
    ]);
  }

  #serveTcp(conn: Conn, endpoint: Endpoint): void {
    serveRaw(conn, endpoint, false, this.#raw).catch((thrown) => {
      const { message } = toTunnelError(thrown);
      this.#logger.log("error", "visitor was dropped", { url: endpoint.url, err: message });
      conn.abort(thrown);
    });
  }

  acceptAgent(carrier: Duplex, remote: Address = LOOPBACK): void {
    this.#accept(carrier, remote, undefined);
  }

  /** An agent that came through a door: by a name that may be for its account alone. */
  #acceptVia(conn: Conn): void {
    const name = conn.tls?.serverName?.toLowerCase().replace(/\.$/, "");
    this.#accept(conn, conn.remote, name && this.#ingresses.accountOf(name));
  }

  #accept(carrier: Duplex, remote: Address, onlyAccountId: string | undefined): void {
    if (!this.#isOpen && !this.#closed) {
      // Through a door, before all of them are open: its token may not be in the store yet.
      void this.#opened.promise.then(() => this.#accept(carrier, remote, onlyAccountId));
      return;
    }
    if (this.#side && !this.#closed) {
      return this.#side.agents.accept(carrier, remote, onlyAccountId);
    }
    carrier.abort(new TunnelError("session_closed", "Cannot take an agent: the edge is closed"));
  }

  endpoints(): EndpointInfo[] {
    return Array.from(this.#registry.all(), endpointInfo);
  }

  labeledTunnels(): readonly LabeledTunnel[] {
    return this.#side?.places.labeled ?? [];
  }

  sessions(): SessionInfo[] {
    const sessions = this.#side?.agents.sessions ?? [];
    return sessions.map((session) => sessionInfo(session, this.#side!.places.endpointsOf(session)));
  }

  async commandSession(id: string, command: "stop" | "restart"): Promise<void> {
    await this.#command(id, command, undefined);
  }

  async updateSession(id: string, wish: UpdateWish = {}): Promise<void> {
    await this.#command(id, "update", wish);
  }

  #command(id: string, name: CommandName, update: UpdateWish | undefined): Promise<void> {
    const { clock } = this.#runtime;
    const timeoutMs = this.#config.limits.commandMs;
    return commandAgent(this.#session(id), name, { clock, timeoutMs, update });
  }

  async closeSession(id: string): Promise<void> {
    await this.#session(id).close("the session was closed by the edge");
  }

  #session(id: string): AgentSession {
    const session = this.#side?.agents.session(id);
    if (session) return session;
    throw new TunnelError("not_found", `Cannot reach the session "${id}": it is not connected`);
  }

  stopEndpoint(id: string, message: string, ngrokCode?: number): void {
    const endpoint = this.#registry.byId(id);
    if (!endpoint) {
      throw new TunnelError("not_found", `Cannot stop the endpoint "${id}": it is not online`);
    }
    const { members } = endpoint;
    this.#side!.places.takeOffline(endpoint);
    // No Unbind will come (wire-protocol 5.8). One leg is told: they share their endpoints.
    const [first] = [...members].sort((a, b) => a.legNumber - b.legNumber);
    const session = first && this.#side?.agents.session(first.id);
    if (session) announceStop(session, id, message, ngrokCode, this.#runtime.clock);
  }

  close(options: CloseOptions = {}): Promise<void> {
    if (!this.#closed) {
      // with the doors closed nothing else may keep the program alive, and the waits are not over
      const letGo = this.#runtime.host.keepAlive();
      const graceMs = options.graceMs ?? this.#config.limits.closeGraceMs;
      this.#closed = this.#close(graceMs).finally(letGo);
    }
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    const { clock } = this.#runtime;
    const untilMs = clock.steady() + graceMs;
    this.#opened.resolve();
    this.#endWatch?.();
    this.#comeback.close();
    await this.#certificates?.close();
    await this.#doors.close();
    await this.#rememberNames();
    await this.#visitors.drain(graceMs);
    await this.#side?.agents.close(Math.max(0, untilMs - clock.steady()));
    await this.#opsDoor?.close();
    await this.#watch.close();
    await this.#history?.flush();
    await this.#identity?.store.close();
  }

  async #rememberNames(): Promise<void> {
    if (!this.#identity || !this.#isOpen) return;
    try {
      await this.#comeback.remember(this.#identity.store, this.#registry.all());
    } catch (thrown) {
      const err = toTunnelError(thrown).message;
      this.#logger.log("warn", "names that are online were not written down", { err });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Nobody waits for a name that others serve. */
  #onLost(endpoints: readonly AgentEndpoint[]): void {
    this.#comeback.lost(
      endpoints.filter(({ proto, host }) => !this.#registry.find(proto, host)),
    );
  }

  #emit(event: EdgeEvent): void {
    this.#history?.hear(event);
    this.#watch.hear(event);
    const started = event.type === "endpoint_started" && this.#registry.byId(event.endpointId);
    if (started) this.#comeback.arrived(started);
    try {
      this.#config.onEvent?.(event);
    } catch (thrown) {
      // A listener's fault is told aside and never stops traffic.
      const err = thrown instanceof Error ? thrown.message : String(thrown);
      this.#logger.log("error", "event listener failed", { event: event.type, err });
    }
  }
}

/** The name of the API under a base domain. */
function apiHost(domain: string): string {
  return `api.${domain}`;
}
