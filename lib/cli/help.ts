/**
 * The texts of `--help`, in the sections users of the ngrok agent know (spec agent A). Printed from
 * the commands' own data, so that help cannot lag behind. `main.ts` and `commands/help.ts` call it.
 *
 * @module
 */
import type { Host } from "../runtime/host.ts";
import { type Command, type Flag, LOG_FLAGS, logFlagsOf, ownWord } from "./command.ts";

/** How help is laid out. */
export interface HelpStyle {
  /** Cells of a line. */
  readonly columns: number;
  /** Whether titles are bold. */
  readonly bold: boolean;
}

/** The layout that fits standard output. */
export function helpStyle(host: Host): HelpStyle {
  const { isTty, columns } = host.stdout;
  return {
    columns: isTty ? columns : 80,
    bold: isTty && host.env("NO_COLOR") === undefined,
  };
}

/** What the program is, in one line. */
export const SUMMARY: string = "put a local service on a public URL, or run an edge for others";

const DESCRIPTION =
  `Sallyport puts a service that runs on this machine, behind NAT or a firewall, on a URL that others can open. The agent ("sallyport http", "tcp", "tls") dials out to an edge; the edge ("sallyport edge") owns the public addresses and sends visitors down that connection.

Without an edge to dial, the agent starts a small one of its own on this machine, so that "sallyport http 8080" works at once.`;

/** Lines never get longer than this, however wide the terminal. */
const MAX_COLUMNS = 100;

/** What is shown when somebody types the program's name and nothing else. */
export function shortHelp(commands: readonly Command[], style: HelpStyle): string {
  return page([
    paragraph(`sallyport - ${SUMMARY}`, style, 0),
    usage("sallyport [command] [flags]", style),
    listOfCommands(commands, style),
    section("EXAMPLES", examples(firstExamples(commands).slice(0, 3), style), style),
    paragraph('"sallyport help <command>" explains a command.', style, 0),
  ]);
}

/** What `sallyport --help` and `sallyport help` print. */
export function programHelp(commands: readonly Command[], style: HelpStyle): string {
  return page([
    section("NAME", [paragraph(`sallyport - ${SUMMARY}`, style, 2)], style),
    usage("sallyport [command] [flags]", style),
    section("DESCRIPTION", [paragraphs(DESCRIPTION, style)], style),
    listOfCommands(commands, style),
    section("EXAMPLES", examples(firstExamples(commands), style), style),
    section(
      "OPTIONS",
      table([...LOG_FLAGS.map(flagRow), HELP_ROW, ["-v, --version", "say the version"]], style),
      style,
    ),
  ]);
}

/** What `sallyport <command> --help` prints. */
export function commandHelp(command: Command, style: HelpStyle): string {
  const { argument, commands } = command;
  const name = argument?.words ? `${argument.name}...` : argument?.name;
  const word = argument ? (argument.optional ? ` [${name}]` : ` <${name}>`) : "";
  const lines = command.isGroup ? [] : [`sallyport ${command.name}${word} [flags]`];
  if (commands || command.load) lines.push(`sallyport ${command.name} <command> [flags]`);
  const terms = argument ? table([[argument.name, argument.summary]], style) : [];
  return page([
    section("NAME", [paragraph(`${command.name} - ${command.summary}`, style, 2)], style),
    section("USAGE", lines.map((line) => `  ${line}`), style),
    section("DESCRIPTION", [paragraphs(command.description, style)], style),
    section("TERMS", terms, style),
    commands ? listOfCommands(commands, style) : "",
    section(
      command.examples.length > 1 ? "EXAMPLES" : "EXAMPLE",
      examples(command.examples, style),
      style,
    ),
    section(
      "OPTIONS",
      table([...shownFlags(command).map(flagRow), HELP_ROW], style),
      style,
    ),
  ]);
}

type Row = readonly [left: string, right: string];

const HELP_ROW: Row = ["-h, --help", "explain this"];

function page(sections: readonly string[]): string {
  return sections.filter((text) => text !== "").join("\n\n") + "\n";
}

function section(title: string, lines: readonly string[], style: HelpStyle): string {
  if (lines.length === 0) return "";
  return `${style.bold ? `\x1b[1m${title}:\x1b[0m` : `${title}:`}\n${lines.join("\n")}`;
}

function usage(line: string, style: HelpStyle): string {
  return section("USAGE", [`  ${line}`], style);
}

function listOfCommands(commands: readonly Command[], style: HelpStyle): string {
  return section(
    "COMMANDS",
    table(
      commands.filter(({ hidden }) => !hidden).map((one) => [ownWord(one), one.summary]),
      style,
    ),
    style,
  );
}

/** The first example of each command that has an argument worth showing, and of the edge. */
function firstExamples(commands: readonly Command[]) {
  return commands.filter(({ flags, hidden }) => flags.length > 0 && !hidden).map(({ examples }) =>
    examples[0]
  );
}

/** Beside each other where all fit, else each explained by a comment above it. */
function examples(list: Command["examples"], style: HelpStyle): string[] {
  const widest = Math.max(...list.map(({ line }) => line.length)) +
    "sallyport ".length;
  const longest = Math.max(...list.map(({ does }) => does.length));
  if (widest + longest + 6 <= width(style)) {
    return table(list.map(({ line, does }) => [`sallyport ${line}`, `# ${does}`]), style);
  }
  return list.flatMap(({ line, does }) => [
    ...wrap(does, width(style) - 4).map((part) => `  # ${part}`),
    `  sallyport ${line}`,
  ]);
}

/** Flags of old work, and are not recommended by showing them. */
function shownFlags(command: Command): Flag[] {
  return [...command.flags, ...logFlagsOf(command)].filter(({ deprecated }) => !deprecated);
}

function flagRow(flag: Flag): Row {
  const notes: string[] = [];
  if (flag.choices) notes.push(flag.choices.join(", "));
  if (flag.fallback !== undefined) notes.push(`default ${flag.fallback}`);
  if (flag.repeats) notes.push("may be repeated");
  if (flag.env) notes.push(`env ${flag.env.join(", ")}`);
  const summary = notes.length > 0 ? `${flag.summary} (${notes.join("; ")})` : flag.summary;
  const value = flag.isSwitch ? `[=${flag.value}]` : ` <${flag.value}>`;
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return [`${short}--${flag.name}${value}`, summary];
}

/** Two columns; a left cell that is too wide gets its right cell on the next line. */
function table(rows: readonly Row[], style: HelpStyle): string[] {
  const widest = Math.max(0, ...rows.map(([left]) => left.length));
  const column = Math.min(widest, Math.floor(width(style) * 0.6)) + 2;
  const lines: string[] = [];
  for (const [left, right] of rows) {
    const wrapped = wrap(right, width(style) - column - 2);
    const fits = left.length + 2 <= column;
    lines.push(fits ? `  ${left.padEnd(column)}${wrapped.shift() ?? ""}`.trimEnd() : `  ${left}`);
    for (const line of wrapped) lines.push(" ".repeat(column + 2) + line);
  }
  return lines;
}

function paragraphs(text: string, style: HelpStyle): string {
  return text.split("\n\n").map((part) => paragraph(part, style, 2)).join("\n\n");
}

function paragraph(text: string, style: HelpStyle, indent: number): string {
  return wrap(text, width(style) - indent).map((line) => " ".repeat(indent) + line).join("\n");
}

function width(style: HelpStyle): number {
  return Math.max(40, Math.min(style.columns, MAX_COLUMNS));
}

/** Breaks text at spaces; a word longer than a line stays whole. */
function wrap(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > cells) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}
