/**
 * Sallyport puts a service that runs behind NAT or a firewall on a public URL. This is the door of
 * the library: everything a program needs, with the runtime it runs on filled in.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { forward } from "./mod.ts";
 *
 * assert.equal(typeof forward, "function");
 * // const tunnel = await forward(8080, { connectUrl: "connect.tunnels.example.com", authtoken });
 * // console.log(tunnel.url);
 * ```
 *
 * @module
 */
import { type Agent, connect as connectAgent } from "./lib/agent/agent.ts";
import type { AgentOptions, ForwardOptions } from "./lib/agent/config.ts";
import type { AgentEndpoint, EndpointEnd } from "./lib/agent/endpoint.ts";
import { readWish } from "./lib/agent/wish.ts";
import { detectRuntime } from "./lib/runtime/detect.ts";

export * from "./lib/agent/mod.ts";

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
 * Puts one local service on a public URL: an agent and an endpoint in one call.
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
  const { trafficPolicy, upstreamProtocol, upstreamProxyProtocol, ...rest } = more;
  const { upstreamTlsVerify, upstreamTlsVerifyCas, ...session } = rest;
  const wish: ForwardOptions = {
    ...{ addr, url, proto, name, metadata, description, binding, poolingEnabled, trafficPolicy },
    ...{ upstreamProtocol, upstreamProxyProtocol, upstreamTlsVerify, upstreamTlsVerifyCas },
  };
  readWish(wish);
  const agent = await connect(session);
  try {
    return tunnelOf(agent, await agent.forward(wish));
  } catch (thrown) {
    await agent.close({ graceMs: 0 });
    throw thrown;
  }
}

function tunnelOf(agent: Agent, endpoint: AgentEndpoint): Tunnel {
  return {
    get url() {
      return endpoint.url;
    },
    endpoint,
    agent,
    close: () => agent.close(),
    closed: endpoint.closed,
    [Symbol.asyncDispose]: () => agent.close(),
  };
}
