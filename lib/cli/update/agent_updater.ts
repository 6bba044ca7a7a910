/**
 * The updater of a program that runs an agent: made of the configuration, or the reason why there is
 * none. `tunnel.ts` calls it; `update_check: false` and a program nobody publishes load nothing else.
 *
 * @module
 */
import type { UpdateOffer } from "../agent_view.ts";
import type { Cli } from "../command.ts";
import { BUILT_IN } from "./built_in.ts";
import { updateFetch } from "./update_fetch.ts";
import type { Updater } from "./updater.ts";

/** What the edge is told where nobody publishes. */
const NO_SOURCE = "the agent knows no source of updates (update_url)";

/** An updater, or why there is none. */
export interface AgentUpdater {
  /** Looks for updates and makes them. */
  readonly updater: Updater | undefined;
  /** Why there is none, as the edge is told; empty when there is one. */
  readonly obstacle: string;
}

/**
 * Makes it. It makes no request before it is started.
 *
 * @param cli the machine, the log, the configuration
 * @throws {TunnelError} config_invalid when the configuration names no usable source
 */
export async function agentUpdater({ config, runtime, logger }: Cli): Promise<AgentUpdater> {
  const { agent } = config.file;
  if (agent.update_check === false) {
    return refused("the agent does not look for updates (update_check: false)");
  }
  if ((agent.update_url ?? BUILT_IN.url) === "") {
    return refused(NO_SOURCE);
  }
  const { updateSourceOf } = await import("./update_source.ts");
  const source = updateSourceOf(agent);
  if (!source) return refused(NO_SOURCE);
  const { Updater } = await import("./updater.ts");
  const fetch = updateFetch(runtime, agent.proxy_url);
  const updater = new Updater({ runtime, logger, source, configPaths: config.paths, fetch });
  return { updater, obstacle: "" };
}

/**
 * Passes on what an updater finds.
 *
 * @param updater looks for updates
 * @param offer is told of each version once
 */
export function offerUpdates(updater: Updater, offer: (offer: UpdateOffer) => void): void {
  let told = "";
  updater.subscribe((state) => {
    if (state.kind !== "available" || state.version === told) return;
    const { version } = state;
    told = version;
    offer({
      version,
      async run() {
        const updated = await updater.update({ version, permitMajor: true });
        return `updated to version ${updated}, restart to use it`;
      },
    });
  });
}

function refused(obstacle: string): AgentUpdater {
  return { updater: undefined, obstacle };
}
