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
import type { Address } from "../runtime/net.ts";
import type { EdgeFileOptions } from "./edge_file_options.ts";
import { formatSocketUnit, formatUnit, SOCKET_NAME, UNIT_NAME } from "./systemd_unit.ts";

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
  const sockets = formatSocketUnit(doorsOf(file));
  const unit = formatUnit({
    program: await ownLine(host),
    config,
    dataDir: file.dataDir ?? undefined,
    user: options.user,
    accessLog: log === "stdout" ? undefined : log,
    hasSockets: sockets !== undefined,
  });
  const units = [[UNIT_NAME, unit], ...sockets === undefined ? [] : [[SOCKET_NAME, sockets]]];
  if (options.printOnly) {
    return host.stdout.write(units.map(([name, text]) => `# ${name}\n${text}`).join("\n"));
  }
  for (const [name, text] of units) {
    await host.files.write(`${options.folder}/${name}`, text, { mode: 0o644 });
  }
  // A socket of an older configuration would be passed on all the same.
  if (sockets === undefined) await removeIfThere(cli, `${options.folder}/${SOCKET_NAME}`);
  const names = units.map(([name]) => name).reverse().join(" ");
  host.stdout.write(
    `Wrote ${units.map(([name]) => `${options.folder}/${name}`).join(" and ")}\n\n` +
      `The service must be able to read ${config}. Start it now and at each boot:\n\n` +
      `  systemctl daemon-reload\n  systemctl enable --now ${names}\n\n` +
      `Where an edge of before runs, end it first: systemctl stop ${names}\n\n` +
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
  const socket = `${folder}/${SOCKET_NAME}`;
  const hasSocket = await host.files.stat(socket) !== undefined;
  // The socket first: it would start the service again for the next visitor.
  await systemctl(cli, ["disable", "--now", ...hasSocket ? [SOCKET_NAME] : [], UNIT_NAME]);
  await host.files.remove(path);
  await removeIfThere(cli, socket);
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

async function removeIfThere({ runtime: { host } }: Cli, path: string): Promise<void> {
  if (await host.files.stat(path)) await host.files.remove(path);
}

/** Where the doors are that visitors and agents come to, as the file says or as they usually are. */
function doorsOf({ http, https, tls, agents }: EdgeFileOptions): Address[] {
  const usual = { http: { host: "", port: 80 }, https: { host: "", port: 443 } };
  const doors = [http === undefined ? usual.http : http, https === undefined ? usual.https : https];
  return [...doors, tls, agents].flatMap((door) =>
    door ? [{ host: door.host ?? "127.0.0.1", port: door.port }] : []
  );
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
