/**
 * How the agent stands, in the words of the documented route and in full (spec agent H, I).
 *
 * @module
 */
import { VERSION } from "../../base/version.ts";
import type { AgentApiDeps } from "./api_deps.ts";
import { metricsOf } from "./metrics_json.ts";
import type { StatusJson } from "./shapes.ts";

/** What is remembered of the session, for it is told by events alone. */
export interface SessionMemory {
  /** When the API began. */
  readonly startedAtMs: number;
  /** What went wrong last; empty while all is well. */
  error: string;
}

/**
 * How it stands.
 *
 * @param deps the agent
 * @param memory what went wrong last
 */
export function statusOf(deps: AgentApiDeps, memory: SessionMemory): StatusJson {
  const { agent, connectUrl, config } = deps;
  const { session } = agent;
  return {
    version: VERSION,
    started_at: new Date(memory.startedAtMs).toISOString(),
    session: {
      status: agent.state === "closed" ? "closing" : agent.state,
      error: memory.error || null,
      connect_url: connectUrl,
      account: session.accountName,
      region: session.region,
      latency_ms: agent.latencyMs ?? null,
    },
    endpoints: agent.endpoints.map((endpoint) => ({
      name: endpoint.name,
      url: endpoint.url,
      upstream: endpoint.upstream,
      online: endpoint.online,
      inspect: endpoint.inspect,
      ...metricsOf(endpoint),
    })),
    config,
    notices: [session.banner, session.deprecation].filter((text) => text !== ""),
  };
}

/**
 * The same in the form of the documented route.
 *
 * @param deps the agent
 */
export function legacyStatus({ agent }: AgentApiDeps): Record<string, unknown> {
  const latencyMs = agent.latencyMs;
  return {
    status: agent.state,
    agent_version: VERSION,
    session: {
      legs: agent.state === "online"
        ? [{
          region: agent.session.region,
          latency: latencyMs === undefined ? 0 : Math.round(latencyMs * 1e6),
        }]
        : [],
    },
    uri: "/api/status",
  };
}
