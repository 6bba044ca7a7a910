import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cellsOf,
  cutToCells,
  padToCells,
  printable,
  wrapCells,
} from "../../../../lib/cli/console/cells.ts";
import { test } from "../../../harness.ts";

test("cellsOf() counts as terminals do", () => {
  const widths: readonly (readonly [string, number])[] = [
    ["", 0],
    ["plain", 5],
    ["日本", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["😀", 2],
    ["👨‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["한국", 4],
  ];
  for (const [text, cells] of widths) assert.equal(cellsOf(text), cells, text);
});

test("cutToCells() says with … that something is missing", () => {
  assert.equal(cutToCells("calm-otter", 10), "calm-otter");
  assert.equal(cutToCells("calm-otter", 6), "calm-…");
  assert.equal(cutToCells("日本語です", 6), "日本…");
  assert.equal(cutToCells("日本語です", 5), "日本…");
  assert.equal(cutToCells("x", 0), "");
  assert.equal(cutToCells("a".repeat(1_000_000), 4), "aaa…");
});

test("cutToCells(), wrapCells() and padToCells() never exceed the room, and wrapCells() loses nothing", () => {
  const text = fc.string({ unit: "grapheme" }).map(printable);
  fc.assert(fc.property(text, fc.integer({ min: 2, max: 40 }), (text, cells) => {
    assert.ok(cellsOf(cutToCells(text, cells)) <= cells);
    assert.ok(cellsOf(padToCells(text, cells)) >= Math.min(cells, cellsOf(text)));
    const lines = wrapCells(text, cells);
    for (const line of lines) assert.ok(cellsOf(line) <= cells, JSON.stringify(line));
    assert.ok(lines.length >= 1);
    if (/^[ -~]*$/.test(text)) assert.equal(lines.join(""), text);
  }));
});

test("printable() leaves nothing that could steer the terminal or turn text round", () => {
  assert.equal(printable("a\x1b[2Jb\u202ec\n"), "a\\x1b[2Jb\\u202ec\\n");
  assert.equal(printable("日本 😀"), "日本 😀");
});
