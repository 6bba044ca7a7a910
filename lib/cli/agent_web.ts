/**
 * The inspector and the agent's API beside a running agent, as the configuration wants them:
 * `web_addr`, `web_allow_hosts`. `tunnel.ts` calls it.
 *
 * @module
 */
import type { Agent } from "../agent/agent.ts";
import type { ForwardOptions } from "../agent/config.ts";
import type { AgentSection } from "../agent/file_sections.ts";
import type { ServedAgentApi } from "../api/agent/serve_agent_api.ts";
import { toTunnelError } from "../base/errors.ts";
import type { Cli } from "./command.ts";
import { parseListenAddress } from "./listen_address.ts";
import { withPolicy } from "./policy_source.ts";

/** What the API must know of how the agent was started. */
export interface WebOptions {
  /** The edge; empty for the one in this program. */
  readonly connectUrl: string;
  /** The URL to ask the edge for when an endpoint is started by the API. */
  readonly url: (wish: ForwardOptions) => string | undefined;
}

/**
 * Serves the API of an agent. Where the configuration says where, it is there or the program ends;
 * elsewhere a door that cannot be opened is told and stops nothing.
 *
 * @param cli the machine, the configuration
 * @param agent running
 * @param options how it was started
 * @returns `undefined` when it is not wanted, or could not be
 * @throws {TunnelError} usage, address_in_use … when it cannot be where `web_addr` says
 */
export async function serveWeb(
  { runtime, logger, config }: Cli,
  agent: Agent,
  { connectUrl, url }: WebOptions,
): Promise<ServedAgentApi | undefined> {
  const section = config.file.agent;
  if (section.web_addr === "false" || section.local_storage === false) return undefined;
  const { net, clock, codecs, host } = runtime;
  const place = placeOf(section.web_addr);
  try {
    const { serveAgentApi } = await import("../api/agent/serve_agent_api.ts");
    return await serveAgentApi({
      agent,
      net,
      clock,
      codecs,
      logger,
      connectUrl,
      ...place,
      allowHosts: section.web_allow_hosts ?? [],
      config: shownConfig(section),
      prepare: async (wanted) => {
        const wish = await withPolicy(host, wanted);
        return { ...wish, url: url(wish) };
      },
    });
  } catch (thrown) {
    if (place.port !== undefined) throw thrown;
    const { message } = toTunnelError(thrown);
    logger.log("error", "can't start web service", { obj: "web", err: message });
    host.stderr.write(`WARNING:  the inspector is not there: ${message}\n`);
    return undefined;
  }
}

/** Where it listens; only the default gives way to the next ports. */
function placeOf(webAddr: string | undefined): { host?: string; port?: number } {
  if (webAddr === undefined) return {};
  const { host, port } = parseListenAddress(webAddr, "web_addr");
  const isDefault = port === 4040 && ["127.0.0.1", "localhost", ""].includes(host);
  return isDefault ? {} : { host: host || "127.0.0.1", port };
}

const SECRETS: ReadonlySet<string> = new Set(["authtoken", "api_key", "proxy_url"]);

/** Settings as words. */
function shownConfig(section: AgentSection): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [key, value] of Object.entries(section)) {
    if (value === undefined) continue;
    shown[key] = SECRETS.has(key)
      ? "HIDDEN"
      : typeof value === "string"
      ? value
      : JSON.stringify(value);
  }
  return shown;
}
