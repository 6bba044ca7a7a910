/**
 * What `sallyport update` does. Loaded only when it runs.
 *
 * @module
 */
import { TunnelError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import type { Cli } from "../command.ts";
import type { Fetch } from "../policy_source.ts";
import { findInstallation } from "./installation.ts";
import type { Channel } from "./manifest.ts";
import { updateFetch } from "./update_fetch.ts";
import { Updater } from "./updater.ts";
import { updateSourceOf } from "./update_source.ts";

/** What was typed. */
export interface UpdateInput {
  /** Which channel; without it the one of the configuration. */
  readonly channel: Channel | undefined;
  /** Whether nothing is to change. */
  readonly checkOnly: boolean;
  /** Gets what is at a URL. @default {fetch} */
  readonly fetch?: Fetch;
}

/**
 * Updates the program, and says so.
 *
 * @param cli the machine, the log, the configuration
 * @param input what was typed
 * @returns 0 when the program is now, or was already, the newest
 * @throws {TunnelError} update_failed, usage, signature_invalid, permission_denied, refused …
 */
export async function runUpdate(cli: Cli, input: UpdateInput): Promise<number> {
  const { runtime, logger, config } = cli;
  const { host } = runtime;
  const source = updateSourceOf(config.file.agent, input.channel);
  if (!source) {
    throw new TunnelError(
      "usage",
      "Cannot look for updates: nothing says where they come from; set update_url and update_key in the configuration",
    );
  }
  if (!input.checkOnly) {
    // nothing is asked of anybody for what could not be used
    const { obstacle } = await findInstallation(host);
    if (obstacle !== "") {
      throw new TunnelError("update_failed", `Cannot update this program: ${obstacle}`);
    }
  }
  const { proxy_url } = config.file.agent;
  const fetch = updateFetch(runtime, proxy_url, input.fetch);
  const updater = new Updater({ runtime, logger, source, configPaths: config.paths, fetch });
  const version = await updater.check();
  const { channel } = source;
  if (version === undefined) {
    say(cli, `No update: ${VERSION} is the newest version of the channel "${channel}"`);
    return 0;
  }
  if (input.checkOnly) {
    say(cli, `Update available: version ${version} of the channel "${channel}"`);
    return 0;
  }
  say(cli, `Updating from version ${VERSION} to ${version} of the channel "${channel}" …`);
  // Who types the command permits what the edge may not ask for.
  const updated = await updater.update({ version, permitMajor: true });
  say(cli, `Updated to version ${updated}; agents that run use it when they are restarted`);
  return 0;
}

function say({ logsToStdout, runtime: { host } }: Cli, line: string): void {
  if (!logsToStdout) host.stdout.write(`${line}\n`);
}
