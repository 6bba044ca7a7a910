/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bytesQuantity,
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatLatency,
  formatNumberOf,
  formatRate,
} from "../../../../lib/ui/kit/format.ts";
import { test } from "../../../harness.ts";

test("formatBytes() takes the largest unit that leaves a digit before the point", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [999.6, "1.0 kB"],
    [1_000, "1.0 kB"],
    [9_949, "9.9 kB"],
    [9_951, "10 kB"],
    [38_400, "38 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1.44e6, "1.4 MB"],
    [2.5e9, "2.5 GB"],
    [7e12, "7.0 TB"],
    [3e18, "3000 PB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text, String(bytes));
  assert.deepEqual(bytesQuantity(1_500), { value: "1.5", unit: "kB" });
});

test("formatBytes() and formatRate() are short and never fall when the number grows", () => {
  const size = (text: string) => {
    const [, number, unit] = /^<?([\d.]+) ?(\w*)$/.exec(text)!;
    return Number(number) * 1000 ** ["B", "kB", "MB", "GB", "TB", "PB"].indexOf(unit || "B");
  };
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.nat(2 ** 40), (a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(formatBytes(more).length <= 7);
      assert.ok(size(formatBytes(less)) <= size(formatBytes(more)), `${less} ${more}`);
    }),
  );
});

test("formatRate() shows that something moves, however slowly", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.01, "<0.1"],
    [0.05, "0.1"],
    [0.44, "0.4"],
    [9.94, "9.9"],
    [12.4, "12"],
    [999.6, "1.0k"],
    [45_000, "45k"],
  ];
  for (const [rate, text] of cases) assert.equal(formatRate(rate), text, String(rate));
});

test("formatCount() sets the thousands apart", () => {
  assert.equal(formatCount(0), "0");
  assert.equal(formatCount(999), "999");
  assert.equal(formatCount(1_000), "1\u202f000");
  assert.equal(formatCount(1_234_567), "1\u202f234\u202f567");
});

test("formatDuration() says the largest unit and the one below", () => {
  const s = 1_000;
  const cases: [number, string][] = [
    [-5, "0 s"],
    [999, "0 s"],
    [42 * s, "42 s"],
    [3 * 60 * s + 20 * s, "3 min"],
    [5 * 3_600 * s + 12 * 60 * s, "5 h 12 min"],
    [5 * 3_600 * s + 12 * s, "5 h"],
    [50 * 3_600 * s, "2 d 2 h"],
    [400 * 86_400 * s, "1 y 35 d"],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});

test("formatAgo() rounds down, and takes clocks that differ for now", () => {
  const cases: [number, string][] = [
    [-30_000, "just now"],
    [9_999, "just now"],
    [10_000, "10 s ago"],
    [119_000, "1 min ago"],
    [86_400_000 * 3, "3 d ago"],
  ];
  for (const [ms, text] of cases) assert.equal(formatAgo(ms), text, String(ms));
});

test("formatLatency() and formatNumberOf() fit into a sentence", () => {
  assert.equal(formatLatency(0.62), "0.6 ms");
  assert.equal(formatLatency(38.4), "38 ms");
  assert.equal(formatLatency(1_240), "1.2 s");
  assert.equal(formatNumberOf(0, "agent"), "no agents");
  assert.equal(formatNumberOf(1, "agent"), "1 agent");
  assert.equal(formatNumberOf(2, "address", "addresses"), "2 addresses");
});

test("formatLatency() calls nothing nothing that took a moment", () => {
  assert.equal(formatLatency(0.03), "<0.1 ms");
  assert.equal(formatLatency(0), "0.0 ms");
});
