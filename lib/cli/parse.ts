/**
 * Reads a command line. The only file that knows the parser library; what is wrong comes back as one
 * sentence of ours. `main.ts` calls it.
 *
 * @module
 */
import { Command as Parser, CommanderError, Option } from "commander";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import { type Command, type Flag, type Input, LOG_FLAGS, logFlagsOf, ownWord } from "./command.ts";

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

/** A configuration may be named anywhere; what needs none takes no notice of it (spec agent A). */
const CONFIG_ANYWHERE: Flag = { name: "config", value: "path", summary: "", repeats: true };

/**
 * Understands a command line. Flags may stand before or after the argument, those of the log and
 * `--config` also before the command.
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
  // Among the commands that are made of a table, one has a flag of this name.
  const isTaken = commands.some(({ name, load }) => load && args.includes(name));
  if (!isTaken) program.version("", "-v, --version");
  addFlags(program, [...LOG_FLAGS, CONFIG_ANYWHERE]);
  const parsers = new Map<Parser, Command | undefined>([[program, undefined]]);
  const add = (above: Parser, command: Command) => {
    const parser = quiet(above.command(ownWord(command)));
    parsers.set(parser, command);
    if (command.argument) parser.argument(placeholder(command.argument));
    addFlags(parser, command.flags);
    parser.action(() => {
      if (command.isGroup && parser.args[0] === "help") {
        const name = [command.name, ...parser.args.slice(1)].join(" ");
        request = { kind: "help", command: findCommand(name, commands), short: false };
        return;
      }
      refuseFlagsOfOthers(parser, command);
      if (parser.args.length > 0 && !command.argument) throw excess(parser, command);
      const flags = [...command.flags, ...logFlagsOf(command)];
      const input = readInput(parser.args, flags, parser.optsWithGlobals(), env);
      request = command.isGroup
        ? { kind: "help", command, short: false }
        : { kind: "run", command, input };
    });
    // What is too much may be a command that does not exist: our own sentence says so.
    if (!command.argument) parser.allowExcessArguments();
    for (const below of command.commands ?? []) add(parser, below);
  };
  for (const command of commands) add(program, command);
  let failing: Parser = program;
  for (const parser of parsers.keys()) {
    parser.exitOverride((error) => {
      failing = parser;
      throw error;
    });
  }
  try {
    program.parse(metadataOfSession(args, commands), { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const command = parsers.get(failing);
    if (thrown.code === "commander.helpDisplayed") {
      // `--help http` means what `http --help` means.
      return { kind: "help", command: command ?? named(args, commands), short: false };
    }
    if (thrown.code === "commander.help") {
      return { kind: "help", command, short: true };
    }
    if (thrown.code === "commander.version") return { kind: "version" };
    const { code, message } = complaint(thrown, failing, command, commands);
    throw new TunnelError(code, message, { cause: thrown });
  }
  return request ?? { kind: "help", command: undefined, short: true };
}

/**
 * `--metadata` in front of a command is said of the session, behind it of the endpoint (agent.md B):
 * the one in front becomes the flag that says so.
 */
function metadataOfSession(args: readonly string[], commands: readonly Command[]): string[] {
  const flags = ["--metadata", "--config", ...LOG_FLAGS.map(({ name }) => `--${name}`)];
  const before: string[] = [];
  const found: string[] = [];
  let at = 0;
  while (at < args.length) {
    const [flag] = args[at].split("=");
    if (!flags.includes(flag)) break;
    const taken = args.slice(at, at + (args[at].includes("=") ? 1 : 2));
    at += taken.length;
    if (flag !== "--metadata") before.push(...taken);
    else found.push(taken[0].replace("--", "--session-"), ...taken.slice(1));
  }
  const command = commands.find((one) => ownWord(one) === args[at]);
  const isTaken = command?.flags.some(({ name }) => name === "session-metadata");
  if (found.length === 0 || !isTaken) return [...args];
  return [...before, args[at], ...found, ...args.slice(at + 1)];
}

/** The command that words name, as deep as they do. */
function named(words: readonly string[], commands: readonly Command[]): Command | undefined {
  let found: Command | undefined;
  for (const word of words) {
    found = (found ? found.commands ?? [] : commands).find((one) => ownWord(one) === word) ?? found;
  }
  return found;
}

/**
 * The command of this name.
 *
 * @param name its words, with a blank between two
 * @param commands the program's
 * @throws {TunnelError} usage: which word names nothing
 */
export function findCommand(name: string, commands: readonly Command[]): Command {
  let found: Command | undefined;
  for (const word of name.split(" ")) {
    const candidates = found ? found.commands ?? [] : commands;
    const next = candidates.find((one) => ownWord(one) === word);
    if (!next) throw unknownCommand(word, candidates, found);
    found = next;
  }
  return found!;
}

/** A flag of the command above would be taken silently, and mean nothing. */
function refuseFlagsOfOthers(parser: Parser, command: Command): void {
  const isOfEdge = command.name.startsWith("edge ");
  if (isOfEdge && !command.flags.some(({ name }) => name === "config")) {
    // An edge has another file: who names it here must not get an answer about another folder.
    if (parser.optsWithGlobals().config !== undefined) throw strange("--config", command);
  }
  for (let above = parser.parent; above?.parent; above = above.parent) {
    for (const option of above.options) {
      if (above.getOptionValue(option.attributeName()) === undefined) continue;
      if (command.flags.some(({ name }) => `--${name}` === option.long)) continue;
      throw strange(option.long!, command);
    }
  }
}

function strange(flag: string, command: Command): TunnelError {
  const flags = [...command.flags, ...LOG_FLAGS];
  return new TunnelError("usage", unknownFlag(flag, `sallyport ${command.name}`, flags));
}

function excess(parser: Parser, command: Command): TunnelError {
  const [word] = parser.args;
  if (command.commands) return unknownCommand(word, command.commands, command);
  return new TunnelError(
    "usage",
    `Too many arguments: "sallyport ${command.name}" takes no argument, ${counted(parser.args)}`,
  );
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? "1 was given" : `${length} were given`;
}

function placeholder({ name, optional, words }: NonNullable<Command["argument"]>): string {
  const rest = words ? `${name}...` : name;
  return optional ? `[${rest}]` : `<${rest}>`;
}

/** A parser that prints nothing by itself and leaves the environment alone. */
function quiet(parser: Parser): Parser {
  return parser.helpOption("-h, --help").helpCommand(false).showSuggestionAfterError(false)
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
  const switches = new Map(
    flags.filter(({ isSwitch }) => isSwitch).flatMap(({ name, short }) =>
      [
        [`--${name}`, name],
        ...short === undefined ? [] : [[`-${short}`, name]],
      ] as [string, string][]
    ),
  );
  if (switches.size > 0) {
    const split = parser.parseOptions.bind(parser);
    parser.parseOptions = (args) => split(withoutThirst(args, switches));
  }
  for (const flag of flags) {
    const { name, short, value, repeats, isSwitch } = flag;
    const words = short === undefined ? `--${name}` : `-${short}, --${name}`;
    const option = new Option(isSwitch ? `${words} [${value}]` : `${words} <${value}>`);
    if (repeats) {
      option.argParser((next: string, before: string[] | undefined) => [...before ?? [], next]);
    }
    parser.addOption(option);
  }
}

/** The library gives a switch the next word for its value: here it takes a truth value, nothing else. */
function withoutThirst(args: readonly string[], switches: ReadonlyMap<string, string>): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return args.map((word, at) => {
    const name = at < end ? switches.get(word) : undefined;
    return name === undefined || TRUTH.test(args[at + 1] ?? "") ? word : `--${name}=true`;
  });
}

/** Truth values as Go reads them, which scripts for the ngrok agent write. */
const TRUTH = /^(?:true|false|t|f|1|0)$/i;

function truth(value: string): string {
  if (!TRUTH.test(value)) return value;
  return /^[t1]/i.test(value) ? "true" : "false";
}

function readInput(
  words: readonly string[],
  flags: readonly Flag[],
  options: Readonly<Record<string, unknown>>,
  env: (name: string) => string | undefined,
): Input {
  const values = new Map<string, readonly string[]>();
  const given = new Set<string>();
  for (const flag of flags) {
    // The library keeps `--log-level` as `logLevel`.
    const key = new Option(`--${flag.name}`).attributeName();
    const typed = options[key];
    const found = typed !== undefined
      ? { value: [typed].flat().map(String), by: `--${flag.name}` }
      : fromEnvironment(flag, env);
    if (found && flag.isSwitch) found.value = found.value.map(truth);
    // A script that has nothing to say writes an empty value: it means what leaving it out does.
    if (found && saysNothing(flag, found.value)) continue;
    if (found) {
      for (const one of found.value) checkChoice(flag, one, found.by);
      given.add(flag.name);
    }
    const value = found?.value ?? (flag.fallback === undefined ? [] : [flag.fallback]);
    values.set(flag.name, value);
  }
  return {
    argument: words.length > 0 ? words.join(" ") : undefined,
    words,
    flag: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
    isGiven: (name) => given.has(name),
  };
}

function saysNothing({ choices, fallback }: Flag, value: readonly string[]): boolean {
  return choices !== undefined && fallback === undefined && value.every((one) => one === "");
}

function fromEnvironment(flag: Flag, env: (name: string) => string | undefined) {
  for (const name of flag.env ?? []) {
    const value = env(name);
    if (value !== undefined) return { value: [value], by: name };
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

/** Our code and sentence for a complaint of the library. */
function complaint(
  error: CommanderError,
  parser: Parser,
  command: Command | undefined,
  commands: readonly Command[],
): { readonly code: ErrorCode; readonly message: string } {
  if (error.code === "commander.unknownCommand") {
    return unknownCommand(quotedIn(error), command?.commands ?? commands, command);
  }
  if (error.code === "commander.unknownOption" && command) {
    // A flag behind a word that is no command: the word is what is wrong.
    const [word] = parser.args;
    if (word !== undefined && !word.startsWith("-") && absentee(command, word)) {
      return unknownCommand(word, command.commands ?? [], command);
    }
    const [flag] = quotedIn(error).split("=");
    const reason = absentee(command, flag);
    if (reason) {
      const message = `Cannot use ${flag} of "${command.name}": it ${reason}`;
      return { code: "unsupported", message };
    }
  }
  return { code: "usage", message: misuse(error, parser, command) };
}

/** What is to be said about a command or flag that is not here but elsewhere. */
function absentee(command: Command | undefined, word: string): string | undefined {
  return command?.absent && Object.hasOwn(command.absent, word) ? command.absent[word] : undefined;
}

function quotedIn({ message }: CommanderError): string {
  return /'([^']*)'/.exec(message)?.[1] ?? "";
}

/** What is wrong with how a command was used. Values never show: one of them may be a secret. */
function misuse(error: CommanderError, parser: Parser, command: Command | undefined): string {
  const called = command ? `sallyport ${command.name}` : "sallyport";
  const quoted = quotedIn(error);
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
    return `Too many arguments: "${called}" takes ${wanted}, ${counted(parser.args)}`;
  }
  return error.message.replace(/^error: /, "").replace(/\.$/, "");
}

/**
 * The error about a command that does not exist.
 *
 * @param word what was typed
 * @param commands what would have been right
 * @param above the command they are below
 */
export function unknownCommand(
  word: string,
  commands: readonly Command[],
  above?: Command,
): TunnelError {
  if (!above && /^\d{1,5}$/.test(word)) {
    return new TunnelError(
      "usage",
      `Unknown command "${word}": to put port ${word} online, run "sallyport http ${word}"`,
    );
  }
  const reason = absentee(above, word);
  if (reason) {
    return new TunnelError("unsupported", `Cannot run "${above!.name} ${word}": they ${reason}`);
  }
  const [typed, help] = above ? [`${above.name} ${word}`, `help ${above.name}`] : [word, "help"];
  const meant = nearest(word, commands.map(ownWord));
  const right = commands.find((one) => ownWord(one) === meant);
  return new TunnelError(
    "usage",
    `Unknown command "${typed}"` +
      (right ? `; did you mean "${right.name}"?` : `; "sallyport ${help}" lists them all`),
  );
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
