/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { scrollTo, windowOf } from "../../../../lib/ui/inspector/virtual_rows.ts";
import { test } from "../../../harness.ts";

test("windowOf() holds every row in sight, and few others", () => {
  const sizes = fc.record({
    count: fc.nat(20_000),
    rowPx: fc.integer({ min: 10, max: 80 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    heightPx: fc.integer({ min: 0, max: 2_000 }),
  });
  fc.assert(
    fc.property(sizes, ({ count, rowPx, share, heightPx }) => {
      const scrollPx = share * Math.max(0, count * rowPx - heightPx);
      const { from, to } = windowOf(count, rowPx, scrollPx, heightPx);
      assert.ok(from >= 0 && from <= to && to <= count);
      assert.ok(to - from <= Math.ceil(heightPx / rowPx) + 26);
      for (let row = 0; row < count; row++) {
        const isSeen = row * rowPx < scrollPx + heightPx && (row + 1) * rowPx > scrollPx;
        if (isSeen) assert.ok(row >= from && row < to);
      }
    }),
    { numRuns: 60 },
  );
});

test("scrollTo() moves no further than it must", () => {
  assert.equal(scrollTo(5, 10, 0, 100), undefined);
  assert.equal(scrollTo(10, 10, 0, 100), 10);
  assert.equal(scrollTo(2, 10, 50, 100), 20);
});
