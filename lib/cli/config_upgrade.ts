/**
 * Brings a configuration file to a newer version, keeps the one before beside it. `sallyport config
 * upgrade` calls it.
 *
 * @module
 */
import { type FileUpgrade, FIRST_REGION, planUpgrade } from "../agent/file_upgrade.ts";
import { TunnelError } from "../base/errors.ts";
import type { YamlDocument } from "../config/yaml_document.ts";
import type { Host } from "../runtime/host.ts";
import { asBefore, plainText, withVersionLine, writeConfig } from "./config_edit.ts";
import { defaultConfigPath, openDocument, parseConfig } from "./config_file.ts";

/** What is wanted. */
export interface UpgradeOptions {
  /** The version. @default {3} */
  readonly to?: number;
  /** Whether to write nothing. */
  readonly dryRun: boolean;
  /** Whether the file moves to the default place. */
  readonly relocate: boolean;
}

/** What was done, or would be. */
export interface Upgraded {
  /** The version before; 1 when it said none. */
  readonly from: number;
  /** The version after. */
  readonly to: number;
  /** The whole file as it is now, or would be. */
  readonly text: string;
  /** Where it is now, or would be. */
  readonly path: string;
  /** Where the one before is; `undefined` when nothing was written. */
  readonly backup: string | undefined;
}

/**
 * Upgrades a file.
 *
 * @param host the machine
 * @param path the file
 * @param options what is wanted
 * @throws {TunnelError} usage when there is no way there; conflict when the default place is taken
 */
export async function upgradeConfig(
  host: Host,
  path: string,
  options: UpgradeOptions,
): Promise<Upgraded> {
  const written = await openDocument(host, path);
  const before = await parseConfig(plainText(written.text), path);
  const plan = planUpgrade(before.value, options.to ?? 3);
  const target = options.relocate ? await placeFor(host, path) : path;
  const isSame = plan.from === plan.to && plan.moves.length === 0;
  const after = isSame ? before : await upgraded(before, plan, path);
  const text = asBefore(after.text, written.text);
  const result = { from: plan.from, to: plan.to, text, path: target };
  if (options.dryRun || (isSame && target === path)) return { ...result, backup: undefined };
  const backup = await backUp(host, path, written.text);
  await writeConfig(host, target, text);
  if (target !== path) await host.files.remove(path);
  return { ...result, backup };
}

async function upgraded(
  before: YamlDocument,
  { to, moves, region, drops }: FileUpgrade,
  path: string,
): Promise<YamlDocument> {
  const { moveKeys } = await import("../config/yaml_moves.ts");
  const { commentOut } = await import("../config/yaml_lines.ts");
  let after = moves.length > 0 ? moveKeys(before, moves) : before;
  if (region) after = after.with(region, FIRST_REGION);
  if (drops.length > 0) after = await parseConfig(commentOut(after.text, drops), path);
  const root = after.value as Readonly<Record<string, unknown>> | null ?? {};
  if ("version" in root) return after.with(["version"], to);
  return await parseConfig(withVersionLine(after.text, String(to)), path);
}

async function placeFor(host: Host, path: string): Promise<string> {
  const place = defaultConfigPath(host);
  if (place === undefined) {
    throw new TunnelError("usage", "There is no home folder to move the file to");
  }
  if (place !== path && await host.files.stat(place) !== undefined) {
    throw new TunnelError("conflict", `Cannot move the file to "${place}": there is one already`);
  }
  return place;
}

/** Beside the file, under a name that is free. */
async function backUp(host: Host, path: string, text: string): Promise<string> {
  for (let number = 0;; number++) {
    const place = number === 0 ? `${path}.bak` : `${path}.bak.${number}`;
    if (await host.files.stat(place) !== undefined) continue;
    await host.files.write(place, text, { mode: 0o600 });
    return place;
  }
}
