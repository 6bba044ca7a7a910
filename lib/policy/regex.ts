/**
 * Regular expressions of policies, in RE2's language and with its promise: the time a match takes
 * grows with the text, never explodes with it. Whoever writes a policy must not be able to stop the
 * edge for everybody, and JavaScript's own expressions would let them.
 *
 * The library compiles and answers yes or no; where a match lies, and its groups, are found here, by
 * running its program once over the text with all possibilities side by side (a Pike machine).
 *
 * @module
 */
import { RE2JS } from "@bufbuild/re2";

/** A match: where it lies, and the texts of its groups; the whole is group 0. */
interface Match {
  readonly from: number;
  readonly to: number;
  readonly groups: readonly (string | undefined)[];
}

/** A match costs up to this much per character; what is larger is a mistake or an attack. */
const MAX_INSTRUCTIONS = 5_000;

/** A compiled expression. */
export interface Regex {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /**
   * Replaces every match.
   *
   * @param text where to look
   * @param to what to put there: `$1`, `${1}`, `${name}` are groups, `$$` is a dollar sign
   * @returns the new text, and what was replaced
   */
  replaceAll(text: string, to: string): { readonly text: string; readonly matches: string[] };
}

/**
 * Compiles an expression.
 *
 * @throws {SyntaxError} when RE2 does not know it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compileRegex } from "./regex.ts";
 *
 * const regex = compileRegex("^(https?://[^/]+)/v1/(.*)$");
 * assert.equal(regex.replaceAll("https://a/v1/b", "$1/v2/$2").text, "https://a/v2/b");
 * ```
 */
export function compileRegex(source: string): Regex {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(reason, { cause });
  }
  if (compiled.re2().prog.numInst() > MAX_INSTRUCTIONS) {
    throw new SyntaxError("it is too large: its repetitions add up");
  }
  const names = compiled.namedGroups();
  return {
    test: (text) => compiled.test(text),
    replaceAll: (text, to) => {
      const matches: string[] = [];
      let out = "";
      let at = 0;
      // As Go's ReplaceAll does: an empty match right behind another match does not count.
      let lastTo = -1;
      for (let search = 0; search <= text.length;) {
        const match = find(compiled, text, search);
        if (!match) break;
        if (match.to > match.from || match.from !== lastTo) {
          matches.push(match.groups[0]!);
          out += text.slice(at, match.from) + expand(to, match.groups, names);
          at = match.to;
          lastTo = match.to;
        }
        search = match.to > match.from ? match.to : match.to + width(text, match.to);
      }
      return { text: out + text.slice(at), matches };
    },
  };
}

/** The replacement for one match, as Go's Expand has it: a group that does not exist is empty. */
function expand(
  to: string,
  groups: Match["groups"],
  names: ReadonlyMap<string, number>,
): string {
  return to.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    if (name === undefined) return whole[0];
    // "$1x" is the group 1 followed by an x here, as the documents of policies write it.
    const digits = bare === undefined ? undefined : /^\d+/.exec(bare)?.[0];
    if (digits !== undefined) return (groups[Number(digits)] ?? "") + bare!.slice(digits.length);
    return groups[/^\d+$/.test(name) ? Number(name) : names.get(name) ?? -1] ?? "";
  });
}

/** The instructions of the library's programs (its `Inst`). */
const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  empty: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  any: 10,
  anyNotNewline: 11,
} as const;

/** What an empty-width instruction asks for, as bits (RE2's own). */
const EMPTY = {
  beginLine: 1,
  endLine: 2,
  beginText: 4,
  endText: 8,
  wordBoundary: 16,
  noWordBoundary: 32,
} as const;

/** One way through the program: where it stands, and where its groups began and ended. */
interface Thread {
  readonly pc: number;
  readonly caps: readonly number[];
}

/** The leftmost match at or behind `from`, the first of RE2's alternatives. */
function find(compiled: RE2JS, text: string, from: number): Match | undefined {
  const { prog } = compiled.re2();
  const count = 2 * (compiled.groupCount() + 1);
  const none: readonly number[] = Array(count).fill(-1);
  let best: readonly number[] | undefined;
  let threads: Thread[] = [];
  for (let at = from;; at += width(text, at)) {
    const seen = new Set<number>();
    const flags = emptyFlags(text, at);
    const ready: Thread[] = [];
    const add = (pc: number, caps: readonly number[]): void => {
      if (seen.has(pc)) return;
      seen.add(pc);
      const inst = prog.getInst(pc);
      switch (inst.op) {
        case OP.alt:
        case OP.altMatch:
          add(inst.out, caps);
          add(inst.arg, caps);
          return;
        case OP.nop:
          add(inst.out, caps);
          return;
        case OP.capture:
          add(inst.out, inst.arg < count ? caps.with(inst.arg, at) : caps);
          return;
        case OP.empty:
          if ((inst.arg & ~flags) === 0) add(inst.out, caps);
          return;
        case OP.fail:
          return;
        default:
          ready.push({ pc, caps });
      }
    };
    for (const { pc, caps } of threads) add(pc, caps);
    if (!best) add(prog.start, none.with(0, at));
    threads = [];
    const rune = at < text.length ? text.codePointAt(at)! : -1;
    for (const { pc, caps } of ready) {
      const inst = prog.getInst(pc);
      if (inst.op === OP.match) {
        best = caps.with(1, at);
        // What comes behind it in the list is a worse choice.
        break;
      }
      const takes = rune >= 0 &&
        (inst.op === OP.any || (inst.op === OP.anyNotNewline ? rune !== 10 : inst.matchRune(rune)));
      if (takes) threads.push({ pc: inst.out, caps });
    }
    if (at >= text.length || (best && threads.length === 0)) break;
  }
  if (!best) return undefined;
  const groups: (string | undefined)[] = [];
  for (let at = 0; at < count; at += 2) {
    groups.push(best[at] < 0 || best[at + 1] < 0 ? undefined : text.slice(best[at], best[at + 1]));
  }
  return { from: best[0], to: best[1], groups };
}

function emptyFlags(text: string, at: number): number {
  const before = at > 0 ? text[at - 1] : undefined;
  const after = at < text.length ? text[at] : undefined;
  let flags = isWord(before) === isWord(after) ? EMPTY.noWordBoundary : EMPTY.wordBoundary;
  if (before === undefined) flags |= EMPTY.beginText | EMPTY.beginLine;
  else if (before === "\n") flags |= EMPTY.beginLine;
  if (after === undefined) flags |= EMPTY.endText | EMPTY.endLine;
  else if (after === "\n") flags |= EMPTY.endLine;
  return flags;
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /\w/.test(char);
}

/** How many UTF-16 units the character at a place has. */
function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
