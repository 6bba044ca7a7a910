/**
 * What could stand where the cursor is: commands, flags, values, names of the configuration. Pure but
 * for the names, which it asks for. The scripts of `completion_scripts.ts` call it through the hidden
 * command `__complete`, on every press of Tab.
 *
 * @module
 */
import { type Command, type Flag, LOG_FLAGS, ownWord } from "./command.ts";

/** Something that could stand there. */
export interface Candidate {
  /** The whole word. */
  readonly word: string;
  /** What it is, in a few words; empty when there is nothing to say. */
  readonly summary: string;
}

/** What the shell is to do. */
export interface Completion {
  /** What could stand there, in the order to show. */
  readonly candidates: readonly Candidate[];
  /** Whether the shell offers paths, and what stands in front of them in the word. */
  readonly paths?: "files" | "folders";
  /** Whether the word goes on: no blank is put behind it. */
  readonly goesOn?: boolean;
}

/** Gives the names of the endpoints in the configuration files named; in the usual ones for none. */
export type EndpointNames = (configs: readonly string[]) => Promise<readonly string[]>;

const NOTHING: Completion = { candidates: [] };

/**
 * Completes a command line.
 *
 * @param words what follows the program's name, the last being the one at the cursor
 * @param commands what there is
 * @param endpointNames asks the configuration
 */
export async function complete(
  words: readonly string[],
  commands: readonly Command[],
  endpointNames: EndpointNames,
): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const line = readLine(words.slice(0, -1), commands);
  const flags = flagsOf(line.command);
  if (line.waiting) return valuesOf(line.waiting, "", current);
  if (!line.onlyWords && current.startsWith("-")) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
    const flag = flags.find((one) => one.name === name);
    if (name !== undefined) return flag ? valuesOf(flag, `--${name}=`, value) : NOTHING;
    return flagNames(flags, line.given, current);
  }
  const below = line.command ? line.command.commands ?? [] : commands;
  if (below.length > 0 && line.words.length === 0) {
    return matching(current, below.filter(({ hidden }) => !hidden).map(summaryOf));
  }
  const { completes, words: isMany } = line.command?.argument ?? {};
  if (completes === undefined || (line.words.length > 0 && !isMany)) return NOTHING;
  if (completes === "commands") return commandsBelow(line.words, commands, current);
  const names = completes === "endpoints" ? await endpointNames(line.configs) : completes;
  const left = names.filter((name) => !line.words.includes(name));
  return matching(current, left.map((word) => ({ word, summary: "" })));
}

/** A command line up to the cursor, understood as far as it goes. */
interface Line {
  readonly command: Command | undefined;
  /** What is no flag and no command. */
  readonly words: readonly string[];
  /** The flag that waits for its value. */
  readonly waiting: Flag | undefined;
  readonly given: ReadonlySet<string>;
  readonly configs: readonly string[];
  /** Whether `--` ended the flags. */
  readonly onlyWords: boolean;
}

function readLine(before: readonly string[], commands: readonly Command[]): Line {
  let command: Command | undefined;
  let waiting: Flag | undefined;
  let onlyWords = false;
  const words: string[] = [];
  const given = new Set<string>();
  const configs: string[] = [];
  for (const word of before) {
    if (waiting) {
      if (waiting.name === "config") configs.push(word);
      waiting = undefined;
    } else if (word === "--" && !onlyWords) {
      onlyWords = true;
    } else if (word.startsWith("-") && !onlyWords) {
      const [, name, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
      given.add(name ?? "");
      const flag = flagsOf(command).find((one) => one.name === name);
      if (name === "config" && value !== undefined) configs.push(value);
      if (flag && !flag.isSwitch && value === undefined) waiting = flag;
    } else {
      const next = (command ? command.commands ?? [] : commands)
        .find((one) => ownWord(one) === word);
      if (next && words.length === 0) command = next;
      else words.push(word);
    }
  }
  return { command, words, waiting, given, configs, onlyWords };
}

function flagsOf(command: Command | undefined): readonly Flag[] {
  return [...command?.flags ?? [], ...LOG_FLAGS];
}

function flagNames(
  flags: readonly Flag[],
  given: ReadonlySet<string>,
  current: string,
): Completion {
  const open = flags.filter(({ name, repeats, deprecated }) =>
    !deprecated && (repeats || !given.has(name))
  );
  const all = [
    ...open.map(({ name, summary }) => ({ word: `--${name}`, summary })),
    { word: "--help", summary: "explain this" },
  ];
  return matching(current, all);
}

function valuesOf(flag: Flag, prefix: string, current: string): Completion {
  if (flag.choices) {
    const all = flag.choices.map((value) => ({ word: prefix + value, summary: "" }));
    return matching(prefix + current, all);
  }
  if (flag.name === "log") {
    const places = ["stdout", "stderr", "false"];
    const found = matching(
      prefix + current,
      places.map((word) => ({ word: prefix + word, summary: "" })),
    );
    return { ...found, paths: "files" };
  }
  if (flag.value === "path") return { candidates: [], paths: "files" };
  if (flag.value === "folder") return { candidates: [], paths: "folders" };
  return NOTHING;
}

function commandsBelow(
  words: readonly string[],
  commands: readonly Command[],
  current: string,
): Completion {
  let below = commands;
  for (const word of words) {
    below = below.find((one) => ownWord(one) === word)?.commands ?? [];
  }
  return matching(current, below.filter(({ hidden }) => !hidden).map(summaryOf));
}

function summaryOf(command: Command): Candidate {
  return { word: ownWord(command), summary: command.summary };
}

function matching(current: string, all: readonly Candidate[]): Completion {
  return { candidates: all.filter(({ word }) => word.startsWith(current)) };
}

/**
 * Splits the line of a shell at its cursor into words, as far as quotes and backslashes go. Nothing
 * is expanded: `$(…)` stays the letters it is.
 *
 * @param line the command, the program's name included
 * @returns its words, the last being the one at the end, perhaps empty
 */
export function splitLine(line: string): readonly string[] {
  const words: string[] = [];
  let word = "";
  let begun = false;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (quote === "'") {
      if (character === "'") quote = "";
      else word += character;
    } else if (character === "\\" && at + 1 < line.length) {
      word += line[++at];
      begun = true;
    } else if (quote === '"') {
      if (character === '"') quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      begun = true;
    } else if (/\s/.test(character)) {
      if (begun) words.push(word);
      word = "";
      begun = false;
    } else {
      word += character;
      begun = true;
    }
  }
  words.push(word);
  return words;
}
