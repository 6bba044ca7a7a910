/** @module */
import assert from "node:assert/strict";
import {
  countWords,
  endOf,
  foldAll,
  linesInSight,
  moveBy,
} from "../../../../lib/ui/inspector/tree_lines.ts";
import { formatJson } from "../../../../lib/ui/inspector/json_view.ts";
import { test } from "../../../harness.ts";

const ORDER = formatJson(
  '{"id":1.50,"lines":[{"sku":"a\\"b"},[]],"x y":{"z":null},"end":true}',
);
//  0 {
//  1   "id": 1.50,
//  2   "lines": [
//  3     {
//  4       "sku": "a\"b"
//  5     },
//  6     []
//  7   ],
//  8   "x y": {
//  9     "z": null
// 10   },
// 11   "end": true
// 12 }

test("linesInSight() leaves out what is folded, with its end", () => {
  assert.deepEqual(linesInSight(ORDER, new Set([2])), [0, 1, 2, 8, 9, 10, 11, 12]);
  assert.deepEqual(linesInSight(ORDER, foldAll(ORDER)), [0, 1, 2, 8, 11, 12]);
  assert.deepEqual(linesInSight(ORDER, new Set([0])), [0]);
  const text = endOf(ORDER, 2).map(({ text }) => text).join("");
  assert.equal(text, "],");
  assert.equal(countWords(ORDER.nodes[2]!), "2 items");
  assert.equal(countWords(ORDER.nodes[3]!), "1 name");
});

test("moveBy() goes up and down over values, and left and right through them", () => {
  let now = { line: 0, folded: new Set<number>() as ReadonlySet<number> };
  const press = (...keys: string[]) => {
    for (const key of keys) now = moveBy(ORDER, now, key)!;
    return now.line;
  };
  assert.equal(press("ArrowUp"), 0);
  assert.equal(press("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"), 4);
  assert.equal(press("ArrowRight"), 4, "a string has nothing in it");
  assert.equal(press("ArrowDown"), 6, "ends are passed over");
  assert.equal(press("ArrowLeft"), 2);
  assert.equal(press("ArrowLeft"), 2);
  assert.deepEqual([...now.folded], [2]);
  assert.equal(press("ArrowDown"), 8);
  assert.equal(press("ArrowUp", "Enter"), 2);
  assert.equal(now.folded.size, 0);
  assert.equal(press("End"), 11);
  assert.equal(press("ArrowDown"), 11);
  assert.equal(press("ArrowUp", "-"), 8, "what is chosen stays in sight");
  assert.equal(now.folded.size, 3);
  assert.equal(press("+", "Home", " "), 0);
  assert.deepEqual(linesInSight(ORDER, now.folded), [0]);
  assert.equal(moveBy(ORDER, now, "x"), undefined);
});
