/** @module */
import assert from "node:assert/strict";
import { flawed, plainLines } from "../../../../lib/ui/inspector/code_line.ts";
import { test } from "../../../harness.ts";

test("plainLines() ends lines as every system does", () => {
  assert.deepEqual(plainLines("a\r\nb\n\rc").map((line) => line[0]?.text), [
    "a",
    "b",
    undefined,
    "c",
  ]);
});

test("flawed() marks the place, also behind the last character", () => {
  const { lines, flaw } = flawed("one\ntwo", 5, "Wrong");
  assert.deepEqual(flaw, { message: "Wrong", line: 2, column: 2 });
  assert.deepEqual(lines[1].map(({ kind, text }) => [kind, text]), [
    ["plain", "t"],
    ["wrong", "w"],
    ["plain", "o"],
  ]);
  const end = flawed("{", 1, "The text ends");
  assert.deepEqual(end.flaw, { message: "The text ends", line: 1, column: 2 });
  assert.equal(end.lines[0].at(-1)!.kind, "wrong");
});
