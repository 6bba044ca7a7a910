/**
 * The program: understands the command line, opens the log, runs the command, and turns whatever
 * goes wrong into one sentence and an exit code. `cli.ts` calls it with the runtime it found.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import type { Host, Runtime } from "../runtime/host.ts";
import { type Cli, type Command, type Input, loadCommands } from "./command.ts";
import { answerShell, COMPLETE_WORD } from "./complete_request.ts";
import { COMMANDS } from "./commands/mod.ts";
import { type LoadedConfig, NO_CONFIG } from "./loaded_config.ts";
import { VERSION_LINE } from "./commands/version.ts";
import { type CrashSource, type CrashWatch, watchCrashes } from "./crash.ts";
import { commandHelp, helpStyle, programHelp, shortHelp } from "./help.ts";
import { openLog } from "./log.ts";
import type { LogFormat } from "./log_line.ts";
import { parse } from "./parse.ts";
import { RESTART } from "./remote_management.ts";
import { formatError } from "./report.ts";
import { Secrets } from "./secrets.ts";

/** Environment variables that hold secrets, whichever command runs. */
const SECRET_VARIABLES = [
  "SALLYPORT_AUTHTOKEN",
  "NGROK_AUTHTOKEN",
  "SALLYPORT_EDGE_AUTHTOKEN",
  "SALLYPORT_EDGE_API_KEY",
  "SALLYPORT_MASTER_KEY",
  "SALLYPORT_API_KEY",
  "NGROK_API_KEY",
];

/** What a test puts in the place of the real thing. */
export interface MainOptions {
  /** What the program can do. @default {COMMANDS} */
  readonly commands?: readonly Command[];
  /** Announces errors that nobody caught. @default {process} */
  readonly crashSource?: CrashSource;
}

/**
 * Runs the program to its end.
 *
 * @param runtime the machine
 * @param options what a test puts in the place of the real thing
 * @returns the exit code: 0 when it did what was asked, 1 otherwise
 */
export async function main(runtime: Runtime, options: MainOptions = {}): Promise<number> {
  const { host } = runtime;
  const secrets = new Secrets();
  const crashes = watchCrashes(options.crashSource);
  const letGo = host.keepAlive();
  let code = 1;
  try {
    code = await obey(runtime, options.commands ?? COMMANDS, secrets, crashes);
  } catch (thrown) {
    // After a crash nobody else does it, and what is printed on a screen that goes is never read.
    await host.restoreTerminal();
    host.stderr.write(secrets.hide(formatError(thrown)));
  } finally {
    letGo();
    crashes.dispose();
    await Promise.all([host.stdout.flush(), host.stderr.flush()]);
  }
  if (code === 0 && host.stdout.failure) code = await tellUnsaid(host, host.stdout.failure);
  return code === RESTART ? await startAgain(host) : code;
}

/** What was asked for did not arrive: a full disk must not look like success to a script. */
async function tellUnsaid(host: Host, failure: TunnelError): Promise<number> {
  const found = failure.message.replace(/^Cannot write: /, "");
  const { code } = failure;
  host.stderr.write(
    formatError(new TunnelError(code, `Cannot write to standard output: ${found}`)),
  );
  await host.stderr.flush();
  return 1;
}

/** Replaces the process; returns only when that does not work. */
async function startAgain(host: Host): Promise<number> {
  try {
    return host.restart();
  } catch (thrown) {
    if (!(thrown instanceof TunnelError)) throw thrown;
    host.stderr.write(formatError(thrown));
    await host.stderr.flush();
    return 1;
  }
}

async function obey(
  runtime: Runtime,
  known: readonly Command[],
  secrets: Secrets,
  crashes: CrashWatch,
): Promise<number> {
  const { host } = runtime;
  if (host.args[0] === COMPLETE_WORD) {
    await answerShell(host, known);
    return 0;
  }
  const commands = await loadCommands(known, host.args);
  for (const name of SECRET_VARIABLES) secrets.add(host.env(name) ?? "");
  const request = parse(host.args, commands, (name) => host.env(name));
  if (request.kind === "version") {
    host.stdout.write(VERSION_LINE + "\n");
    return 0;
  }
  if (request.kind === "help") {
    const style = helpStyle(host);
    const text = request.command
      ? commandHelp(request.command, style)
      : (request.short ? shortHelp : programHelp)(commands, style);
    host.stdout.write(text);
    return 0;
  }
  const { command, input } = request;
  for (const flag of command.flags) {
    if (flag.secret) input.all(flag.name).forEach((value) => secrets.addPassword(value));
  }
  let config: LoadedConfig | undefined;
  try {
    config = command.obeysConfig ? await configOf(runtime, input, secrets) : NO_CONFIG;
    const rest = { commands, secrets, config };
    return await runLogged(runtime, command, input, crashes, rest);
  } catch (thrown) {
    if (command.logsTo !== "service") throw thrown;
    // Nobody sees what a service prints.
    const { endService } = await import("./service/run.ts");
    return await endService(runtime, thrown, config === undefined, secrets);
  }
}

/** The configuration, its secrets known before anything can be printed. */
async function configOf(
  { host }: Runtime,
  input: Input,
  secrets: Secrets,
): Promise<LoadedConfig> {
  const [{ loadConfig }, { secretsOf }] = await Promise.all([
    import("./config_file.ts"),
    import("./config_secrets.ts"),
  ]);
  const config = await loadConfig(host, input.all("config"));
  for (const secret of secretsOf(config.file)) secrets.add(secret);
  return config;
}

/** Runs a command, or what is left of it after a crash, with its log open; the log has the last word. */
async function runLogged(
  runtime: Runtime,
  command: Command,
  input: Input,
  crashes: CrashWatch,
  rest: Pick<Cli, "commands" | "secrets" | "config">,
): Promise<number> {
  const { agent } = rest.config.file;
  const forService = command.logsTo === "service" && agent.log === undefined &&
    !input.isGiven("log");
  // Without a status there is nothing else to see (spec agent K).
  const fromFile = agent.log ?? (agent.console_ui === false ? "stdout" : undefined);
  const said = (flag: string, inFile: string | undefined) =>
    input.isGiven(flag) ? input.flag(flag) : inFile ?? input.flag(flag);
  // The parser and the schema have checked both against their choices.
  const options = {
    destination: said("log", fromFile) ?? "false",
    format: said("log-format", agent.log_format) as LogFormat,
    level: said("log-level", agent.log_level) as LogLevel,
    forService,
  };
  const log = await openLog(runtime, options, rest.secrets);
  const { logger } = log;
  for (const { message, fields } of rest.config.notes) logger.log("info", message, fields);
  for (const { name, deprecated } of command.flags) {
    if (deprecated === undefined || !input.isGiven(name)) continue;
    // Programs that read the log take a line on standard error for a failure.
    if (options.destination === "stdout") {
      logger.log("warn", "flag is deprecated", { flag: `--${name}`, advice: deprecated });
    } else {
      runtime.host.stderr.write(`WARNING:  --${name} is deprecated: ${deprecated}\n`);
    }
  }
  try {
    const cli: Cli = {
      runtime,
      logger,
      logsToStdout: options.destination === "stdout" && !forService,
      logsToStderr: options.destination === "stderr" || forService,
      ...rest,
    };
    return await Promise.race([command.run(cli, input), crashes.crashed]);
  } catch (thrown) {
    // What stands on standard error in a moment need not stand there twice.
    const isTwice = forService || options.destination === "stderr" && !input.isGiven("log");
    if (!isTwice && !isMistyped(thrown)) logger.log("crit", "command failed", { err: thrown });
    if (thrown instanceof Error) logger.log("debug", "stack", { stack: thrown.stack });
    throw thrown;
  } finally {
    await log.close();
  }
}

/** Whether the fault is in what was typed: nothing has run, so there is nothing for a log. */
function isMistyped(thrown: unknown): boolean {
  return thrown instanceof TunnelError &&
    (thrown.code === "usage" || thrown.code === "address_invalid");
}
