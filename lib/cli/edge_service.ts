/**
 * What `sallyport edge install`, `uninstall` and `status` do: an edge as a service of systemd.
 * Loaded only when one of them runs.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Cli } from "./command.ts";
import { readEdgeFile } from "./edge_file.ts";
import { ownLine } from "./service/program_line.ts";
import { runTool } from "./service/run_tool.ts";
import { formatUnit, UNIT_NAME } from "./systemd_unit.ts";

/** Where units of the operator lie. */
export const UNIT_FOLDER = "/etc/systemd/system";

/** What installing takes. */
export interface InstallOptions {
  /** The configuration file. */
  readonly config: string;
  /** Whose process it is; without it systemd makes up a user. */
  readonly user: string | undefined;
  /** The folder of units. */
  readonly folder: string;
  /** Whether the unit is only printed. */
  readonly printOnly: boolean;
}

/**
 * Writes the unit, once the configuration is known to be good.
 *
 * @param cli the machine
 * @param options what for
 * @throws {TunnelError} config_invalid …; usage where there is no systemd; permission_denied …
 */
export async function installEdge(cli: Cli, options: InstallOptions): Promise<void> {
  const { host } = cli.runtime;
  if (host.os !== "linux" && host.runtime.name !== "memory") {
    throw new TunnelError("usage", `Cannot install a service here: ${host.os} has no systemd`);
  }
  const config = absolute(options.config, host.cwd());
  const { options: file } = await readEdgeFile(host.files, config);
  const log = file.accessLog?.to;
  const unit = formatUnit({
    program: await ownLine(host),
    config,
    dataDir: file.dataDir ?? undefined,
    user: options.user,
    accessLog: log === "stdout" ? undefined : log,
  });
  if (options.printOnly) return host.stdout.write(unit);
  const path = `${options.folder}/${UNIT_NAME}`;
  await host.files.write(path, unit, { mode: 0o644 });
  host.stdout.write(
    `Wrote ${path}\n\nThe service must be able to read ${config}. Start it now and at each boot:\n\n` +
      `  systemctl daemon-reload\n  systemctl enable --now ${UNIT_NAME}\n\n` +
      `What it prints on its first start, the authtoken and the API key included:\n\n` +
      `  journalctl -u ${UNIT_NAME}\n`,
  );
}

/**
 * Stops the service, if there is one, and removes its unit. The data folder stays.
 *
 * @param cli the machine
 * @param folder the folder of units
 * @throws {TunnelError} not_found when there is no unit
 */
export async function uninstallEdge(cli: Cli, folder: string): Promise<void> {
  const { host } = cli.runtime;
  const path = `${folder}/${UNIT_NAME}`;
  if (!await host.files.stat(path)) {
    throw new TunnelError("not_found", `Cannot uninstall the edge: there is no "${path}"`);
  }
  await systemctl(cli, ["disable", "--now", UNIT_NAME]);
  await host.files.remove(path);
  await systemctl(cli, ["daemon-reload"]);
  host.stdout.write(`Removed ${path}; the data folder is still there\n`);
}

/**
 * Says how the service is.
 *
 * @param cli the machine
 * @param folder the folder of units
 * @returns 0 when it runs, 1 otherwise
 */
export async function edgeStatus(cli: Cli, folder: string): Promise<number> {
  const { host } = cli.runtime;
  const path = `${folder}/${UNIT_NAME}`;
  if (!await host.files.stat(path)) {
    host.stdout.write(`not installed: there is no ${path}\n`);
    return 1;
  }
  const state = await systemctl(cli, ["is-active", UNIT_NAME]);
  host.stdout.write(`installed: ${path}\nservice: ${state}\n`);
  return state === "active" ? 0 : 1;
}

/** What systemctl prints; where there is none, or it fails, what is wrong with it. */
async function systemctl({ runtime: { host }, logger }: Cli, args: string[]): Promise<string> {
  try {
    const { output } = await runTool(host, ["systemctl", ...args]);
    return output.trim();
  } catch (thrown) {
    const err = toTunnelError(thrown).message;
    logger.log("warn", "systemctl failed", { args: args.join(" "), err });
    return `unknown (${err})`;
  }
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd.replace(/\/$/, "")}/${path}`;
}
