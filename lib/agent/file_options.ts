/**
 * From the agent's section of a configuration file to the options of an agent.
 *
 * @module
 */
import { parseDuration } from "../base/duration.ts";
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
    connectInterface: agent.connect_interface,
    dnsResolverIps: agent.dns_resolver_ips,
    dnsMechanisms: agent.dns_mechanisms,
    dnsPublicIps: agent.dns_public_ips,
    dnsHttpsUrls: agent.dns_https_urls,
    dnsList: agent.dns_list,
    proxyUrl: agent.proxy_url,
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
