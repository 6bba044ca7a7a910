import assert from "node:assert/strict";
import { durationMs, isUnset, parseTime, readField } from "../../../lib/api/filter_values.ts";
import { test } from "../../harness.ts";

test("parseTime() reads RFC 3339, with the day alone too, and nothing else", () => {
  const noon = Date.parse("2026-05-10T12:00:00Z");
  for (
    const text of [
      "2026-05-10T12:00:00Z",
      "2026-05-10t12:00:00z",
      "2026-05-10T12:00:00.000Z",
      "2026-05-10T14:00:00+02:00",
      "2026-05-10T12:00:00",
    ]
  ) assert.equal(parseTime(text), noon, text);
  assert.equal(parseTime("2026-05-10"), noon - 43_200_000);
  assert.equal(parseTime("2026-05-10Z"), noon - 43_200_000);
  for (const text of ["", "today", "2026-13-01", "2026-05-10T25:00:00Z", "10.5.2026", "1789"]) {
    assert.equal(parseTime(text), undefined, text);
  }
});

test("durationMs() adds up its parts", () => {
  const cases = [["7d", 604_800_000], ["1h30m", 5_400_000], ["1.5s", 1_500], ["20ms", 20]] as const;
  for (const [text, ms] of cases) assert.equal(durationMs(text), ms);
  for (const text of ["", "7", "d", "-1d", "1 d", "1y", "1d2"]) {
    assert.equal(durationMs(text), undefined, text);
  }
});

test("readField() follows a path, and takes what is missing for empty", () => {
  const object = { a: { b: "x" }, list: ["y"], on: true, at: "1970-01-01T00:00:01Z" };
  assert.equal(readField(object, ["a", "b"], "id"), "x");
  assert.equal(readField(object, ["list", "0"], "text"), "y");
  assert.equal(readField(object, ["at"], "time"), 1_000);
  assert.equal(readField(object, ["on"], "flag"), true);
  assert.deepEqual(readField(object, ["list"], "list"), ["y"]);
  assert.equal(readField(object, ["a", "c", "d"], "text"), "");
  assert.deepEqual(readField({}, ["x"], "list"), []);
  assert.equal(readField({}, ["x"], "time"), undefined);
  assert.equal(readField({ x: null }, ["x", "y"], "flag"), false);
});

test("isUnset() is what null stands for", () => {
  for (const value of [undefined, null, "", []]) assert.ok(isUnset(value));
  for (const value of ["x", ["x"], 0, false]) assert.ok(!isUnset(value));
});
