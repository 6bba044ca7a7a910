/**
 * Sallyport puts a service that runs behind NAT or a firewall on a public URL. This is the door of
 * the library: everything a program needs, with the runtime it runs on filled in.
 *
 * - {@linkcode forward} puts one service on a URL, in one call
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
import { readWish } from "./lib/agent/wish.ts";
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
  extends Omit<AgentOptions, "metadata">, Omit<ForwardOptions, "addr"> {}

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
  const { url, proto, name, metadata, description, binding, poolingEnabled, ...more } = options;
  const { trafficPolicy, modules, agentTlsTermination, upstreamProtocol, ...others } = more;
  const { upstreamProxyProtocol, ...rest } = others;
  const { upstreamTlsVerify, upstreamTlsVerifyCas, ...session } = rest;
  const wish: { -readonly [K in keyof ForwardOptions]: ForwardOptions[K] } = {
    ...{ addr, url, proto, name, metadata, description, binding, poolingEnabled, trafficPolicy },
    ...{
      upstreamProtocol,
      upstreamProxyProtocol,
      upstreamTlsVerify,
      upstreamTlsVerifyCas,
      modules,
      agentTlsTermination,
    },
  };
  const { wanted } = readWish(wish);
  const edge = await embed(session);
  // an edge of our own has no certificates: https is wanted here only when it was said
  if (edge && wanted.scheme === "https" && !url?.includes("://")) {
    wish.url = `http://${wanted.host}`;
  }
  let agent: Agent | undefined;
  try {
    agent = await connect(edge ? { ...session, dial: () => dialEdge(edge) } : session);
    return tunnelOf(agent, await agent.forward(wish), edge);
  } catch (thrown) {
    await agent?.close({ graceMs: 0 });
    await edge?.close({ graceMs: 0 });
    throw thrown;
  }
}

/** An edge of our own, when there is no other to go to. */
async function embed(options: AgentOptions): Promise<Edge | undefined> {
  if (options.connectUrl !== undefined || options.dial) return undefined;
  const { logger, runtime } = options;
  return await startEdge({ http: { port: 0 }, embedded: true, logger }, runtime);
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
