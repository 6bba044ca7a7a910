import assert from "node:assert/strict";
import {
  columnsOf,
  formatBytes,
  formatDuration,
  formatTime,
  paintFor,
  row,
  safe,
  spread,
} from "../../../lib/cli/render.ts";
import { MemoryOutput } from "../../../lib/runtime/memory_host.ts";
import { test } from "../../harness.ts";

test("formatBytes() shows the digits that count", () => {
  const table: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1234, "1.2 kB"],
    [9960, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [34_000_000, "34 MB"],
    [5e15, "5000 TB"],
  ];
  for (const [bytes, text] of table) assert.equal(formatBytes(bytes), text);
});

test("formatDuration() goes from milliseconds to minutes", () => {
  const table: [number, string][] = [
    [0, "0 ms"],
    [3.4, "3 ms"],
    [999, "999 ms"],
    [999.7, "1.0 s"],
    [1234, "1.2 s"],
    [60_000, "60.0 s"],
    [240_000, "4 min"],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

test("formatTime() has two digits each", () => {
  assert.equal(formatTime(new Date(2026, 10, 23, 8, 4, 6).getTime()), "08:04:06");
});

test("row() puts values below each other, spread() puts ends at the ends", () => {
  assert.equal(row("Version", "1"), "Version                       1");
  assert.equal(spread("a", "b", 10), "a        b");
  assert.equal(spread("abc", "def", 4), "abc  def");
});

test("paintFor() paints for a person who likes colours alone", () => {
  assert.equal(paintFor(new MemoryOutput(true), false).bold("x"), "\x1b[1mx\x1b[0m");
  assert.equal(paintFor(new MemoryOutput(true), true).bold("x"), "x");
  assert.equal(paintFor(new MemoryOutput(false), false).bad("x"), "x");
});

test("safe() takes foreign control characters their power", () => {
  assert.equal(safe("a\x1b[2Jb\r\nc"), "a\\x1b[2Jb\\r\\nc");
});

test("columnsOf() makes columns as wide as their longest cell", () => {
  assert.equal(columnsOf([["A", "BB", "C"], ["long", "b", ""]]), "A     BB  C\nlong  b\n");
});
