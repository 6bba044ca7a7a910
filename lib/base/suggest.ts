/**
 * "Did you mean …?": finds the word somebody meant. The command line and configuration files ask it.
 *
 * @module
 */

/**
 * The candidate nearest to what was typed, when it is near enough to be what was meant: a third of
 * the letters may be wrong, and letters in swapped order count once.
 *
 * @param typed what the user wrote
 * @param candidates what would have been right
 * @returns the nearest, the first of equals; `undefined` when none is near
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearest } from "./suggest.ts";
 *
 * assert.equal(nearest("htpp", ["http", "tcp"]), "http");
 * assert.equal(nearest("xyzzy", ["http", "tcp"]), undefined);
 * ```
 */
export function nearest(typed: string, candidates: Iterable<string>): string | undefined {
  const word = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const distance = isStart(word, candidate) ? 1 : editDistance(word, candidate.toLowerCase());
    // A word of two letters may have one wrong, one of seven two.
    if (distance > Math.max(1, Math.floor(longer / 3)) || distance >= longer) {
      continue;
    }
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Whether somebody just stopped typing: `ver` for `version`. */
function isStart(word: string, candidate: string): boolean {
  return word.length >= 3 && candidate.startsWith(word);
}

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}
