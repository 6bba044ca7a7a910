/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { base64Of, bytesOf } from "../../../../lib/ui/inspector/base64.ts";
import { test } from "../../../harness.ts";

test("base64Of() and bytesOf() undo each other, however long", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.deepEqual(bytesOf(base64Of(bytes)), new Uint8Array(bytes));
  }));
  const long = new Uint8Array(100_000).fill(171);
  assert.deepEqual(bytesOf(base64Of(long)), long);
});
