/**
 * Sallyport puts a service that runs behind NAT or a firewall on a public URL. This is the door of
 * the library: everything a program needs, with the runtime it runs on filled in.
 *
 * - {@linkcode forward} puts one service on a URL, in one call
 * - {@linkcode serve} puts a fetch handler on a URL, with no local port
 * - {@linkcode listen} takes the connections of a URL, one by one
 * - {@linkcode connect} is a session with an edge, for several endpoints
 * - {@linkcode startEdge} is the server that owns the URLs
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { forward } from "./mod.ts";
 *
 * // without a connectUrl the URL works on this machine; with one it is the edge's
 * await using tunnel = await forward(8080);
 * assert.match(tunnel.url, /^http:\/\/[a-z0-9-]+\.localhost:[0-9]+$/);
 * ```
 *
 * @module
 */
import { type Agent, connect as connectAgent } from "./lib/agent/agent.ts";
import type { AgentOptions, ForwardOptions } from "./lib/agent/config.ts";
import type { AgentEndpoint, EndpointEnd } from "./lib/agent/endpoint.ts";
import type { EndpointUrl } from "./lib/agent/endpoint_url.ts";
import type {
  EndpointConnection,
  ListenEndpointOptions,
  ListeningEndpoint,
} from "./lib/agent/listen.ts";
import type { ServeHandler, ServeOptions } from "./lib/agent/serve.ts";
import type { UpstreamKind } from "./lib/agent/upstream.ts";
import { readServiceWish, readWish } from "./lib/agent/wish.ts";
import { type Duplex, pair } from "./lib/base/duplex.ts";
import type { EdgeOptions } from "./lib/edge/config.ts";
import { startEdge as startEdgeOn } from "./lib/edge/edge.ts";
import type { Edge } from "./lib/edge/edge_handle.ts";
import type { Runtime } from "./lib/runtime/host.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";

export * from "./lib/agent/mod.ts";
export { DEFAULT_EDGE_LIMITS } from "./lib/edge/mod.ts";
export type {
  CloseOptions as EdgeCloseOptions,
  ConnectionOver,
  DoorAddress,
  Edge,
  EdgeAddresses,
  EdgeEvent,
  EdgeLimits,
  EdgeOptions,
  EndpointEnded,
  EndpointInfo,
  EndpointMoved,
  EndpointProto,
  EndpointRefused,
  EndpointStarted,
  ExchangeOver,
  PortRange,
  SessionEnded,
  SessionInfo as EdgeSessionInfo,
  SessionRefused,
  SessionStarted,
  UpdateWish,
} from "./lib/edge/mod.ts";

/**
 * Connects an agent to an edge: one session, as many endpoints as you like.
 *
 * Settles when the edge has accepted it. What may pass by itself is waited for, what cannot (a wrong
 * token, a certificate nobody trusts) rejects.
 *
 * @param options where the edge is and who we are
 * @throws {TunnelError} refused with the edge's text and `ngrokCode`; tls_untrusted,
 * tls_name_mismatch, tls_expired; config_invalid, address_invalid; aborted
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { connect } from "./mod.ts";
 *
 * await assert.rejects(connect({ connectUrl: "https://edge.example.com" }), {
 *   code: "address_invalid",
 * });
 * ```
 */
export function connect(options: AgentOptions): Promise<Agent> {
  return connectAgent({ ...options, runtime: options.runtime ?? detectRuntime() });
}

/** One forwarded service, and the agent that was made for it. */
export interface Tunnel extends AsyncDisposable {
  /** The public URL. It stays the same across reconnects. */
  readonly url: string;
  /** The endpoint behind it. */
  readonly endpoint: AgentEndpoint;
  /** The agent, which has no other endpoint. */
  readonly agent: Agent;
  /** Lets visitors in use finish, then takes the URL down. Idempotent. */
  close(): Promise<void>;
  /** Settles (never rejects) when it is over. */
  readonly closed: Promise<EndpointEnd>;
}

/** What {@linkcode forward} can be told: how to connect, and what to ask for. */
export interface TunnelOptions
  extends Omit<AgentOptions, "metadata">, Omit<ForwardOptions, "addr" | "signal"> {}

/** What {@linkcode serve} can be told: how to connect, and what to ask for. */
export interface ServeTunnelOptions
  extends Omit<AgentOptions, "metadata">, Omit<ServeOptions, "signal"> {}

/** What {@linkcode listen} can be told: how to connect, and what to ask for. */
export interface ListenTunnelOptions
  extends Omit<AgentOptions, "metadata">, Omit<ListenEndpointOptions, "signal"> {}

/** What belongs to the session; everything else is about the endpoint. */
const SESSION_OPTIONS = [
  "connectUrl",
  "connectCas",
  "crlUrl",
  "crlNoverify",
  "authtoken",
  "connectTimeoutMs",
  "heartbeatIntervalMs",
  "heartbeatToleranceMs",
  "userAgent",
  "backoff",
  "furtherLegs",
  "commands",
  "dial",
  "inspectBytes",
  "logger",
  "onEvent",
  "signal",
  "runtime",
] as const satisfies readonly (keyof AgentOptions)[];

/**
 * Puts one local service on a URL: an agent and an endpoint in one call.
 *
 * Without `connectUrl` an edge is started in this process, on loopback: the URL works on this
 * machine, needs no account, and ends with the tunnel.
 *
 * @param addr your service: a port, `host:port` or URL
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode connect} and {@linkcode Agent.forward}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { forward } from "./mod.ts";
 *
 * await assert.rejects(forward("ftp://localhost", { connectUrl: "edge.example.com" }), {
 *   code: "address_invalid",
 * });
 * ```
 */
export async function forward(
  addr: string | number,
  options: TunnelOptions = {},
): Promise<Tunnel> {
  const [session, rest] = split(options);
  const wish: ForwardOptions = { addr, ...rest };
  const { wanted, upstream } = readWish(wish);
  const url = (local: string) => ({ ...wish, ...local && { url: local } });
  return await open(
    session,
    wanted,
    upstream.kind,
    wish.url,
    (agent, local) => agent.forward(url(local)),
  );
}

/**
 * Gives a fetch handler a public URL, with no local port at all: an agent and an endpoint in one
 * call. Bodies stream both ways; `request.signal` fires when the visitor goes away.
 *
 * @param handler answers requests; learns the visitor's address, and can upgrade to a WebSocket
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode connect} and {@linkcode Agent.serve}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { serve } from "./mod.ts";
 *
 * await using tunnel = await serve((request, { remote }) =>
 *   new Response(`${remote.host} asks for ${new URL(request.url).pathname}`)
 * );
 * assert.match(tunnel.url, /^http:\/\//);
 * ```
 */
export async function serve(
  handler: ServeHandler,
  options: ServeTunnelOptions = {},
): Promise<Tunnel> {
  const [session, { limits, ...rest }] = split(options);
  const { wanted, upstream } = readServiceWish(rest, "http");
  const wish: ServeOptions = { limits, ...rest };
  return await open(
    session,
    wanted,
    upstream.kind,
    rest.url,
    (agent, local) => agent.serve(handler, { ...wish, ...local && { url: local } }),
  );
}

/** A tunnel whose connections the program takes itself. */
export interface ListenTunnel extends Tunnel, AsyncIterable<EndpointConnection> {
  /** The endpoint behind it. */
  readonly endpoint: ListeningEndpoint;
}

/**
 * Takes visitors' connections in this program: an agent and an endpoint in one call. For tcp unless
 * `proto` or `url` says otherwise.
 *
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode connect} and {@linkcode Agent.listen}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { listen } from "./mod.ts";
 *
 * await using tunnel = await listen();
 * assert.match(tunnel.url, /^tcp:\/\/.*:[0-9]+$/);
 * // for await (const conn of tunnel) void conn.readable.pipeTo(conn.writable);
 * ```
 */
export async function listen(options: ListenTunnelOptions = {}): Promise<ListenTunnel> {
  const [session, { backlog, ...rest }] = split(options);
  const { wanted, upstream } = readServiceWish(rest);
  const tunnel = await open(
    session,
    wanted,
    upstream.kind,
    rest.url,
    (agent, local) => agent.listen({ backlog, ...rest, ...local && { url: local } }),
  );
  const endpoint = tunnel.endpoint as ListeningEndpoint;
  return Object.assign(tunnel, {
    endpoint,
    [Symbol.asyncIterator]: () => endpoint[Symbol.asyncIterator](),
  });
}

/** Parts what is about the session from what is about the endpoint. */
function split<T extends Omit<AgentOptions, "metadata">>(
  options: T,
): [AgentOptions, Omit<T, typeof SESSION_OPTIONS[number]>] {
  const session: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const isSession = (SESSION_OPTIONS as readonly string[]).includes(name);
    (isSession ? session : rest)[name] = value;
  }
  return [session, rest as Omit<T, typeof SESSION_OPTIONS[number]>];
}

/** An agent with one endpoint, on an edge of our own when there is no other to go to. */
async function open(
  session: AgentOptions,
  wanted: EndpointUrl,
  kind: UpstreamKind,
  url: string | undefined,
  add: (agent: Agent, localUrl: string) => Promise<AgentEndpoint>,
): Promise<Tunnel> {
  const edge = await embed(session, kind);
  // an edge of our own has no certificates: https is wanted here only when it was said
  const isPlain = edge && wanted.scheme === "https" && !url?.includes("://");
  let agent: Agent | undefined;
  try {
    agent = await connect(edge ? { ...session, dial: () => dialEdge(edge) } : session);
    return tunnelOf(agent, await add(agent, isPlain ? `http://${wanted.host}` : ""), edge);
  } catch (thrown) {
    await agent?.close({ graceMs: 0 });
    await edge?.close({ graceMs: 0 });
    throw thrown;
  }
}

/** An edge of our own, when there is no other to go to. */
async function embed(options: AgentOptions, kind: UpstreamKind): Promise<Edge | undefined> {
  if (options.connectUrl !== undefined || options.dial) return undefined;
  const { logger, runtime } = options;
  return await startEdge({
    http: kind === "http" ? { port: 0 } : undefined,
    tcpHost: "127.0.0.1",
    tcpPorts: kind === "tcp" ? "any" : "none",
    embedded: true,
    logger,
  }, runtime);
}

function dialEdge(edge: Edge): Promise<Duplex> {
  const [ours, theirs] = pair();
  edge.acceptAgent(theirs);
  return Promise.resolve(ours);
}

function tunnelOf(agent: Agent, endpoint: AgentEndpoint, edge: Edge | undefined): Tunnel {
  async function close(): Promise<void> {
    await agent.close();
    await edge?.close({ graceMs: 0 });
  }
  return {
    get url() {
      return endpoint.url;
    },
    endpoint,
    agent,
    close,
    closed: endpoint.closed,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Starts an edge: the server that owns the public addresses.
 *
 * @param options domain, doors, data folder, limits
 * @param runtime network, machine and time. @default the one this program runs on
 * @returns when every door is open
 * @throws {TunnelError} config_invalid, address_in_use, address_not_available, permission_denied
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { connect, startEdge } from "./mod.ts";
 *
 * const authtoken = "a-secret-of-your-own-0123456789";
 * await using edge = await startEdge({
 *   domain: "tunnels.example.com",
 *   https: { port: 0 },
 *   agents: { port: 0 },
 *   authtoken,
 * });
 * await using agent = await connect({
 *   connectUrl: edge.connectAddress,
 *   connectCas: edge.caPem,
 *   authtoken,
 * });
 * const endpoint = await agent.forward({ addr: 8080, url: "shop.tunnels.example.com" });
 * assert.match(endpoint.url, /^https:\/\/shop\.tunnels\.example\.com/);
 * ```
 */
export function startEdge(options: EdgeOptions, runtime?: Runtime): Promise<Edge> {
  return startEdgeOn(options, runtime ?? detectRuntime());
}
