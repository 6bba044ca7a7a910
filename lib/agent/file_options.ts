/**
 * From the agent's section of a configuration file to the options of an agent.
 *
 * @module
 */
import { parseDuration } from "../config/duration.ts";
import type { AgentOptions } from "./config.ts";
import type { AgentSection } from "./file_sections.ts";

/**
 * The options a section gives. What it leaves away is left away.
 *
 * @param agent the section
 */
export function agentOptionsOf(agent: AgentSection): AgentOptions {
  return {
    connectUrl: agent.connect_url,
    connectCas: agent.connect_cas,
    crlUrl: agent.crl_url,
    crlNoverify: agent.crl_noverify,
    authtoken: agent.authtoken,
    metadata: agent.metadata,
    connectTimeoutMs: durationMs(agent.connect_timeout),
    heartbeatIntervalMs: durationMs(agent.heartbeat_interval),
    inspectBytes: agent.local_storage === false ? -1 : agent.inspect_db_size,
    heartbeatToleranceMs: durationMs(agent.heartbeat_tolerance),
  };
}

function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

/**
 * Keys that ask for something this version does not do. Whoever starts an agent says so: silence
 * would let somebody believe in a proxy that is not there. A feature that comes takes its key away.
 */
const NOT_OBEYED: readonly (keyof AgentSection)[] = [
  "connect_interface",
  "dns_resolver_ips",
  "proxy_url",
];

/**
 * The keys of a section that have no effect.
 *
 * @param agent the section
 */
export function keysWithoutEffect(agent: AgentSection): readonly string[] {
  return NOT_OBEYED.filter((key) => agent[key] !== undefined);
}
