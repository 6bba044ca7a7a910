/** @module */
import assert from "node:assert/strict";
import { qrShape } from "../../../../lib/ui/inspector/qr.ts";
import { test } from "../../../harness.ts";

test("qrShape() draws the three finder patterns inside of a quiet zone", () => {
  const { size, path } = qrShape("https://shop.example.com");
  const dark = new Set<string>();
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let at = 0; at < Number(width); at++) dark.add(`${Number(x) + at},${y}`);
  }
  for (const [left, top] of [[2, 2], [size - 9, 2], [2, size - 9]]) {
    for (let x = 0; x < 7; x++) {
      for (let y = 0; y < 7; y++) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        assert.equal(dark.has(`${left + x},${top + y}`), ring !== 2, `${left + x},${top + y}`);
      }
    }
  }
  for (const place of dark) assert.ok(place.split(",").every((at) => +at >= 2 && +at < size - 2));
});
