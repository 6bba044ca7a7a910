import assert from "node:assert/strict";
import { check } from "../../../lib/base/schema.ts";
import { parseSize, size } from "../../../lib/config/size.ts";
import { test } from "../../harness.ts";

test("parseSize() reads bytes with decimal and binary units", () => {
  const cases: readonly [string, number][] = [
    ["0", 0],
    ["4096", 4096],
    ["10B", 10],
    ["1kB", 1000],
    ["1KiB", 1024],
    ["64M", 67_108_864],
    ["10 MB", 10_000_000],
    ["1.5GiB", 1_610_612_736],
    ["2T", 2_199_023_255_552],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

test("parseSize() says what is wrong and what would be right", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /it is empty/],
    ["-1", /must not be negative/],
    ["12 parsecs", /the unit "parsecs" does not exist/],
    ["1valueOf", /does not exist/],
    ["big", /write a number and a unit/],
    ["99999999 TB", /too large/],
  ];
  for (const [text, found] of cases) assert.throws(() => parseSize(text), found, text);
});

test("size() takes numbers and texts, and gives bytes", () => {
  assert.deepEqual(check(size(), "1KiB"), { ok: true, value: 1024 });
  assert.deepEqual(check(size(), 7), { ok: true, value: 7 });
  const checked = check(size(), "1 mile");
  assert.match(checked.ok ? "" : checked.issues[0].message, /the unit "mile" does not exist/);
});
