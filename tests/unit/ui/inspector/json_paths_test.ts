/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonPath, jsonValue } from "../../../../lib/ui/inspector/json_paths.ts";
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

test("jsonPath() leads from the top to each value, as JSONPath writes it", () => {
  const paths = ORDER.nodes.map((node, line) => node && jsonPath(ORDER, line));
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

test("jsonValue() gives strings as they are meant and everything else as it was written", () => {
  assert.equal(jsonValue(ORDER, 1), "1.50");
  assert.equal(jsonValue(ORDER, 4), 'a"b');
  assert.equal(jsonValue(ORDER, 6), "[]");
  assert.equal(jsonValue(ORDER, 8), '{\n  "z": null\n}');
  assert.equal(jsonValue(ORDER, 5), "");
  assert.equal(jsonValue(formatJson('"top"'), 0), "top");
});

test("jsonValue() of any object or array is the JSON of it", () => {
  const isContainer = (value: unknown) => typeof value === "object" && value !== null;
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const json = formatJson(JSON.stringify(value));
    json.nodes.forEach((node, line) => {
      if (!node) return;
      let found: unknown = value;
      const keys: (string | number)[] = [];
      for (let at = node; at.key !== undefined; at = json.nodes[at.parent]!) keys.unshift(at.key);
      for (const key of keys) found = (found as Record<string, unknown>)[key];
      const text = jsonValue(json, line);
      if (isContainer(found)) assert.equal(text, JSON.stringify(found, null, 2));
      else assert.equal(text, typeof found === "string" ? found : JSON.stringify(found));
    });
  }));
});

test("formatJson() knows no values of a text that is wrong, and several of lines of JSON", () => {
  assert.deepEqual(formatJson('{"a":1,}').nodes, []);
  const lines = formatJson('{"a":1}\n[2]', true);
  assert.deepEqual(lines.nodes.map((node, line) => node && jsonPath(lines, line)), [
    ...["$", "$.a", undefined, "$", "$[0]", undefined],
  ]);
});
