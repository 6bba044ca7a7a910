/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  countWords,
  endOf,
  foldAll,
  linesInSight,
  moveBy,
  pathOf,
  valueOf,
} from "../../../../lib/ui/inspector/json_tree.ts";
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

test("pathOf() leads from the top to each value, as JSONPath writes it", () => {
  const paths = ORDER.nodes.map((node, line) => node && pathOf(ORDER, line));
  assert.deepEqual(paths, [
    "$",
    "$.id",
    "$.lines",
    "$.lines[0]",
    "$.lines[0].sku",
    undefined,
    "$.lines[1]",
    undefined,
    '$["x y"]',
    '$["x y"].z',
    undefined,
    "$.end",
    undefined,
  ]);
});

test("valueOf() gives strings as they are meant and everything else as it was written", () => {
  assert.equal(valueOf(ORDER, 1), "1.50");
  assert.equal(valueOf(ORDER, 4), 'a"b');
  assert.equal(valueOf(ORDER, 6), "[]");
  assert.equal(valueOf(ORDER, 8), '{\n  "z": null\n}');
  assert.equal(valueOf(ORDER, 5), "");
  assert.equal(valueOf(formatJson('"top"'), 0), "top");
});

test("valueOf() of any object or array is the JSON of it", () => {
  const isContainer = (value: unknown) => typeof value === "object" && value !== null;
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const json = formatJson(JSON.stringify(value));
    json.nodes.forEach((node, line) => {
      if (!node) return;
      let found: unknown = value;
      const keys: (string | number)[] = [];
      for (let at = node; at.key !== undefined; at = json.nodes[at.parent]!) keys.unshift(at.key);
      for (const key of keys) found = (found as Record<string, unknown>)[key];
      const text = valueOf(json, line);
      if (isContainer(found)) assert.equal(text, JSON.stringify(found, null, 2));
      else assert.equal(text, typeof found === "string" ? found : JSON.stringify(found));
    });
  }));
});

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

test("formatJson() knows no values of a text that is wrong, and several of lines of JSON", () => {
  assert.deepEqual(formatJson('{"a":1,}').nodes, []);
  const lines = formatJson('{"a":1}\n[2]', true);
  assert.deepEqual(lines.nodes.map((node, line) => node && pathOf(lines, line)), [
    ...["$", "$.a", undefined, "$", "$[0]", undefined],
  ]);
});
