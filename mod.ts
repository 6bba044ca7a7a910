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
import { type Agent, type CloseOptions, connect as connectAgent } from "./lib/agent/agent.ts";
import type { AgentOptions, ForwardOptions } from "./lib/agent/config.ts";
import type { AgentEndpoint, EndpointEnd } from "./lib/agent/endpoint.ts";
import type { EndpointUrl } from "./lib/agent/endpoint_url.ts";
import {
  type EndpointConnection,
  type ListenEndpointOptions,
  type ListeningEndpoint,
  readBacklog,
} from "./lib/agent/listen.ts";
import { findServer, type LocalServer } from "./lib/agent/local_server.ts";
import {
  handlerOf,
  readLimits,
  type ServeApp,
  type ServeHandler,
  type ServeOptions,
} from "./lib/agent/serve.ts";
import type { UpstreamKind } from "./lib/agent/upstream.ts";
import { readServiceWish, readWish } from "./lib/agent/wish.ts";
import { abortError } from "./lib/base/clock.ts";
import { type Duplex, pair } from "./lib/base/duplex.ts";
import { TunnelError } from "./lib/base/errors.ts";
import type { EdgeOptions } from "./lib/edge/config.ts";
import { startEdge as startEdgeOn } from "./lib/edge/edge.ts";
import type { Edge } from "./lib/edge/edge_handle.ts";
import type { Runtime } from "./lib/runtime/host.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";

export * from "./lib/agent/mod.ts";
export type {
  BunServer,
  DenoServer,
  LocalServer,
  NodeAddress,
  NodeServer,
} from "./lib/agent/local_server.ts";
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
  // JavaScript may say nothing at all: what is missing is then told like anything else.
  return connectAgent({ ...options, runtime: options?.runtime ?? detectRuntime() });
}

/** One forwarded service, and the agent that was made for it. */
export interface Tunnel extends AsyncDisposable {
  /** The public URL. It stays the same across reconnects. */
  readonly url: string;
  /** The endpoint behind it. */
  readonly endpoint: AgentEndpoint;
  /** The agent, which has no other endpoint. */
  readonly agent: Agent;
  /** Takes no new visitors, lets those in use finish, then takes the URL down. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
  /** Settles (never rejects) when all of it is over, whoever ended it. */
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
const SESSION_OPTIONS: { readonly [Name in keyof Required<Omit<AgentOptions, "metadata">>]: true } =
  {
    connectUrl: true,
    connectCas: true,
    crlUrl: true,
    crlNoverify: true,
    dnsResolverIps: true,
    dnsMechanisms: true,
    dnsPublicIps: true,
    dnsHttpsUrls: true,
    dnsList: true,
    proxyUrl: true,
    noProxy: true,
    connectInterface: true,
    authtoken: true,
    connectTimeoutMs: true,
    heartbeatIntervalMs: true,
    heartbeatToleranceMs: true,
    serviceRun: true,
    userAgent: true,
    backoff: true,
    furtherLegs: true,
    commands: true,
    dial: true,
    inspectBytes: true,
    logger: true,
    onEvent: true,
    signal: true,
    runtime: true,
  };

/**
 * Puts one local service on a URL: an agent and an endpoint in one call.
 *
 * Without `connectUrl` an edge is started in this process, on loopback: the URL works on this
 * machine, needs no account, and ends with the tunnel.
 *
 * @param service a port, `host:port`, URL, directory (`file:///srv/www`) or unix socket; or a server
 * of this program: of `node:http`, of `Deno.serve()`, of `Bun.serve()`, an app of Express. What does not
 * listen yet does so on loopback, as long as the tunnel is there
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode connect} and {@linkcode Agent.forward}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createServer } from "node:http";
 * import { forward } from "./mod.ts";
 *
 * const app = createServer((_, response) => response.end("hello"));
 * await using tunnel = await forward(app, { url: "app.localhost" });
 * assert.match(tunnel.url, /^http:\/\/app\.localhost:/);
 *
 * await assert.rejects(forward("ftp://localhost", { connectUrl: "edge.example.com" }), {
 *   code: "address_invalid",
 * });
 * ```
 */
export async function forward(
  service: string | number | LocalServer,
  options: TunnelOptions = {},
): Promise<Tunnel> {
  const [session, rest] = split(options);
  const isServer = service !== null && /^(?:object|function)$/.test(typeof service);
  // what is wrong with the options is told before anything listens
  let wish: ForwardOptions = { ...rest, addr: isServer ? 80 : service as string | number };
  const { wanted, upstream } = readWish(wish);
  const found = isServer ? await findServer(service as LocalServer) : undefined;
  if (found) {
    const scheme = found.isEncrypted && upstream.kind === "http" ? "https://" : "";
    wish = { ...wish, addr: scheme + found.addr };
  }
  return await open(
    { session, wanted, kind: upstream.kind, url: wish.url, release: found?.release },
    (agent, local) => agent.forward({ ...wish, ...local && { url: local } }),
  );
}

/**
 * Gives a fetch handler a public URL, with no local port at all: an agent and an endpoint in one
 * call. Bodies stream both ways; `request.signal` fires when the visitor goes away.
 *
 * @param handler answers requests; learns the visitor's address, and can upgrade to a WebSocket, send
 * early hints and trailers. An app with a `fetch` of that kind will do as well
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode connect} and {@linkcode Agent.serve}
 * @throws {TypeError} when it is no handler
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
  handler: ServeHandler | ServeApp,
  options: ServeTunnelOptions = {},
): Promise<Tunnel> {
  const [session, { limits, onError, ...rest }] = split(options);
  const answer = handlerOf(handler, onError);
  const { wanted, upstream } = readServiceWish(rest, "http");
  const wish: ServeOptions = { limits: readLimits(limits), ...rest };
  return await open(
    { session, wanted, kind: upstream.kind, url: rest.url },
    (agent, local) => agent.serve(answer, { ...wish, ...local && { url: local } }),
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
  readBacklog(backlog);
  const { wanted, upstream } = readServiceWish(rest);
  const tunnel = await open(
    { session, wanted, kind: upstream.kind, url: rest.url },
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
): [AgentOptions, Omit<T, keyof typeof SESSION_OPTIONS>] {
  const session: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    (Object.hasOwn(SESSION_OPTIONS, name) ? session : rest)[name] = value;
  }
  // whoever asks for inspection by name wants exchanges kept
  if (rest.inspect === true) session.inspectBytes ??= 0;
  return [session, rest as Omit<T, keyof typeof SESSION_OPTIONS>];
}

/** What a tunnel is to be. */
interface TunnelPlan {
  /** How to connect. */
  readonly session: AgentOptions;
  /** The URL wanted, read. */
  readonly wanted: EndpointUrl;
  /** What visitors speak. */
  readonly kind: UpstreamKind;
  /** The URL wanted, as it was given. */
  readonly url: string | undefined;
  /** Lets go of what the tunnel leads to. */
  readonly release?: (() => void) | undefined;
}

/** An agent with one endpoint, on an edge of our own when there is no other to go to. */
async function open(
  { session, wanted, kind, url, release }: TunnelPlan,
  add: (agent: Agent, localUrl: string) => Promise<AgentEndpoint>,
): Promise<Tunnel> {
  let edge: Edge | undefined;
  let agent: Agent | undefined;
  try {
    if (session.signal?.aborted) throw abortError(session.signal);
    // an edge of our own has no certificates: https is wanted here only when it was said
    const isPlain = wanted.scheme === "https" && !url?.includes("://");
    if (session.connectUrl === undefined && !session.dial) {
      if (wanted.scheme === "tls" || wanted.scheme === "https" && !isPlain) throw noTls(wanted);
      edge = await embed(session, kind);
    }
    const { authtoken: _, ...local } = session; // the token is for another edge
    agent = await connect(edge ? { ...local, dial: dialEdge(edge) } : session);
    const endpoint = await add(agent, edge && isPlain ? `http://${wanted.host}` : "");
    return tunnelOf(agent, endpoint, async () => {
      release?.();
      await edge?.close({ graceMs: 0 });
    });
  } catch (thrown) {
    await agent?.close({ graceMs: 0 });
    await edge?.close({ graceMs: 0 });
    release?.();
    throw thrown;
  }
}

function noTls({ scheme, url }: EndpointUrl): TunnelError {
  return new TunnelError(
    "config_invalid",
    `Cannot put anything on "${url}": there is no "connectUrl", and the edge in this program has ` +
      `no certificates; ask for "${scheme === "tls" ? "tcp" : "http"}://", or name an edge`,
  );
}

/** An edge of our own. */
async function embed(options: AgentOptions, kind: UpstreamKind): Promise<Edge> {
  const { logger, runtime } = options;
  return await startEdge({
    http: kind === "http" ? { port: 0 } : undefined,
    tcpHost: "127.0.0.1",
    tcpPorts: kind === "tcp" ? "any" : "none",
    embedded: true,
    logger,
  }, runtime);
}

function dialEdge(edge: Edge): () => Promise<Duplex> {
  return () => {
    const [ours, theirs] = pair();
    edge.acceptAgent(theirs);
    return Promise.resolve(ours);
  };
}

function tunnelOf(agent: Agent, endpoint: AgentEndpoint, release: () => Promise<void>): Tunnel {
  // Its signal, the edge or the endpoint itself may end it: what was opened for it goes with it.
  const closed = endpoint.closed.then(async (end) => {
    await agent.close();
    await release();
    return end;
  });
  async function close(options?: CloseOptions): Promise<void> {
    await agent.close(options);
    await closed;
  }
  return {
    get url() {
      return endpoint.url;
    },
    endpoint,
    agent,
    close,
    closed,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** What {@linkcode startEdge} can be told. */
export interface StartEdgeOptions extends EdgeOptions {
  /** Closes the edge at once, or ends its start. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts an edge: the server that owns the public addresses.
 *
 * @param options domain, doors, data folder, limits
 * @param runtime network, machine and time. @default the one this program runs on
 * @returns when every door is open
 * @throws {TunnelError} config_invalid, address_in_use, address_not_available, permission_denied; aborted
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
export async function startEdge(
  { signal, ...options }: StartEdgeOptions,
  runtime?: Runtime,
): Promise<Edge> {
  if (signal?.aborted) throw abortError(signal);
  const edge = await startEdgeOn(options, runtime ?? detectRuntime());
  const onAbort = () => edge.close({ graceMs: 0 });
  signal?.addEventListener("abort", () => void onAbort(), { once: true });
  if (!signal?.aborted) return edge;
  await onAbort();
  throw abortError(signal);
}
