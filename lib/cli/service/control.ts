/**
 * What the commands of `sallyport service` do: carries out what a service manager's file says.
 * Loaded only when one of them runs.
 *
 * @module
 */
import { sleep } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { Host } from "../../runtime/host.ts";
import type { Cli } from "../command.ts";
import { loadConfig, namedPaths } from "../config_file.ts";
import { secretsOf } from "../config_secrets.ts";
import { findManager } from "./find_manager.ts";
import {
  configsOf,
  type InstallPlan,
  type ServiceFacts,
  type ServiceManager,
  type ServiceState,
} from "./manager.ts";
import { ownLine } from "./program_line.ts";
import { mustRun, needsAdministrator, runTool } from "./run_tool.ts";
import { serviceFolder } from "./service_folder.ts";
import { checkWishes, serviceWishes, writtenFolders } from "./settings.ts";

/** A service that is up for so long after its start did not fail at its configuration. */
const SETTLE_MS = 2_000;

/** How long a service may take to stop: its own grace period, and what the manager adds. */
const STOP_MS = 30_000;

const POLL_MS = 250;

/** What an exit code of the service means, where it says more than its number. */
const EXIT_WORDS: Readonly<Record<number, string>> = { 5: ": Input/output error" };

/** What installing takes. */
export interface InstallOptions {
  /** The values of `--config`. */
  readonly configs: readonly string[];
  /** Whose process it is to be. @default the owner of the first configuration file */
  readonly user: string | undefined;
  /** Whether files and commands are only shown. */
  readonly printOnly: boolean;
}

/**
 * Makes the agent a service, once its configuration is known to be good.
 *
 * @param cli the machine
 * @param options what for
 * @throws {TunnelError} usage without a configuration; config_invalid …; conflict when there is one
 * already; permission_denied with what to do; refused by the service manager
 */
export async function installService(cli: Cli, options: InstallOptions): Promise<void> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  const configs = namedPaths(options.configs).map((path) => absolute(host, path));
  if (configs.length === 0) {
    throw new TunnelError(
      "usage",
      "Say by which configuration file the service is to run: --config <path>",
    );
  }
  const config = await loadConfig(host, configs);
  for (const secret of secretsOf(config.file)) cli.secrets.add(secret);
  const wishes = serviceWishes(config);
  const folder = serviceFolder(configs[0]);
  await checkWishes(host, wishes, folder);
  const user = options.user ?? await ownerOf(host, configs[0]);
  const facts: ServiceFacts = {
    program: await ownLine(host),
    configs,
    user: user === "root" ? undefined : user,
    writes: writtenFolders(config, folder),
    usesTmp: wishes.some(({ wish }) => String(wish.addr).includes("/tmp/")),
  };
  const plan = manager.install(facts);
  if (options.printOnly) return host.stdout.write(formatPlan(plan));
  if (await manager.readLine(host) !== undefined) {
    throw new TunnelError(
      "conflict",
      `Cannot install the service: ${manager.name} has "${manager.service}" already; ` +
        `take it away first: sallyport service uninstall`,
    );
  }
  await carryOut(host, manager, plan);
  host.stdout.write(
    `Installed "${manager.service}" for ${manager.name}; it starts at each boot\n` +
      `Configuration: ${configs.join(", ")}\n` +
      `Start it now: sallyport service start\n`,
  );
  if (config.file.agent.authtoken === undefined) {
    host.stderr.write(
      `WARNING:  there is no authtoken in ${
        configs.join(", ")
      }, and a service has it from nowhere else\n`,
    );
  }
}

/** All of it, or nothing. */
async function carryOut(host: Host, manager: ServiceManager, plan: InstallPlan): Promise<void> {
  const doing = "Cannot install the service";
  try {
    for (const { path, text } of plan.files) {
      try {
        const folder = path.replace(/[/\\][^/\\]*$/, "");
        if (await host.files.stat(folder) === undefined) await host.files.makeDir(folder);
        await host.files.write(path, text, { mode: 0o644 });
      } catch (thrown) {
        if (toTunnelError(thrown).code !== "permission_denied") throw thrown;
        throw needsAdministrator(host, doing, path);
      }
    }
    for (const words of plan.commands) await mustRun(host, words, doing);
  } catch (thrown) {
    await takeAway(host, manager);
    throw thrown;
  }
}

/** What is left of a try that failed; why it failed says more than why this would. */
async function takeAway(host: Host, manager: ServiceManager): Promise<void> {
  for (const words of manager.uninstall) await runTool(host, words).catch(() => undefined);
  for (const path of manager.leftovers) await host.files.remove(path).catch(() => undefined);
  for (const words of manager.afterwards) await runTool(host, words).catch(() => undefined);
}

/**
 * Starts the service, and looks whether it stays.
 *
 * @param cli the machine
 * @throws {TunnelError} not_found when it is not installed, or a file of it is gone; refused when it
 * ended at once; permission_denied
 */
export async function startService(cli: Cli): Promise<void> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  await checkInstalled(host, manager, "start");
  if ((await stateOf(host, manager)).isRunning) {
    return host.stdout.write("The service runs already\n");
  }
  await start(cli, manager);
  host.stdout.write("The service runs\n");
}

/**
 * Stops the service.
 *
 * @param cli the machine
 * @throws {TunnelError} not_found when it is not installed; permission_denied, timed_out, refused
 */
export async function stopService(cli: Cli): Promise<void> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  await checkInstalled(host, manager, "stop");
  const before = await stateOf(host, manager);
  await stop(cli, manager, before);
  host.stdout.write(before.isRunning ? "The service has stopped\n" : "The service does not run\n");
}

/**
 * Stops the service, if it runs, and starts it.
 *
 * @param cli the machine
 * @throws {TunnelError} what {@linkcode startService} and {@linkcode stopService} throw
 */
export async function restartService(cli: Cli): Promise<void> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  // Before it is stopped: a service that could not come back is better left running.
  await checkInstalled(host, manager, "restart");
  await stop(cli, manager, await stateOf(host, manager));
  await start(cli, manager);
  host.stdout.write("The service runs again\n");
}

/**
 * Stops the service and takes it away. The configuration stays.
 *
 * @param cli the machine
 * @throws {TunnelError} not_found when it is not installed; permission_denied, refused
 */
export async function uninstallService(cli: Cli): Promise<void> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  const doing = "Cannot uninstall the service";
  await checkInstalled(host, manager, "uninstall");
  await stop(cli, manager, await stateOf(host, manager));
  for (const words of manager.uninstall) await mustRun(host, words, doing);
  for (const path of manager.leftovers) {
    try {
      await host.files.remove(path);
    } catch (thrown) {
      if (toTunnelError(thrown).code !== "permission_denied") throw thrown;
      throw needsAdministrator(host, doing, path);
    }
  }
  for (const words of manager.afterwards) await mustRun(host, words, doing);
  host.stdout.write("The service is uninstalled; its configuration file is still there\n");
}

/**
 * Says how the service is.
 *
 * @param cli the machine
 * @returns 0 when it runs, 1 otherwise
 */
export async function showService(cli: Cli): Promise<number> {
  const { host } = cli.runtime;
  const manager = await findManager(host);
  const line = await manager.readLine(host);
  if (line === undefined) {
    host.stdout.write(`not installed: ${manager.name} has no "${manager.service}"\n`);
    return 1;
  }
  const state = await stateOf(host, manager);
  const rows: [string, string][] = [
    ["Service", `${manager.service} (${manager.name})`],
    ["State", state.words + (state.exitCode > 0 ? `, last exit code ${state.exitCode}` : "")],
    ["Program", line[0] + await goneMark(host, line[0])],
  ];
  for (const path of configsOf(line)) {
    rows.push(["Configuration", path + await goneMark(host, path)]);
  }
  rows.push(["Log", manager.logHint]);
  host.stdout.write(rows.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join(""));
  return state.isRunning ? 0 : 1;
}

async function goneMark(host: Host, path: string): Promise<string> {
  return await isGone(host, path) ? "  <- it is not there" : "";
}

async function isGone({ files }: Host, path: string): Promise<boolean> {
  try {
    return await files.stat(path) === undefined;
  } catch (thrown) {
    // Who may not look does not know: the service may well.
    if (toTunnelError(thrown).code === "permission_denied") return false;
    throw thrown;
  }
}

/** A service whose program or configuration moved cannot start: that is said here, not found in a log. */
async function checkInstalled(host: Host, manager: ServiceManager, doing: string): Promise<void> {
  const line = await manager.readLine(host);
  if (line === undefined) {
    throw new TunnelError(
      "not_found",
      `Cannot ${doing} the service: it is not installed; ` +
        `install it: sallyport service install --config <path>`,
    );
  }
  if (doing !== "start" && doing !== "restart") return;
  for (const path of [line[0], ...configsOf(line)]) {
    if (!await isGone(host, path)) continue;
    throw new TunnelError(
      "not_found",
      `Cannot ${doing} the service: it was installed with "${path}", which is not there any more; ` +
        `put it back, or uninstall the service and install it anew`,
    );
  }
}

async function start({ runtime }: Cli, manager: ServiceManager): Promise<void> {
  const { host, clock } = runtime;
  const doing = "Cannot start the service";
  for (const words of manager.start) await mustRun(host, words, doing);
  for (let waitedMs = 0;; waitedMs += POLL_MS) {
    const state = await stateOf(host, manager);
    if (!state.isRunning && state.exitCode > 0) {
      throw new TunnelError(
        "refused",
        `${doing}: it ended at once with exit code ${state.exitCode}` +
          `${EXIT_WORDS[state.exitCode] ?? ""}; why, is in its log: ${manager.logHint}`,
      );
    }
    if (waitedMs >= SETTLE_MS) {
      if (state.isRunning) return;
      throw new TunnelError("refused", `${doing}: it is ${state.words}; see ${manager.logHint}`);
    }
    await sleep(clock, POLL_MS);
  }
}

async function stop(
  { runtime }: Cli,
  manager: ServiceManager,
  { isRunning, words: how }: ServiceState,
): Promise<void> {
  const { host, clock } = runtime;
  const doing = "Cannot stop the service";
  // One that falls and is started again, over and over, does not run and must be stopped all the same.
  if (!isRunning && !/activating|spawn|pending/.test(how)) return;
  for (const words of manager.stop) await mustRun(host, words, doing);
  for (let waitedMs = 0; (await stateOf(host, manager)).isRunning; waitedMs += POLL_MS) {
    if (waitedMs >= STOP_MS) {
      throw new TunnelError("timed_out", `${doing}: it still runs after ${STOP_MS / 1000} s`);
    }
    await sleep(clock, POLL_MS);
  }
}

async function stateOf(host: Host, manager: ServiceManager): Promise<ServiceState> {
  return manager.readState(await runTool(host, manager.ask));
}

/** Whoever owns the configuration can read it; where that cannot be told, the manager decides. */
async function ownerOf(host: Host, path: string): Promise<string | undefined> {
  if (host.os === "windows") return undefined;
  const format = host.os === "darwin" ? ["-f", "%Su"] : ["-c", "%U"];
  try {
    const { code, output } = await host.run("stat", [...format, path], { timeoutMs: POLL_MS * 20 });
    const name = output.trim();
    return code === 0 && /^[a-z_][\w.-]*\$?$/i.test(name) && name !== "UNKNOWN" ? name : undefined;
  } catch (thrown) {
    const { code } = toTunnelError(thrown);
    if (code === "not_found" || code === "permission_denied") return undefined;
    throw thrown;
  }
}

/** The files and the commands as a person would write them. */
function formatPlan({ files, commands }: InstallPlan): string {
  const parts = files.map(({ path, text }) =>
    `# ${path}\n${text.endsWith("\n") ? text : text + "\n"}`
  );
  const lines = commands.map((words) =>
    words.map((word) => /^[\w./:=\\+-]+$/.test(word) ? word : JSON.stringify(word)).join(" ") + "\n"
  );
  return [...parts, lines.join("")].join("\n");
}

function absolute(host: Host, path: string): string {
  if (host.os === "windows") {
    if (/^(?:[a-z]:[\\/]|\\\\)/i.test(path)) return path;
    return `${host.cwd().replace(/[\\/]$/, "")}\\${path.replace(/^\.[\\/]/, "")}`;
  }
  if (path.startsWith("/")) return path;
  return `${host.cwd().replace(/\/$/, "")}/${path.replace(/^\.\//, "")}`;
}
