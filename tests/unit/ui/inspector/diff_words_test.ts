/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffLines } from "../../../../lib/ui/inspector/diff.ts";
import { changedParts } from "../../../../lib/ui/inspector/diff_words.ts";
import { test } from "../../../harness.ts";

const marked = (before: string[], after: string[]) => {
  const rows = diffLines(before, after);
  const parts = changedParts(rows);
  return rows.map((row) =>
    parts.get(row)?.map(({ text, isChanged }) => isChanged ? `[${text}]` : text).join("") ??
      row.text
  );
};

test("changedParts() marks the words that changed in a line that stayed", () => {
  assert.deepEqual(marked(['  "total": 33,', "}"], ['  "total": 34,', "}"]), [
    '  "total": [33],',
    '  "total": [34],',
    "}",
  ]);
  assert.deepEqual(marked(["Accept: text/html"], ["Accept: text/html, */*"]), [
    "Accept: text/html",
    "Accept: text/html[, */*]",
  ]);
});

test("changedParts() leaves lines alone that have little in common", () => {
  assert.deepEqual(marked(["one of these"], ["{ something: else }"]), [
    ...["one of these", "{ something: else }"],
  ]);
  const long = "a ".repeat(2_000);
  assert.equal(changedParts(diffLines([long], [`${long}b`])).size, 0);
  assert.equal(changedParts([{ kind: "gap", count: 3 }]).size, 0);
});

test("changedParts() loses and adds no character", () => {
  const line = fc.string({ unit: fc.constantFrom(..."ab 1,\u00e4\u{1f600}") });
  fc.assert(fc.property(fc.array(line), fc.array(line), (before, after) => {
    const rows = diffLines(before, after);
    for (const [row, parts] of changedParts(rows)) {
      assert.equal(parts.map(({ text }) => text).join(""), row.text);
    }
  }));
});
