/**
 * What the service itself runs: everything of its configuration, and nothing but that. `main.ts` asks
 * here what a failure is to the service manager.
 *
 * @module
 */
import { toTunnelError } from "../../base/errors.ts";
import type { Runtime } from "../../runtime/host.ts";
import type { Cli, Input } from "../command.ts";
import { openLog } from "../log.ts";
import type { Secrets } from "../secrets.ts";
import { runAgent } from "../tunnel.ts";
import { serviceWishes } from "./settings.ts";

/** What a service ends with when it cannot read its configuration: EIO, Input/output error. */
export const UNREADABLE_EXIT = 5;

/** Neither flags nor the environment of whoever started the manager: token and edge come from the file. */
const NOTHING_TYPED: Input = {
  argument: undefined,
  words: [],
  flag: () => undefined,
  all: () => [],
  isGiven: () => false,
};

/**
 * Runs the agent as a service.
 *
 * @param cli the machine, the log, the configuration
 * @returns 0 after a signal, or when the edge asked the agent to stop
 * @throws {TunnelError} config_invalid, and what keeps an agent from going online
 */
export async function runService(cli: Cli): Promise<number> {
  const wishes = serviceWishes(cli.config);
  const { file } = cli.config;
  // Nobody looks at a status.
  const config = { ...cli.config, file: { ...file, agent: { ...file.agent, console_ui: false } } };
  const run = { ...cli, config };
  return await runAgent(run, NOTHING_TYPED, wishes, serviceWishes, { serviceRun: true });
}

/**
 * Tells the operating system why the service cannot go on.
 *
 * @param runtime the machine
 * @param thrown what went wrong
 * @param wasReading whether it was still reading its configuration
 * @param secrets what never shows
 * @returns the exit code
 */
export async function endService(
  runtime: Runtime,
  thrown: unknown,
  wasReading: boolean,
  secrets: Secrets,
): Promise<number> {
  const error = toTunnelError(thrown);
  const isUnreadable = ["not_found", "permission_denied", "io_failed"].includes(error.code);
  const log = await openLog(runtime, {
    destination: "false",
    format: "logfmt",
    level: "info",
    forService: true,
  }, secrets);
  log.logger.log("crit", "service failed", { err: error, code: error.code });
  await log.close();
  return wasReading && isUnreadable ? UNREADABLE_EXIT : 1;
}
