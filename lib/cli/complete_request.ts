/**
 * The hidden command `__complete`: what the scripts of the shells ask on every press of Tab. It never
 * fails and never speaks on standard error: whoever types must not be disturbed.
 *
 * `sallyport __complete line <cursor> <line>` (bash) or `sallyport __complete words <count> <word>…`
 * (the others) prints the word at the cursor, one line `word<tab>summary` for each candidate, and a
 * last line `:` with what the shell is to do: nothing, `files`, `folders`.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { Host } from "../runtime/host.ts";
import { type Command, loadCommands } from "./command.ts";
import { complete, splitLine } from "./complete.ts";
import { escapeControls } from "./log_line.ts";

/** The first argument that asks for a completion. */
export const COMPLETE_WORD = "__complete";

/**
 * Answers a shell.
 *
 * @param host the machine; its arguments are the question
 * @param commands what there is
 */
export async function answerShell(host: Host, commands: readonly Command[]): Promise<void> {
  const words = wordsOf(host.args.slice(1));
  const known = await loadCommands(commands, words);
  const { candidates, paths } = await complete(
    words,
    known,
    (configs) => endpointNames(host, configs),
  );
  const lines = candidates.map(({ word, summary }) => `${clean(word)}\t${clean(summary)}`);
  host.stdout.write(
    [words.at(-1) ?? "", ...lines, `:${paths ?? ""}`].map((line) => line + "\n").join(""),
  );
}

/** The words behind the program's name. */
function wordsOf([form, count, ...rest]: readonly string[]): readonly string[] {
  if (form === "line") {
    // The cursor counts bytes in some shells and characters in others: the end of the line is safe.
    const [line = ""] = rest;
    const [, ...words] = splitLine(line.slice(0, Number(count)));
    return words;
  }
  // Some shells lose an empty last word: the count says that there was one.
  const missing = Math.max(0, Number(count) - rest.length);
  return [...rest, ...Array.from({ length: Math.min(missing, 1) }, () => "")].slice(1);
}

/** A line is a candidate, a tab ends its word. */
function clean(text: string): string {
  return escapeControls(text);
}

/** The names in files that may be wrong in any other way. */
async function endpointNames(host: Host, named: readonly string[]): Promise<readonly string[]> {
  const { firstDefault, namedPaths, openDocument } = await import("./config_file.ts");
  const fromEnvironment = host.env("SALLYPORT_CONFIG") ?? host.env("NGROK_CONFIG");
  const given = namedPaths(named.length > 0 ? named : fromEnvironment ? [fromEnvironment] : []);
  const names = new Set<string>();
  try {
    const usual = given.length > 0 ? undefined : await firstDefault(host);
    for (const path of usual === undefined ? given : [usual]) {
      const { value } = await openDocument(host, path);
      for (const name of namesIn(value)) names.add(name);
    }
  } catch (thrown) {
    // A file that cannot be read has no names; "sallyport start" will say why.
    if (!(thrown instanceof TunnelError)) throw thrown;
  }
  return [...names];
}

function namesIn(value: unknown): readonly string[] {
  const { endpoints, tunnels } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const listed = Array.isArray(endpoints) ? endpoints : [];
  const named = typeof tunnels === "object" && tunnels !== null ? Object.keys(tunnels) : [];
  return [
    ...listed.map((one) => (one as { readonly name?: unknown } | null)?.name),
    ...named,
  ].filter((name) => typeof name === "string");
}
