/**
 * What a command of the program is: data that the parser, the help and the completion read, and one
 * function. Each file in `commands/` defines one; `commands/mod.ts` lists them.
 *
 * @module
 */
import type { Logger } from "../base/log.ts";
import type { Runtime } from "../runtime/host.ts";
import type { LoadedConfig } from "./loaded_config.ts";
import type { Secrets } from "./secrets.ts";

/** A flag, written `--name value` or `--name=value`. */
export interface Flag {
  /** The long name, without hyphens. */
  readonly name: string;
  /** One letter or digit that may be written for it, after one hyphen. */
  readonly short?: string;
  /** What the value is, for the help: `url`, `path`. */
  readonly value: string;
  /** What the flag does, in a few words without a full stop. */
  readonly summary: string;
  /** The only values allowed, where they are few. */
  readonly choices?: readonly string[];
  /** What holds without the flag and its environment variables. */
  readonly fallback?: string;
  /** Environment variables that stand for the flag, the first that is set wins. */
  readonly env?: readonly string[];
  /** Whether the value must never be printed. */
  readonly secret?: boolean;
  /** Whether it may be given several times, each adding a value. @default {false} */
  readonly repeats?: boolean;
  /** What to use instead, for a flag of old: it works, is left out of the help, and says so when it is used. */
  readonly deprecated?: string;
  /** Whether the flag alone means `true`, so that a value needs an equals sign: `--active=false`. @default {false} */
  readonly isSwitch?: boolean;
}

/** What stands after the name of a command. */
export interface Argument {
  /** What it is: `address`. */
  readonly name: string;
  /** Completes the sentence "Missing <address>: …", for whoever left it out. */
  readonly missing: string;
  /** A few words for the help. */
  readonly summary: string;
  /** Whether it may be left out. @default {false} */
  readonly optional?: boolean;
  /** Whether it may be several words; they come joined by a blank. @default {false} */
  readonly words?: boolean;
  /** What its words are, for whoever presses Tab. @default nothing that can be known */
  readonly completes?: "commands" | "endpoints" | readonly string[];
}

/** An example of the help. */
export interface Example {
  /** What to type, without `sallyport`. */
  readonly line: string;
  /** What it does. */
  readonly does: string;
}

/** What was typed, understood. */
export interface Input<Name extends string = string> {
  /** The argument; `undefined` when it was left out. */
  readonly argument: string | undefined;
  /** Its words, one by one. */
  readonly words: readonly string[];
  /** The value of a flag: given, or from the environment, or the fallback. */
  flag(name: Name): string | undefined;
  /** All values of a flag that repeats, in the order given. */
  all(name: Name): readonly string[];
  /** Whether the value was given by flag or environment rather than being the fallback. */
  isGiven(name: Name): boolean;
}

/** What a command works with. */
export interface Cli {
  /** The machine. */
  readonly runtime: Runtime;
  /** Where lines go. */
  readonly logger: Logger;
  /** Whether standard output belongs to the log, so that nothing else may be printed there. */
  readonly logsToStdout: boolean;
  /** Whether lines of the log go to standard error, where a drawn screen could not bear them. @default {false} */
  readonly logsToStderr?: boolean;
  /** What must not be printed. */
  readonly secrets: Secrets;
  /** The configuration of the user; empty for commands that do not obey one. */
  readonly config: LoadedConfig;
  /** All commands, for those that speak about commands. */
  readonly commands: readonly Command[];
}

/** A command of the program. */
export interface Command {
  /** What is typed: one word, or as many as it is deep, `edge token list`. */
  readonly name: string;
  /** A few words, without a full stop: the line in the list of commands. */
  readonly summary: string;
  /** Whole sentences. Paragraphs are separated by an empty line. */
  readonly description: string;
  /** At least one. */
  readonly examples: readonly Example[];
  /** What it takes after its name, if anything. */
  readonly argument?: Argument;
  /** Its own flags; those of the log come on top. */
  readonly flags: readonly Flag[];
  /** Whether it obeys the configuration files of the agent, which have its log's settings too. @default {false} */
  readonly obeysConfig?: boolean;
  /** Whether lists leave it out: it is there for scripts of old. @default {false} */
  readonly hidden?: boolean;
  /** Where its log goes unless the user says otherwise; `service` is the operating system's. @default {"false"} */
  readonly logsTo?: "false" | "stdout" | "stderr" | "service";
  /** The commands below it; their names begin with its own. */
  readonly commands?: readonly Command[];
  /** Gives the commands below it where that takes time: asked only when it is named. */
  readonly load?: () => Promise<readonly Command[]>;
  /** Commands and flags that it does not have, though programs like it do: each with what to say about it. */
  readonly absent?: Readonly<Record<string, string>>;
  /** Whether it does nothing by itself: it is explained instead. @default {false} */
  readonly isGroup?: boolean;
  /**
   * Does the work.
   *
   * @returns the exit code
   * @throws {TunnelError} what went wrong, to be printed as one sentence
   */
  run(cli: Cli, input: Input): Promise<number>;
}

/** A command as its file writes it: `input.flag` accepts the names of its own flags alone. */
export interface CommandDefinition<F extends readonly Flag[]>
  extends Omit<Command, "flags" | "run"> {
  /** Its own flags. */
  readonly flags: F;
  /** Does the work. */
  run(cli: Cli, input: Input<F[number]["name"]>): Promise<number>;
}

/** Makes a command: a misspelt flag name in `run` is a type error. */
export function defineCommand<const F extends readonly Flag[]>(
  definition: CommandDefinition<F>,
): Command {
  return definition;
}

/** A command that only holds others: by itself it explains them. */
export interface Group {
  /** What is typed. */
  readonly name: string;
  /** The line in the list of commands. */
  readonly summary: string;
  /** Whole sentences. */
  readonly description: string;
  /** At least one. */
  readonly examples: readonly Example[];
  /** The commands below it. */
  readonly commands?: readonly Command[];
  /** Gives them where that takes time. */
  readonly load?: () => Promise<readonly Command[]>;
  /** Commands that are not below it, each with what to say about it. */
  readonly absent?: Readonly<Record<string, string>>;
}

/** Makes a command that only holds others. */
export function defineGroup(group: Group): Command {
  return { ...group, flags: [], isGroup: true, run: () => Promise.resolve(0) };
}

/** The names of the environment variables of `--config`. */
export const CONFIG_VARIABLES: readonly string[] = ["SALLYPORT_CONFIG", "NGROK_CONFIG"];

/** Makes a flag whose name the types know. */
export function defineFlag<const F extends Flag>(flag: F): F {
  return flag;
}

/** The flags every command understands, before or after its name. */
export const LOG_FLAGS: readonly Flag[] = [
  {
    name: "log",
    value: "where",
    summary: "where log lines go: stdout, stderr, the path of a file, or false for nowhere",
  },
  {
    name: "log-format",
    value: "format",
    summary: "how log lines look",
    choices: ["term", "logfmt", "json"],
    fallback: "term",
  },
  {
    name: "log-level",
    value: "level",
    summary: "the least important line that is written",
    choices: ["debug", "info", "warn", "error", "crit"],
    fallback: "info",
  },
];

/** The word that is typed behind the commands above it. */
export function ownWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

/**
 * Gives the commands that were named the commands below them, where those take time to know.
 *
 * @param commands the program's
 * @param args the command line
 */
export function loadCommands(
  commands: readonly Command[],
  args: readonly string[],
): Promise<readonly Command[]> {
  return Promise.all(commands.map(async (command) => {
    if (!command.load || !args.includes(command.name)) return command;
    return { ...command, commands: await command.load() };
  }));
}

/** The log's flags with the fallback of this command in the place of the common one. */
export function logFlagsOf(command: Command): readonly Flag[] {
  return LOG_FLAGS.map((flag) =>
    flag.name === "log" ? { ...flag, fallback: command.logsTo ?? "false" } : flag
  );
}
