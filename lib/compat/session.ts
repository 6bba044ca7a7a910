/**
 * Sessions as `@ngrok/ngrok` has them: built option by option, with handlers for what the edge asks.
 *
 * @module
 */
import type { Agent } from "../agent/agent.ts";
import type { CommandHandlers } from "../agent/commands.ts";
import type { AgentOptions } from "../agent/config.ts";
import type { AgentEvent } from "../agent/events.ts";
import { decodeText, randomHex } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import {
  HttpListenerBuilder,
  LabeledListenerBuilder,
  TcpListenerBuilder,
  TlsListenerBuilder,
} from "./builders.ts";
import { type Config, endpointOptions } from "./config.ts";
import { Listener } from "./listener.ts";

/** A connected agent, and whether its edge is on this machine. */
export interface Connected {
  /** The agent. */
  readonly agent: Agent;
  /** Whether the edge was started in this program, without certificates. */
  readonly isLocal: boolean;
}

/** What sessions need of the program around them. */
export interface SessionContext {
  /** Connects, to an edge on this machine when the options name none. */
  readonly connect: (options: AgentOptions) => Promise<Connected>;
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** The authtoken for sessions that were given none. */
  readonly defaultAuthtoken: () => string | undefined;
  /** A new session is there, until it is closed. */
  readonly onSession: (session: Session) => void;
}

/** The authtoken of the environment; ours comes first. */
export function envAuthtoken(env: (name: string) => string | undefined): string | undefined {
  return env("SALLYPORT_AUTHTOKEN") || env("NGROK_AUTHTOKEN");
}

/**
 * Gives an error the `errorCode` that scripts look at.
 *
 * @param thrown by an agent
 */
export function withErrorCode(thrown: unknown): unknown {
  if (thrown instanceof TunnelError && thrown.ngrokCode !== undefined) {
    return Object.assign(thrown, { errorCode: `ERR_NGROK_${thrown.ngrokCode}` });
  }
  return thrown;
}

/** What the edge wants the program updated to. */
export class UpdateRequest {
  /** The version. */
  version: string;
  /** Whether it may be another major version. */
  permitMajorVersion: boolean;

  /**
   * Made for handlers.
   *
   * @param version the version
   * @param permitMajorVersion whether it may be another major version
   */
  constructor(version: string, permitMajorVersion: boolean) {
    this.version = version;
    this.permitMajorVersion = permitMajorVersion;
  }
}

/** Builds a session. */
export class SessionBuilder {
  readonly #context: SessionContext;
  #options: AgentOptions = {};
  #commands: CommandHandlers = {};
  #onLost: ((addr: string, error: string) => boolean) | undefined;
  #onBeat: ((latencyMs: number) => void) | undefined;
  #onEvent: ((event: AgentEvent) => void) | undefined;

  /**
   * Nothing is said yet.
   *
   * @param context the program around it
   */
  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** The secret that identifies the account. */
  authtoken(authtoken: string): this {
    return this.#set({ authtoken });
  }

  /** Takes it from `SALLYPORT_AUTHTOKEN` or `NGROK_AUTHTOKEN`. */
  authtokenFromEnv(): this {
    return this.#set({ authtoken: envAuthtoken(this.#context.env) });
  }

  /** Names the program around the library. */
  clientInfo(clientType: string, version: string, comments?: string | null): this {
    return this.#set({ userAgent: `${clientType}/${version}${comments ? ` (${comments})` : ""}` });
  }

  /** Seconds between heartbeats. */
  heartbeatInterval(seconds: number): this {
    return this.#set({ heartbeatIntervalMs: seconds * 1_000 });
  }

  /** Seconds of silence after which the edge counts as gone. */
  heartbeatTolerance(seconds: number): this {
    return this.#set({ heartbeatToleranceMs: seconds * 1_000 });
  }

  /** Text kept with the session. */
  metadata(metadata: string): this {
    return this.#set({ metadata });
  }

  /** The edge: `host:port`. */
  serverAddr(connectUrl: string): this {
    return this.#set({ connectUrl });
  }

  /** Who vouches for the edge: `trusted`, `host` or the path of a PEM file. */
  rootCas(connectCas: string): this {
    return this.#set({ connectCas });
  }

  /** Who vouches for the edge: PEM text. */
  caCert(certBytes: Uint8Array): this {
    return this.#set({ connectCas: decodeText(certBytes) });
  }

  /** Called when the session is lost; `false` gives it up. */
  handleDisconnection(handler: (addr: string, error: string) => boolean): this {
    this.#onLost = handler;
    return this;
  }

  /** Called when the edge asks the program to stop. */
  handleStopCommand(stop: () => void): this {
    this.#commands = { ...this.#commands, stop };
    return this;
  }

  /** Called when the edge asks the program to restart. */
  handleRestartCommand(restart: () => void): this {
    this.#commands = { ...this.#commands, restart };
    return this;
  }

  /** Called when the edge asks the program to update itself. */
  handleUpdateCommand(handler: (update: UpdateRequest) => void): this {
    this.#commands = {
      ...this.#commands,
      update: (request) => handler(new UpdateRequest(request.Version, request.PermitMajorVersion)),
    };
    return this;
  }

  /** Called with the milliseconds of each heartbeat. */
  handleHeartbeat(handler: (latencyMs: number) => void): this {
    this.#onBeat = handler;
    return this;
  }

  /** Called with each event of the agent; our own addition. */
  handleEvent(handler: (event: AgentEvent) => void): this {
    this.#onEvent = handler;
    return this;
  }

  /** Takes options as our own agent has them; our own addition. */
  agentOptions(options: AgentOptions): this {
    return this.#set(options);
  }

  /** Connects. */
  async connect(): Promise<Session> {
    const { authtoken = this.#context.defaultAuthtoken(), connectUrl = "" } = this.#options;
    let giveUp = () => {};
    const onEvent = (event: AgentEvent) => {
      this.#onEvent?.(event);
      if (event.type === "heartbeat_received") this.#onBeat?.(event.latencyMs);
      if (event.type !== "session_lost" && event.type !== "session_failed") return;
      if (this.#onLost?.(connectUrl, event.message) === false) giveUp();
    };
    try {
      const connected = await this.#context.connect({
        ...this.#options,
        ...authtoken !== undefined && { authtoken },
        commands: this.#commands,
        onEvent,
      });
      giveUp = () => void connected.agent.close({ graceMs: 0 });
      const session = new Session(connected, this.#context);
      this.#context.onSession(session);
      return session;
    } catch (thrown) {
      throw withErrorCode(thrown);
    }
  }

  #set(more: AgentOptions): this {
    this.#options = { ...this.#options, ...more };
    return this;
  }
}

/** A session with an edge. */
export class Session {
  readonly #agent: Agent;
  readonly #isLocal: boolean;
  readonly #context: SessionContext;
  readonly #listeners: Map<string, Listener> = new Map();

  /**
   * Made by {@linkcode SessionBuilder.connect}.
   *
   * @param connected the agent behind it
   * @param context the program around it
   */
  constructor(connected: Connected, context: SessionContext) {
    this.#agent = connected.agent;
    this.#isLocal = connected.isLocal;
    this.#context = context;
  }

  /** Settles when it is over. */
  get closed(): Promise<unknown> {
    return this.#agent.closed;
  }

  /** Begins an https or http endpoint. */
  httpEndpoint(): HttpListenerBuilder {
    return new HttpListenerBuilder("http", (config) => this.make(config));
  }

  /** Begins a tcp endpoint. */
  tcpEndpoint(): TcpListenerBuilder {
    return new TcpListenerBuilder("tcp", (config) => this.make(config));
  }

  /** Begins a tls endpoint. */
  tlsEndpoint(): TlsListenerBuilder {
    return new TlsListenerBuilder("tls", (config) => this.make(config));
  }

  /** Begins a listener with labels, which cannot be made. */
  labeledListener(): LabeledListenerBuilder {
    return new LabeledListenerBuilder("labeled", (config) => this.make(config));
  }

  /** The listeners that are not closed. */
  listeners(): Promise<Listener[]> {
    return Promise.resolve([...this.#listeners.values()]);
  }

  /** Closes one. */
  async closeListener(id: string): Promise<void> {
    await this.#listeners.get(id)?.close();
  }

  /** Ends it. */
  close(): Promise<void> {
    return this.#agent.close({ graceMs: 0 });
  }

  /** Makes the listener that options describe. */
  async make(config: Config): Promise<Listener> {
    const { upstreamTlsVerify, upstreamProtocol, upstreamProxyProtocol, ...options } =
      endpointOptions(config, this.#isLocal);
    try {
      const endpoint = await this.#agent.listen({
        ...options,
        ...{ upstreamProtocol, upstreamProxyProtocol },
        forwardsTo: config.forwards_to,
      });
      const folder = this.#context.env("TMPDIR") || "/tmp";
      const listener = new Listener({
        endpoint,
        forwardsTo: config.forwards_to,
        upstream: { upstreamTlsVerify },
        socketPath: `${folder.replace(/\/$/, "")}/sallyport-${randomHex(8)}.sock`,
      });
      this.#listeners.set(listener.id(), listener);
      void endpoint.closed.then(() => this.#listeners.delete(endpoint.id));
      return listener;
    } catch (thrown) {
      throw withErrorCode(thrown);
    }
  }
}
