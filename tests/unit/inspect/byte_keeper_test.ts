import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteKeeper } from "../../../lib/inspect/byte_keeper.ts";
import { test } from "../../harness.ts";

test("ByteKeeper.copy() keeps what was given, whatever comes before and behind", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 40,
    }),
    (wishes) => {
      const keeper = new ByteKeeper();
      const given = new Uint8Array(5_000);
      const copies = wishes.map(([length, value]) => {
        const copy = keeper.copy(given.subarray(0, length).fill(value));
        return { copy, expected: new Uint8Array(length).fill(value) };
      });
      for (const { copy, expected } of copies) assert.deepEqual(copy, expected);
    },
  ));
});

test("ByteKeeper.copy() puts small ones together, and large ones apart", () => {
  const keeper = new ByteKeeper();
  const small = new Uint8Array(1_000);
  const pages = new Set(Array.from({ length: 32 }, () => keeper.copy(small).buffer));
  assert.equal(pages.size, 2);
  const large = keeper.copy(new Uint8Array(3_000));
  assert.deepEqual([large.buffer.byteLength, large.byteOffset], [3_000, 0]);
});
