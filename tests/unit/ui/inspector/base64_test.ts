/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64 } from "../../../../lib/base/base64.ts";
import { bytesOf } from "../../../../lib/ui/inspector/base64.ts";
import { test } from "../../../harness.ts";

test("toBase64() and bytesOf() undo each other, however long", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.deepEqual(bytesOf(toBase64(bytes)), new Uint8Array(bytes));
  }));
  const long = new Uint8Array(100_000).fill(171);
  assert.deepEqual(bytesOf(toBase64(long)), long);
});
