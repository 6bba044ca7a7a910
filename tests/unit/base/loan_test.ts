import assert from "node:assert/strict";
import { keepBuffer, lendBuffer, returnBuffer, shareBuffer } from "../../../lib/base/loan.ts";
import { test } from "../../harness.ts";

const LARGE = 16_384;

test("returnBuffer() frees a buffer that was lent when its last view comes back", () => {
  const chunk = new Uint8Array(LARGE);
  lendBuffer(chunk);
  const half = chunk.subarray(0, LARGE / 2);
  shareBuffer(half);
  returnBuffer(chunk);
  assert.equal(half.length, LARGE / 2, "one is still out");
  returnBuffer(half);
  assert.equal(chunk.buffer.byteLength, 0);
  returnBuffer(half);
  shareBuffer(half);
  assert.equal(half.length, 0);
});

test("returnBuffer() leaves alone what nobody lent, what is small, and a part of something", () => {
  const unknown = new Uint8Array(LARGE);
  const small = new Uint8Array(LARGE - 1);
  const part = new Uint8Array(LARGE + 1).subarray(1);
  lendBuffer(small);
  lendBuffer(part);
  for (const chunk of [unknown, small, part]) {
    shareBuffer(chunk);
    keepBuffer(chunk);
    returnBuffer(chunk);
    assert.notEqual(chunk.length, 0);
  }
});

test("keepBuffer() takes a buffer out for good, however many views of it come back", () => {
  const chunk = new Uint8Array(LARGE);
  lendBuffer(chunk);
  shareBuffer(chunk);
  keepBuffer(chunk.subarray(1, 2));
  returnBuffer(chunk);
  returnBuffer(chunk);
  assert.equal(chunk.length, LARGE);
});
