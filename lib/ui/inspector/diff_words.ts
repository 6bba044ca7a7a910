/**
 * What changed inside of a line: a line that was removed beside the one that was added in its place,
 * word by word. `compare.tsx` marks it.
 *
 * @module
 */
import { type DiffGap, type DiffLine, diffLines } from "./diff.ts";

/** A part of a line. */
export interface Part {
  /** As written. */
  readonly text: string;
  /** Whether it stands in one of the two lines alone. */
  readonly isChanged: boolean;
}

/** Longer lines are not looked into. */
const MAX_CHARS = 2_000;

/** Two lines with less in common are two lines, not one that was changed. */
const ALIKE = 0.35;

/**
 * The parts of each line that was changed; lines that were removed or added as a whole have none.
 *
 * @param rows a comparison, removed lines before those added in their place
 */
export function changedParts(
  rows: readonly (DiffLine | DiffGap)[],
): ReadonlyMap<DiffLine, readonly Part[]> {
  const parts = new Map<DiffLine, readonly Part[]>();
  for (let at = 0; at < rows.length;) {
    const removed = run(rows, at, "removed");
    const added = run(rows, at + removed.length, "added");
    for (let pair = 0; pair < Math.min(removed.length, added.length); pair++) {
      const [before, after] = [removed[pair], added[pair]];
      const found = wordsOf(before.text, after.text);
      if (!found) continue;
      parts.set(before, found.before);
      parts.set(after, found.after);
    }
    at += removed.length + added.length || 1;
  }
  return parts;
}

function run(
  rows: readonly (DiffLine | DiffGap)[],
  from: number,
  kind: "removed" | "added",
): DiffLine[] {
  const found: DiffLine[] = [];
  for (let at = from; rows[at]?.kind === kind; at++) found.push(rows[at] as DiffLine);
  return found;
}

function wordsOf(
  before: string,
  after: string,
): { readonly before: Part[]; readonly after: Part[] } | undefined {
  if (Math.max(before.length, after.length) > MAX_CHARS) return undefined;
  const steps = diffLines(split(before), split(after));
  const common = steps.filter(({ kind, text }) => kind === "same" && text.trim() !== "")
    .reduce((sum, { text }) => sum + text.length, 0);
  if (common < ALIKE * Math.max(before.trim().length, after.trim().length)) return undefined;
  return {
    before: joined(steps.filter(({ kind }) => kind !== "added")),
    after: joined(steps.filter(({ kind }) => kind !== "removed")),
  };
}

/** Words, spaces, and signs one by one. */
function split(line: string): string[] {
  return line.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

function joined(steps: readonly DiffLine[]): Part[] {
  const parts: Part[] = [];
  for (const { kind, text } of steps) {
    const isChanged = kind !== "same";
    const last = parts.at(-1);
    if (last?.isChanged === isChanged) {
      parts[parts.length - 1] = { text: last.text + text, isChanged };
    } else parts.push({ text, isChanged });
  }
  return parts;
}
