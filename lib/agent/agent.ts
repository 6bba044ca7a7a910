/**
 * The agent: keeps a session with an edge for ever, with endpoints on it and their visitors. The
 * command line and the library's door call {@linkcode connect}.
 *
 * @module
 */
import { abortError, sleep } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { followEvents, type FollowOptions } from "../base/event_queue.ts";
import type { ExchangeStore } from "../inspect/exchange_store.ts";
import type { Runtime } from "../runtime/host.ts";
import type { TlsServerOptions } from "../runtime/net.ts";
import { formatHostPort } from "./address.ts";
import { Announcer } from "./announcer.ts";
import {
  BAD_COOKIE_CODE,
  buildAuthRequest,
  isFinal,
  isPassing,
  NEW_SESSION,
  type SessionInfo,
  type SessionTicket,
} from "./auth.ts";
import type { BindWish } from "./bind.ts";
import type { CommandName } from "./commands.ts";
import {
  type AgentConfig,
  type AgentOptions,
  type ForwardOptions,
  resolveAgentOptions,
} from "./config.ts";
import { createDialer, createLegDialer, type Dialer } from "./dial.ts";
import type { AgentEnd } from "./end.ts";
import type { AgentEndpoint, OwnEndpoint } from "./endpoint.ts";
import { Endpoints } from "./endpoints.ts";
import type { AgentEvent, AgentListener } from "./events.ts";
import { openFileServer } from "./file_server.ts";
import { Inspector } from "./inspector.ts";
import { type LegAddress, Legs } from "./legs.ts";
import {
  type AcceptOptions,
  ConnectionQueue,
  type ForwardToOptions,
  type ListenEndpointOptions,
  type ListeningEndpoint,
  passOn,
} from "./listen.ts";
import { moduleOptions } from "./modules.ts";
import { Pace } from "./pace.ts";
import { HandlerService, type ServeApp, type ServeHandler, type ServeOptions } from "./serve.ts";
import { replay } from "./replay.ts";
import type { ReplayEdits } from "./replay_request.ts";
import { enterService, type Service } from "./service.ts";
import { openSession, type Session } from "./session.ts";
import { readAgentTermination } from "./tls_termination.ts";
import { hostOf, parseUpstream, refuseElsewhere, type Upstream } from "./upstream.ts";
import { dialUpstream, upstreamTls } from "./upstream_dial.ts";
import { Visitors } from "./visitors.ts";
import { watchForMove, watchForWake } from "./wake.ts";
import { readServiceWish, readWish } from "./wish.ts";

/** What an agent is doing. */
export type AgentState =
  | "connecting"
  | "online"
  | "reconnecting"
  | "closing"
  | "closed";

/** How an agent is closed. */
export interface CloseOptions {
  /** How long visitors' connections that are in use may take to finish. @default {10000} */
  readonly graceMs?: number;
}

/** A session with an edge, and the endpoints on it. */
export interface Agent extends AsyncDisposable {
  /** What it is doing. */
  readonly state: AgentState;
  /** What the edge said when it last accepted us. */
  readonly session: SessionInfo;
  /** Round trip of the last heartbeat; `undefined` while there is none. */
  readonly latencyMs: number | undefined;
  /** The endpoints, in the order they were made. */
  readonly endpoints: readonly AgentEndpoint[];
  /** The exchanges that are kept for inspection; `undefined` when none are. */
  readonly exchanges: ExchangeStore | undefined;
  /**
   * Puts a local service on a public URL. While the edge cannot be reached it waits.
   *
   * @throws {TunnelError} refused with the server's text and number; address_invalid,
   * config_invalid; session_closed when the agent ends before
   */
  forward(options: ForwardOptions): Promise<AgentEndpoint>;
  /**
   * Puts this program itself on a public URL: visitors' connections are taken one by one, with no
   * local port. For tcp unless `proto` or `url` says otherwise.
   *
   * @throws {TunnelError} as {@linkcode Agent.forward}
   */
  listen(options?: ListenEndpointOptions): Promise<ListeningEndpoint>;
  /**
   * Gives a fetch handler, or an app with one, a public URL, with no local port: requests are parsed
   * in this program, bodies stream both ways.
   *
   * @throws {TunnelError} as {@linkcode Agent.forward}
   * @throws {TypeError} when it is no handler
   */
  serve(handler: ServeHandler | ServeApp, options?: ServeOptions): Promise<AgentEndpoint>;
  /** The events from now on, to be read one by one. Ends with the agent. */
  events(options?: FollowOptions<AgentEvent>): AsyncIterableIterator<AgentEvent>;
  /**
   * Sends a request that is kept once more, straight to its service; it goes on by itself.
   *
   * @param exchangeId which
   * @param edits what differs
   * @returns the id of the new exchange
   * @throws {TunnelError} not_found when it, or its endpoint, is gone; http_invalid when it cannot be
   * sent so; what keeps the service from being reached
   */
  replay(exchangeId: string, edits?: ReplayEdits): Promise<string>;
  /** Calls `listener` for each event from now on, until the returned function is called. */
  subscribe(listener: AgentListener): () => void;
  /** Takes no new visitors, lets those in use finish, then says goodbye. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
  /** Settles (never rejects) when it is over. */
  readonly closed: Promise<AgentEnd>;
}

/** How long a closing agent waits for connections in use, unless told otherwise. */
const GRACE_MS = 10_000;

/** How long an edge may take to show life after this machine slept. */
const WAKE_PING_MS = 3_000;

/** An agent that has not begun. */
export interface PreparedAgent {
  /** It is `connecting` until it is online; closing it ends it, begun or not. */
  readonly agent: Agent;
  /** Begins to connect; settles as {@linkcode connect} does. */
  readonly start: () => Promise<void>;
}

/** What is known of a session before there is one. */
const NO_SESSION: SessionInfo = {
  sessionId: "",
  agentSessionId: "",
  serverVersion: "",
  region: "",
  accountName: "",
  planName: "",
  banner: "",
  deprecation: "",
  sessionDurationS: 0,
};

/**
 * Connects an agent to an edge. Settles when the edge has accepted it; what may pass by itself (no
 * network yet, an edge that restarts) is waited for, what cannot pass rejects.
 *
 * @param options where the edge is and who we are; `runtime` has no default here
 * @throws {TunnelError} refused with the edge's text and `ngrokCode`; tls_untrusted,
 * tls_name_mismatch, tls_expired; config_invalid, address_invalid; aborted
 */
export async function connect(
  options: AgentOptions & { readonly runtime: Runtime },
): Promise<Agent> {
  const { agent, start } = await prepareAgent(options);
  await start();
  return agent;
}

/**
 * Makes an agent that can be looked at before it is online: the agent's API shows it connecting.
 *
 * @param options as for {@linkcode connect}
 * @throws {TunnelError} config_invalid, address_invalid
 */
export async function prepareAgent(
  options: AgentOptions & { readonly runtime: Runtime },
): Promise<PreparedAgent> {
  const config = resolveAgentOptions(options);
  const announcer = new Announcer(options.runtime.clock, config.logger);
  if (options.onEvent) announcer.subscribe(options.onEvent);
  const dialer = await createDialer(config, options.runtime);
  const agent = new RunningAgent(config, options.runtime, announcer, dialer);
  return { agent, start: () => agent.start() };
}

class RunningAgent implements Agent {
  readonly closed: Promise<AgentEnd>;
  readonly #config: AgentConfig;
  readonly #runtime: Runtime;
  readonly #announcer: Announcer;
  readonly #dialer: Dialer;
  readonly #pace: Pace;
  readonly #endpoints: Endpoints;
  readonly #visitors: Visitors;
  readonly #inspector: Inspector | undefined;
  readonly #legs: Legs;
  readonly #stop: AbortController = new AbortController();
  readonly #ready: Promise<void>;
  #state: AgentState = "connecting";
  #session: Session | undefined;
  #info: SessionInfo | undefined;
  #ticket: SessionTicket = NEW_SESSION;
  #hurry: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #release: (() => void)[] = [];
  #setClosed!: (end: AgentEnd) => void;
  #setReady!: () => void;
  #failReady!: (error: TunnelError) => void;

  constructor(
    config: AgentConfig,
    runtime: Runtime,
    announcer: Announcer,
    dialer: Dialer,
  ) {
    const { clock, net } = runtime;
    const { logger, backoff } = config;
    this.#config = config;
    this.#runtime = runtime;
    this.#announcer = announcer;
    this.#dialer = dialer;
    this.#pace = new Pace(backoff);
    this.#inspector = config.inspectBytes < 0
      ? undefined
      : new Inspector(config.inspectBytes, clock, logger, runtime.codecs);
    this.#endpoints = new Endpoints({ clock, logger, announcer, backoff });
    this.#visitors = new Visitors(this.#endpoints, {
      net,
      clock,
      logger,
      report: announcer.report,
      inspector: this.#inspector,
    });
    this.#legs = new Legs({
      clock,
      logger,
      backoff,
      open: (leg, ticket, signal) => this.#openLeg(leg, ticket, signal),
      attach: (session) => this.#endpoints.attachLeg(session),
      detach: (session) => this.#endpoints.detachLeg(session),
    });
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    this.#ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.#failReady = reject;
    });
    // whoever starts it awaits it; one that is closed before it began has nobody to tell
    this.#ready.catch(() => undefined);
  }

  get state(): AgentState {
    return this.#state;
  }

  get session(): SessionInfo {
    return this.#info ?? NO_SESSION;
  }

  get latencyMs(): number | undefined {
    return this.#session?.latencyMs;
  }

  get exchanges(): ExchangeStore | undefined {
    return this.#inspector?.exchanges;
  }

  get endpoints(): readonly AgentEndpoint[] {
    return this.#endpoints.all;
  }

  subscribe(listener: AgentListener): () => void {
    return this.#announcer.subscribe(listener);
  }

  events(options: FollowOptions<AgentEvent> = {}): AsyncIterableIterator<AgentEvent> {
    return followEvents((listener) => this.subscribe(listener), options, this.closed);
  }

  async forward(options: ForwardOptions): Promise<AgentEndpoint> {
    const wish = readWish(options);
    refuseElsewhere(wish.upstream, this.#runtime.host.os);
    const service = await this.#serviceOf(wish.upstream);
    const endpoint = await this.#add(wish, service?.enter);
    if (service) void endpoint.closed.then(() => service.drain());
    return endpoint;
  }

  async serve(
    handler: ServeHandler | ServeApp,
    options: ServeOptions = {},
  ): Promise<AgentEndpoint> {
    const { limits, onError, ...rest } = options;
    const { logger } = this.#config;
    const { clock } = this.#runtime;
    const service = new HandlerService(handler, { clock, logger, limits, onError });
    const endpoint = await this.#add(readServiceWish(rest, "http"), service.enter);
    void endpoint.closed.then(() => service.drain());
    return endpoint;
  }

  async listen(options: ListenEndpointOptions = {}): Promise<ListeningEndpoint> {
    const { backlog, ...rest } = options;
    const queue = new ConnectionQueue(this.#runtime.clock, backlog);
    const endpoint = await this.#add(readServiceWish(rest), queue.enter);
    void endpoint.closed.then(() => queue.close());
    return Object.assign(endpoint, {
      accept: (wait?: AcceptOptions) => queue.accept(wait),
      forwardTo: (addr: string | number, tls: ForwardToOptions = {}) =>
        this.#forwardTo(endpoint, queue, addr, tls),
      async *[Symbol.asyncIterator]() {
        for (let conn; (conn = await queue.accept());) yield conn;
      },
    });
  }

  async #forwardTo(
    endpoint: OwnEndpoint,
    queue: ConnectionQueue,
    addr: string | number,
    options: ForwardToOptions,
  ): Promise<void> {
    const { files } = this.#runtime.host;
    const { kind } = endpoint.target.upstream;
    const upstream = parseUpstream(addr, kind);
    const tls = await upstreamTls(upstream, { addr, ...options }, files);
    const service = await this.#serviceOf(upstream);
    if (service) void endpoint.closed.then(() => service.drain());
    endpoint.redirect({ upstream, tls, service: service?.enter });
    const { target } = endpoint;
    const { net } = this.#runtime;
    queue.pour((conn) => {
      const left = new AbortController();
      void conn.closed.then(() => left.abort());
      void passOn(
        conn,
        () =>
          service
            ? Promise.resolve(
              enterService(
                service.enter,
                formatHostPort(conn.remote.host, conn.remote.port),
                conn.url,
              ),
            )
            : dialUpstream(target, conn, net, left.signal),
      );
    });
  }

  async #add(asked: BindWish, service?: Service): Promise<OwnEndpoint> {
    const { signal, ...others } = asked.options;
    if (signal?.aborted) throw abortError(signal);
    const wish = { ...asked, options: others };
    const { upstream } = wish;
    const { files } = this.#runtime.host;
    const tls = service ? undefined : await upstreamTls(upstream, wish.options, files);
    const modules = await moduleOptions(
      wish.options.modules ?? {},
      upstream.kind,
      files,
      hostOf(upstream),
    );
    const termination = await this.#terminationOf(wish);
    if (this.#closing) {
      throw new TunnelError(
        "session_closed",
        `Cannot forward to "${upstream.display}": the agent is closed`,
      );
    }
    const endpoint = this.#endpoints.add({
      ...wish,
      name: wish.options.name,
      tls,
      termination,
      modules,
      service,
      store: this.#inspector?.exchanges,
      inspect: this.#inspector !== undefined && upstream.kind === "http" &&
        wish.options.inspect !== false,
    });
    if (signal) {
      const onAbort = () => void endpoint.close();
      signal.addEventListener("abort", onAbort, { once: true });
      void endpoint.closed.then(() => signal.removeEventListener("abort", onAbort));
      if (signal.aborted) onAbort();
    }
    try {
      await endpoint.ready;
    } catch (thrown) {
      throw signal?.aborted ? abortError(signal) : thrown;
    }
    return endpoint;
  }

  /** What serves a directory; other upstreams are dialled. */
  async #serviceOf({ scheme, path }: Upstream): Promise<HandlerService | undefined> {
    if (scheme !== "file" || path === undefined) return undefined;
    const { clock, host } = this.#runtime;
    return await openFileServer(path, { clock, host, logger: this.#config.logger });
  }

  async replay(exchangeId: string, edits: ReplayEdits = {}): Promise<string> {
    const inspector = this.#inspector;
    const exchange = inspector?.exchanges.get(exchangeId);
    if (!inspector || !exchange) {
      throw new TunnelError("not_found", `Cannot repeat "${exchangeId}": it is not kept`);
    }
    const name = edits.endpointName ?? exchange.endpointName;
    const endpoint = this.#endpoints.all.find((one) => one.name === name);
    if (!endpoint) {
      throw new TunnelError(
        "not_found",
        `Cannot repeat "${exchangeId}": there is no endpoint "${name}" (any more)`,
      );
    }
    return await replay(exchange, endpoint.target, edits, {
      net: this.#runtime.net,
      clock: this.#runtime.clock,
      inspector,
      signal: this.#stop.signal,
      proxyVersion: endpoint.options.upstreamProxyProtocol,
      protocol: endpoint.options.upstreamProtocol,
    });
  }

  async #terminationOf({ upstream, options }: BindWish): Promise<TlsServerOptions | undefined> {
    const { agentTlsTermination: wish, modules } = options;
    if (!wish) return undefined;
    if (modules?.terminateAtEdge || modules?.mutualTlsCas) {
      throw new TunnelError(
        "config_invalid",
        "Cannot end TLS in the agent: it is to end at the edge already; choose one of them",
      );
    }
    const { host, net } = this.#runtime;
    return await readAgentTermination(wish, upstream.kind, host.files, net);
  }

  /** Begins to connect; settles with the first session. */
  start(): Promise<void> {
    if (this.#closing) return this.#ready;
    const { host, clock } = this.#runtime;
    this.#release.push(
      // between two connections nothing else may keep the program alive
      host.keepAlive(),
      watchForWake(clock, (gapMs) => void this.#wake(gapMs)),
      watchForMove(clock, () => host.interfaces(), () => void this.#move()),
    );
    const { signal } = this.#config;
    if (signal) {
      const onAbort = () => void this.close({ graceMs: 0 });
      signal.addEventListener("abort", onAbort, { once: true });
      this.#release.push(() => signal.removeEventListener("abort", onAbort));
      if (signal.aborted) onAbort();
    }
    this.#running = this.#run();
    return this.#ready;
  }

  /** Connect, hold, connect again. Never throws. */
  async #run(): Promise<void> {
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      let delayMs = 0;
      try {
        const session = await this.#open();
        attempt = 0;
        delayMs = this.#pace.afterLoss(await this.#hold(session));
      } catch (thrown) {
        if (this.#stop.signal.aborted) return;
        const error = toTunnelError(thrown, "connection_closed");
        if (isFinal(error, this.#info !== undefined)) {
          this.#closing ??= this.#shutDown(0, { reason: "refused", error });
          return;
        }
        this.#announcer.sessionFailed(error, attempt);
        delayMs = this.#reconsider(error) ? 0 : this.#pace.afterFailure();
      }
      if (!this.#closing) await this.#pause(delayMs, attempt + 1);
    }
  }

  #open(): Promise<Session> {
    const { signal } = this.#stop;
    return this.#openOn(this.#dialer, this.#ticket, 0, signal, (latencyMs) => {
      this.#announcer.report({ type: "heartbeat_received", latencyMs });
    });
  }

  async #openLeg(
    { address, number }: LegAddress,
    ticket: SessionTicket,
    signal: AbortSignal,
  ): Promise<Session> {
    const dialer = await createLegDialer(this.#config, this.#runtime, address);
    return await this.#openOn(dialer, ticket, number, signal, () => {});
  }

  async #openOn(
    dialer: Dialer,
    ticket: SessionTicket,
    legNumber: number,
    signal: AbortSignal,
    onBeat: (latencyMs: number) => void,
  ): Promise<Session> {
    const { clock, host } = this.#runtime;
    const config = this.#config;
    const carrier = await dialer(signal);
    const onStop = () => carrier.abort(signal.reason);
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) onStop();
    const opening = openSession(carrier, {
      clock,
      logger: config.logger,
      auth: buildAuthRequest(config, host, ticket, legNumber),
      answerTimeoutMs: config.connectTimeoutMs,
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      heartbeatToleranceMs: config.heartbeatToleranceMs,
      onBeat,
      onVisitor: (stream) => void this.#visitors.admit(stream),
      onStopEndpoint: (request) => this.#endpoints.stopByServer(request),
      commands: config.commands,
      onCommand: (name, error) => this.#obey(name, error),
    });
    return await opening.finally(() => signal.removeEventListener("abort", onStop));
  }

  /**
   * Lives with a session until it is over.
   *
   * @returns how long it lasted
   */
  async #hold(session: Session): Promise<number> {
    if (this.#stop.signal.aborted) {
      await session.close();
      return 0;
    }
    const { clock } = this.#runtime;
    const startedMs = clock.steady();
    const { info, ticket } = session.auth;
    const reconnected = this.#info !== undefined;
    this.#session = session;
    this.#info = info;
    this.#ticket = { ...ticket, cookie: ticket.cookie || this.#ticket.cookie };
    if (!this.#closing) this.#state = "online";
    this.#announcer.sessionEstablished(info, reconnected);
    this.#setReady();
    this.#endpoints.attach(session);
    if (this.#config.furtherLegs && !this.#closing) {
      this.#legs.settle(this.#ticket, session.auth.connectAddresses);
    }
    const { error } = await session.closed;
    this.#session = undefined;
    this.#endpoints.detach();
    const lastedMs = clock.steady() - startedMs;
    if (!this.#closing) {
      this.#state = "reconnecting";
      const reason = error ??
        new TunnelError("session_closed", "The edge ended the session");
      this.#announcer.sessionLost(reason, lastedMs);
    }
    return lastedMs;
  }

  /**
   * A refusal that may be about the session we want to continue: ask for a new one from now on.
   *
   * @returns whether to ask at once
   */
  #reconsider(error: TunnelError): boolean {
    if (
      error.code !== "refused" || this.#ticket === NEW_SESSION ||
      isPassing(error)
    ) return false;
    this.#ticket = NEW_SESSION;
    return error.ngrokCode === BAD_COOKIE_CODE;
  }

  async #pause(delayMs: number, attempt: number): Promise<void> {
    this.#announcer.reconnectScheduled(delayMs, attempt);
    if (delayMs === 0) return;
    const hurry = new AbortController();
    this.#hurry = () => hurry.abort();
    const signal = AbortSignal.any([hurry.signal, this.#stop.signal]);
    // ended early by waking up or by closing: either way the pause is over
    await sleep(this.#runtime.clock, delayMs, signal).catch(() => undefined);
    this.#hurry = undefined;
  }

  async #wake(gapMs: number): Promise<void> {
    this.#config.logger.log("info", "time has jumped, checking the session", {
      obj: "csess",
      gapMs: Math.round(gapMs),
    });
    await this.#checkSessions("The edge has not answered since this machine woke up");
  }

  async #move(): Promise<void> {
    this.#config.logger.log(
      "info",
      "the addresses of this machine have changed, checking the session",
      {
        obj: "csess",
      },
    );
    await this.#checkSessions(
      "The edge has not answered since the network of this machine changed",
    );
  }

  /** Ends what does not answer at once, and ends the wait for the next attempt. */
  async #checkSessions(words: string): Promise<void> {
    this.#hurry?.();
    const reason = new TunnelError("heartbeat_lost", words);
    this.#legs.wake(WAKE_PING_MS, reason);
    const session = this.#session;
    if (session && !await session.isAlive(WAKE_PING_MS)) session.abort(reason);
  }

  /** The edge asked for something, and the handler agreed or not. */
  #obey(command: CommandName, error: string): void {
    this.#announcer.commandReceived(command, error);
    if (error !== "" || command === "update") return;
    this.#closing ??= this.#shutDown(GRACE_MS, {
      reason: command === "stop" ? "stopped" : "restarted",
      error: undefined,
    });
  }

  close(options: CloseOptions = {}): Promise<void> {
    const graceMs = options.graceMs ?? GRACE_MS;
    return this.#closing ??= this.#shutDown(graceMs, {
      reason: "closed",
      error: undefined,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(graceMs: number, end: AgentEnd): Promise<void> {
    // the caller sets #closing with our promise: nothing may look at it before that
    await Promise.resolve();
    this.#state = "closing";
    const session = this.#session;
    if (session) {
      const over = new AbortController();
      void session.closed.then(() => over.abort());
      // Whoever shares the URL serves from now on; what is under way here may end.
      if (graceMs > 0) await this.#endpoints.leavePools(session);
      await this.#visitors.close(graceMs, over.signal);
    }
    const { signal } = this.#config;
    this.#stop.abort(
      signal?.aborted ? abortError(signal) : new TunnelError(
        "aborted",
        "The agent was closed before the edge had accepted it",
      ),
    );
    this.#endpoints.finishAll(end.error);
    await Promise.all([session?.close(), this.#legs.close()]);
    await this.#running;
    for (const release of this.#release.splice(0)) release();
    this.#state = "closed";
    this.#announcer.agentClosed(end);
    this.#failReady(end.error ?? toTunnelError(this.#stop.signal.reason));
    this.#setClosed(end);
  }
}
