import assert from "node:assert/strict";
import fc from "fast-check";
import { check } from "../../../lib/base/schema.ts";
import { durationText, formatDuration, parseDuration } from "../../../lib/base/duration.ts";
import { test } from "../../harness.ts";

test("parseDuration() reads what Go's time.ParseDuration reads", () => {
  const cases: readonly [string, number][] = [
    ["10s", 10_000],
    ["1m", 60_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["300ms", 300],
    [".5s", 500],
    ["1.s", 1_000],
    ["0", 0],
    ["+5s", 5_000],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["5ns", 0.000005],
    ["1h0m0.5s", 3_600_500],
    [" 3s ", 3_000],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test("parseDuration() says what is wrong and what would be right", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /it is empty/],
    ["10", /the unit is missing; write "10s"/],
    ["-5s", /must not be negative/],
    ["1d", /the unit "d" does not exist; use ms, s, m or h/],
    ["1S", /the unit "S" does not exist/],
    ["1h30", /the unit after 30 is missing/],
    ["soon", /write a number and a unit/],
    ["1 m", /the unit after 1 is missing/],
    ["1s,", /write a number and a unit/],
    ["1constructor", /does not exist/],
  ];
  for (const [text, found] of cases) assert.throws(() => parseDuration(text), found, text);
});

test("formatDuration() writes what parseDuration() reads back", () => {
  assert.equal(formatDuration(90_000), "1m30s");
  assert.equal(formatDuration(3_600_000), "1h");
  assert.equal(formatDuration(1_500), "1500ms");
  assert.equal(formatDuration(0), "0s");
  fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
});

test("durationText() checks the text and its bounds, and hands the text on", () => {
  const schema = durationText({ minMs: 1_000, maxMs: 60_000 });
  assert.deepEqual(check(schema, "10s"), { ok: true, value: "10s" });
  const said = (text: string) => {
    const checked = check(schema, text);
    return checked.ok ? "" : checked.issues[0].message;
  };
  assert.equal(said("1ms"), '"1ms" is too short: at least 1s');
  assert.equal(said("2m"), '"2m" is too long: at most 1m');
  assert.match(said("x"), /is no duration/);
});
