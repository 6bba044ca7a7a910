/**
 * Versions and their order, as https://semver.org section 11 has it. `manifest.ts` chooses with it.
 *
 * @module
 */

/** A version, taken apart. */
interface Version {
  readonly numbers: readonly [number, number, number];
  readonly pre: readonly string[];
}

const SHAPE =
  /^v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Whether a text is a semantic version; a `v` in front is borne. */
export function isVersion(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * The first of the three numbers.
 *
 * @param text a version
 * @throws {SyntaxError} when it is none
 */
export function majorOf(text: string): number {
  return parse(text).numbers[0];
}

/**
 * Which of two versions is newer.
 *
 * @param a one
 * @param b another
 * @returns above zero when `a` is newer, below when `b` is, 0 when they are equal
 * @throws {SyntaxError} when one is no version
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareVersions } from "./semver.ts";
 *
 * assert.ok(compareVersions("1.10.0", "1.9.9") > 0);
 * assert.ok(compareVersions("1.0.0-beta.2", "1.0.0") < 0);
 * ```
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let at = 0; at < 3; at++) {
    const difference = left.numbers[at] - right.numbers[at];
    if (difference !== 0) return difference;
  }
  // Without a pre-release it is the version itself, and that is newer than all before it.
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  for (let at = 0; at < Math.max(left.pre.length, right.pre.length); at++) {
    const difference = comparePart(left.pre[at], right.pre[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const [aIsNumber, bIsNumber] = [a, b].map((part) => /^\d+$/.test(part));
  if (aIsNumber && bIsNumber) return Number(a) - Number(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

function parse(text: string): Version {
  const match = SHAPE.exec(text);
  if (!match) throw new SyntaxError(`"${text}" is no version such as 1.2.3`);
  const [major, minor, patch] = match.slice(1, 4).map(Number);
  return { numbers: [major, minor, patch], pre: match[4]?.split(".") ?? [] };
}
