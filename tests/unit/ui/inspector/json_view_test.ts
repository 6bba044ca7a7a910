/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatJson } from "../../../../lib/ui/inspector/json_view.ts";
import { test } from "../../../harness.ts";

const laidOut = (text: string, many = false) => {
  const { lines, flaw } = formatJson(text, many);
  assert.equal(flaw, undefined, text);
  return lines.map((line) => line.map(({ text }) => text).join("")).join("\n");
};
const flawOf = (text: string) => {
  const { message, line, column } = formatJson(text).flaw!;
  return `${line}:${column} ${message}`;
};

test("formatJson() lays any JSON out as JSON.stringify does", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.equal(laidOut(text), JSON.stringify(JSON.parse(text), null, 2));
  }));
});

test("formatJson() changes no number, no escape and no double name", () => {
  assert.equal(
    laidOut('{"a":1.0,"a":12345678901234567890,"b":"\\u00e4","c":-0e+1}'),
    '{\n  "a": 1.0,\n  "a": 12345678901234567890,\n  "b": "\\u00e4",\n  "c": -0e+1\n}',
  );
});

test("formatJson() says where a text is wrong, and what was expected there", () => {
  assert.equal(flawOf('{\n  "a": 1,\n}'), '3:1 Expected a name in double quotes, found "}"');
  assert.equal(flawOf("[1 2]"), '1:4 Expected "," or the end of it, found "2"');
  assert.equal(flawOf("[1,]"), '1:4 Expected a value, found "]"');
  assert.equal(flawOf("{'a': 1}"), '1:2 Expected a name in double quotes or "}", found "\'"');
  assert.equal(flawOf('{"a" 1}'), '1:6 Expected ":", found "1"');
  assert.equal(flawOf("[01]"), '1:2 Expected a value or "]", found "01"');
  assert.equal(flawOf("undefined"), '1:1 Expected a value, found "undefined"');
  assert.equal(flawOf("{} x"), '1:4 Expected the end of the text, found "x"');
  assert.equal(flawOf('["a'), "1:4 A string is not ended");
  assert.equal(flawOf('["\\x"]'), "1:4 There is no such escape in a string");
  assert.equal(flawOf('["a\tb"]'), "1:4 A control character in a string has to be escaped");
  assert.equal(flawOf("[1,"), "1:4 The text ends where a value is expected");
  assert.equal(flawOf("[}"), '1:2 Expected a value or "]", found "}"');
});

test("formatJson() takes several values where lines of JSON are", () => {
  assert.equal(laidOut('{"a":1}\n[]\n3\n', true), '{\n  "a": 1\n}\n[]\n3');
  assert.ok(formatJson("1 2").flaw);
});

test("formatJson() agrees with JSON.parse on what is JSON", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"1e-.tfn \\ u0') }), (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      assert.equal(formatJson(text).flaw === undefined, valid, text);
    }),
    { numRuns: 500 },
  );
});

test("formatJson() takes a megabyte in one string, and a thousand levels", () => {
  assert.equal(formatJson(JSON.stringify("x".repeat(2 ** 20))).flaw, undefined);
  assert.equal(formatJson("[".repeat(1_000) + "1" + "]".repeat(1_000)).flaw, undefined);
});
