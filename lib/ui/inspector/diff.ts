/**
 * What is different between two texts, line by line: Myers' algorithm ("An O(ND) Difference Algorithm
 * and Its Variations", 1986), given up where texts have little in common.
 *
 * @module
 */

/** A line of one text or of both. */
export interface DiffLine {
  /** Whether it stands in both, only in the first, or only in the second. */
  readonly kind: "same" | "removed" | "added";
  /** The line. */
  readonly text: string;
  /** Its number in the first text, counted from 1. */
  readonly left: number | undefined;
  /** Its number in the second text, counted from 1. */
  readonly right: number | undefined;
}

/** Texts with more differences than this are not compared further: all of the rest is different. */
const MAX_CHANGES = 1_500;

/** Compares two texts. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head && tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) tail++;
  const result: DiffLine[] = [];
  const same = (left: number, right: number) =>
    result.push({ kind: "same", text: before[left], left: left + 1, right: right + 1 });
  for (let at = 0; at < head; at++) same(at, at);
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  for (const [kind, x, y] of editScript(a, b)) {
    if (kind === "same") same(head + x, head + y);
    else if (kind === "removed") {
      result.push({ kind, text: a[x], left: head + x + 1, right: undefined });
    } else result.push({ kind, text: b[y], left: undefined, right: head + y + 1 });
  }
  for (let at = tail; at > 0; at--) same(before.length - at, after.length - at);
  return result;
}

type Step = readonly [kind: DiffLine["kind"], x: number, y: number];

function editScript(a: readonly string[], b: readonly string[]): Step[] {
  const limit = Math.min(a.length + b.length, MAX_CHANGES);
  const trace: Int32Array[] = [];
  const size = 2 * limit + 2;
  const reach = new Int32Array(size);
  for (let changes = 0; changes <= limit; changes++) {
    trace.push(reach.slice(limit - changes, limit + changes + 2));
    for (let k = -changes; k <= changes; k += 2) {
      const at = limit + k;
      let x = k === -changes || (k !== changes && reach[at - 1] < reach[at + 1])
        ? reach[at + 1]
        : reach[at - 1] + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) x++, y++;
      reach[at] = x;
      if (x >= a.length && y >= b.length) return walkBack(a, b, trace, changes);
    }
  }
  return [
    ...a.map((_, x): Step => ["removed", x, 0]),
    ...b.map((_, y): Step => ["added", 0, y]),
  ];
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly Int32Array[],
  changes: number,
): Step[] {
  const steps: Step[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = changes; d >= 0; d--) {
    const k = x - y;
    // The row kept of round d holds diagonals -d to d+1, the middle at d.
    const before = (diagonal: number) => trace[d][diagonal + d] ?? 0;
    const down = k === -d || (k !== d && before(k - 1) < before(k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : before(fromK);
    const fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) steps.push(["same", --x, --y]);
    if (d === 0) break;
    if (down) steps.push(["added", x, --y]);
    else steps.push(["removed", --x, y]);
  }
  return steps.reverse();
}

/** Lines that are the same on both sides and were left out. */
export interface DiffGap {
  /** Tells it from lines. */
  readonly kind: "gap";
  /** How many. */
  readonly count: number;
}

/**
 * Leaves out what is the same far from any change.
 *
 * @param lines a whole comparison
 * @param around how many lines are kept on each side of a change
 */
export function foldSame(lines: readonly DiffLine[], around: number = 3): (DiffLine | DiffGap)[] {
  const result: (DiffLine | DiffGap)[] = [];
  let at = 0;
  while (at < lines.length) {
    let end = at;
    while (end < lines.length && lines[end].kind === "same") end++;
    const keepBefore = at === 0 ? 0 : around;
    const keepAfter = end === lines.length ? 0 : around;
    const count = end - at - keepBefore - keepAfter;
    if (count > 1) {
      result.push(...lines.slice(at, at + keepBefore), { kind: "gap", count });
      result.push(...lines.slice(end - keepAfter, end));
    } else {
      result.push(...lines.slice(at, end));
    }
    at = end;
    while (at < lines.length && lines[at].kind !== "same") result.push(lines[at++]);
  }
  return result;
}
