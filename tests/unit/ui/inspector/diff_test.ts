/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffLines, foldSame } from "../../../../lib/ui/inspector/diff.ts";
import { test } from "../../../harness.ts";

const short = (before: string, after: string) =>
  diffLines([...before], [...after]).map(({ kind, text }) =>
    ({ same: "", removed: "-", added: "+" })[kind] + text
  ).join(" ");

test("diffLines() finds the shortest way from one to the other", () => {
  assert.equal(short("abc", "abc"), "a b c");
  assert.equal(short("abc", "axc"), "a -b +x c");
  assert.equal(short("", "ab"), "+a +b");
  assert.equal(short("ab", ""), "-a -b");
  const changes = diffLines([..."abcabba"], [..."cbabac"]).filter(({ kind }) => kind !== "same");
  assert.equal(changes.length, 5, "the example of the paper");
});

test("diffLines() gives both texts back, numbered", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 });
  fc.assert(fc.property(lines, lines, (before, after) => {
    const diff = diffLines(before, after);
    const left = diff.filter(({ kind }) => kind !== "added");
    const right = diff.filter(({ kind }) => kind !== "removed");
    assert.deepEqual(left.map(({ text }) => text), before);
    assert.deepEqual(right.map(({ text }) => text), after);
    assert.deepEqual(left.map(({ left }) => left), before.map((_, at) => at + 1));
    assert.deepEqual(right.map(({ right }) => right), after.map((_, at) => at + 1));
  }));
});

test("diffLines() gives up in time where nothing is the same", () => {
  const before = Array.from({ length: 5_000 }, (_, at) => `a${at}`);
  const after = Array.from({ length: 5_000 }, (_, at) => `b${at}`);
  assert.equal(diffLines(before, after).length, 10_000);
});

test("foldSame() leaves out what is far from a change", () => {
  const before = Array.from({ length: 30 }, (_, at) => String(at));
  const after = before.with(15, "x");
  const rows = foldSame(diffLines(before, after));
  assert.deepEqual(rows.map((row) => row.kind === "gap" ? row.count : row.text), [
    12,
    "12",
    "13",
    "14",
    "15",
    "x",
    "16",
    "17",
    "18",
    11,
  ]);
  assert.deepEqual(foldSame(diffLines(["a"], ["a"])).length, 1);
});
