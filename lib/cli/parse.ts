/**
 * Reads a command line. The only file that knows the parser library; what is wrong comes back as one
 * sentence of ours. `main.ts` calls it.
 *
 * @module
 */
import { Command as Parser, CommanderError, Option } from "commander";
import { TunnelError } from "../base/errors.ts";
import { type Command, type Flag, type Input, LOG_FLAGS, logFlagsOf } from "./command.ts";
import { nearest } from "./suggest.ts";

/** What a command line asks for. */
export type Request =
  | {
    /** Run a command. */
    readonly kind: "run";
    /** Which. */
    readonly command: Command;
    /** With what. */
    readonly input: Input;
  }
  | {
    /** Explain a command, or the whole program; `short` when nothing was asked at all. */
    readonly kind: "help";
    /** Which; the program when absent. */
    readonly command: Command | undefined;
    /** Whether a few lines will do. */
    readonly short: boolean;
  }
  | {
    /** Say the version. */
    readonly kind: "version";
  };

/**
 * Understands a command line. Flags may stand before or after the argument, those of the log also
 * before the command.
 *
 * @param args what follows the program's name
 * @param commands what there is
 * @param env looks up an environment variable
 * @throws {TunnelError} usage: one sentence that says what is wrong and what would be right
 */
export function parse(
  args: readonly string[],
  commands: readonly Command[],
  env: (name: string) => string | undefined,
): Request {
  let request: Request | undefined;
  const program = quiet(new Parser("sallyport"));
  program.version("", "-v, --version").helpCommand(false);
  addFlags(program, LOG_FLAGS);
  for (const command of commands) {
    const parser = quiet(program.command(command.name));
    if (command.argument) {
      const { name, optional } = command.argument;
      parser.argument(optional ? `[${name}]` : `<${name}>`);
    }
    addFlags(parser, command.flags);
    parser.action(() => {
      const flags = [...command.flags, ...logFlagsOf(command)];
      const input = readInput(parser.args[0], flags, parser.optsWithGlobals(), env);
      request = { kind: "run", command, input };
    });
  }
  let failing: Parser = program;
  for (const parser of [program, ...program.commands]) {
    parser.exitOverride((error) => {
      failing = parser;
      throw error;
    });
  }
  try {
    program.parse([...args], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const command = commands.find(({ name }) => failing !== program && name === failing.name());
    if (thrown.code === "commander.helpDisplayed") {
      // `--help http` means what `http --help` means.
      const named = command ?? commands.find(({ name }) => args.includes(name));
      return { kind: "help", command: named, short: false };
    }
    if (thrown.code === "commander.help") {
      return { kind: "help", command, short: true };
    }
    if (thrown.code === "commander.version") return { kind: "version" };
    throw new TunnelError(
      "usage",
      complaint(thrown, failing, command, commands),
      {
        cause: thrown,
      },
    );
  }
  return request ?? { kind: "help", command: undefined, short: true };
}

/** A parser that prints nothing by itself and leaves the environment alone. */
function quiet(parser: Parser): Parser {
  return parser.helpOption("-h, --help").showSuggestionAfterError(false)
    .configureHelp({
      formatHelp: () => "",
    }).configureOutput({
      writeOut: () => {},
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function addFlags(parser: Parser, flags: readonly Flag[]): void {
  for (const flag of flags) {
    parser.addOption(new Option(`--${flag.name} <${flag.value}>`));
  }
}

function readInput(
  argument: string | undefined,
  flags: readonly Flag[],
  options: Readonly<Record<string, unknown>>,
  env: (name: string) => string | undefined,
): Input {
  const values = new Map<string, string>();
  const given = new Set<string>();
  for (const flag of flags) {
    // The library keeps `--log-level` as `logLevel`.
    const key = flag.name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const typed = options[key];
    const found = typeof typed === "string"
      ? { value: typed, by: `--${flag.name}` }
      : fromEnvironment(flag, env);
    if (found) {
      checkChoice(flag, found.value, found.by);
      given.add(flag.name);
    }
    const value = found?.value ?? flag.fallback;
    if (value !== undefined) values.set(flag.name, value);
  }
  return {
    argument,
    flag: (name) => values.get(name),
    isGiven: (name) => given.has(name),
  };
}

function fromEnvironment(flag: Flag, env: (name: string) => string | undefined) {
  for (const name of flag.env ?? []) {
    const value = env(name);
    if (value !== undefined) return { value, by: name };
  }
  return undefined;
}

function checkChoice(flag: Flag, value: string, by: string): void {
  if (!flag.choices || flag.choices.includes(value)) return;
  const meant = nearest(value, flag.choices);
  throw new TunnelError(
    "usage",
    `Invalid value "${value}" for ${by}: use ${listed(flag.choices)}` +
      (meant ? `; did you mean "${meant}"?` : ""),
  );
}

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
}

/** Our sentence for a complaint of the library. Values never show: one of them may be a secret. */
function complaint(
  error: CommanderError,
  parser: Parser,
  command: Command | undefined,
  commands: readonly Command[],
): string {
  const called = command ? `sallyport ${command.name}` : "sallyport";
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownCommand") {
    return unknownCommand(quoted, commands);
  }
  if (error.code === "commander.unknownOption") {
    return unknownFlag(quoted, called, [...command?.flags ?? [], ...LOG_FLAGS]);
  }
  if (error.code === "commander.missingArgument" && command?.argument) {
    const { name, missing } = command.argument;
    return `Missing <${name}>: ${missing}\nExample: sallyport ${command.examples[0].line}`;
  }
  if (error.code === "commander.optionMissingArgument") {
    const [flag, value] = quoted.split(" ");
    return `Missing value: write ${flag} ${value}`;
  }
  if (error.code === "commander.excessArguments") {
    const wanted = command?.argument ? `one <${command.argument.name}>` : "no argument";
    return `Too many arguments: "${called}" takes ${wanted}, ${parser.args.length} were given`;
  }
  return error.message.replace(/^error: /, "").replace(/\.$/, "");
}

/** The sentence about a command that does not exist. */
export function unknownCommand(word: string, commands: readonly Command[]): string {
  if (/^\d{1,5}$/.test(word)) {
    return `Unknown command "${word}": to put port ${word} online, run "sallyport http ${word}"`;
  }
  const meant = nearest(word, commands.map(({ name }) => name));
  return `Unknown command "${word}"` +
    (meant ? `; did you mean "${meant}"?` : '; "sallyport help" lists them all');
}

function unknownFlag(typed: string, called: string, flags: readonly Flag[]): string {
  const [word] = typed.split("=");
  const names = [...flags.map(({ name }) => name), "help"];
  const bare = word.replace(/^-+/, "");
  if (/^-[^-]./.test(word) && names.includes(bare)) {
    return `Long flags take two hyphens: write "--${bare}" instead of "${word}"`;
  }
  const meant = nearest(bare, names);
  return `Unknown flag "${word}" for "${called}"` +
    (meant ? `; did you mean "--${meant}"?` : `; "${called} --help" lists them all`);
}
