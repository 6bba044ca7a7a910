/**
 * Whether a configuration can be that of a service, which nobody sits in front of: it must name all
 * that is needed. Installing asks before it changes anything, and each start asks again.
 *
 * @module
 */
import { resolveAgentOptions } from "../../agent/config.ts";
import { type FileWish, wishesOf } from "../../agent/file_endpoints.ts";
import { agentOptionsOf } from "../../agent/file_options.ts";
import { readWish } from "../../agent/wish.ts";
import { TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";
import type { LoadedConfig } from "../loaded_config.ts";
import { withPolicy } from "../policy_source.ts";
import { besideFolder, serviceFolder } from "./service_folder.ts";

/**
 * Everything of a configuration that goes online, as `sallyport start --all` would have it.
 *
 * @param config the configuration
 * @throws {TunnelError} config_invalid: no edge, no endpoint, or one that cannot be
 */
export function serviceWishes(config: LoadedConfig): readonly FileWish[] {
  const where = config.paths.map((path) => `"${path}"`).join(", ");
  const fault = (found: string) =>
    new TunnelError("config_invalid", `Cannot run a service by ${where}: ${found}`);
  const options = agentOptionsOf(config.file.agent);
  if (options.connectUrl === undefined) {
    throw fault(
      `it does not say which edge to dial; add it: ` +
        `sallyport config add-connect-url <host:port> --config ${config.paths[0]}`,
    );
  }
  resolveAgentOptions(options);
  const wishes = [...wishesOf(config.file).values()].flat();
  if (wishes.length === 0) throw fault('it has no "endpoints" and no "tunnels"');
  for (const { wish } of wishes) readWish(wish);
  return wishes;
}

/**
 * Looks at the files a configuration names, as far as a start would fail without them. Nothing is
 * fetched.
 *
 * @param host the machine
 * @param wishes of the configuration
 * @param folder where relative paths start
 * @throws {TunnelError} usage, not_found, permission_denied, config_invalid
 */
export async function checkWishes(
  host: Host,
  wishes: readonly FileWish[],
  folder: string,
): Promise<void> {
  for (const { policyFile, ...one } of wishes) {
    const path = policyFile === undefined ? undefined : besideFolder(folder, policyFile);
    await withPolicy(host, { ...one, policyFile: path, policyUrl: undefined });
  }
}

/**
 * The folders a configuration makes the agent write to.
 *
 * @param config the configuration
 * @param folder where relative paths start
 */
export function writtenFolders(
  { file: { agent: { log } } }: LoadedConfig,
  folder: string,
): readonly string[] {
  if (log === undefined || ["stdout", "stderr", "false"].includes(log)) return [];
  return [serviceFolder(besideFolder(folder, log))];
}
