import assert from "node:assert/strict";
import { keepBuffer, lendBuffer, returnBuffer, shareBuffer } from "../../../lib/base/loan.ts";
import { test } from "../../harness.ts";

const LARGE = 16_384;

test("returnBuffer() frees a buffer that was lent when its last view comes back", () => {
  const chunk = new Uint8Array(LARGE);
  lendBuffer(chunk);
  const half = chunk.subarray(0, LARGE / 2);
  shareBuffer(half, chunk);
  returnBuffer(chunk);
  assert.equal(half.length, LARGE / 2, "one is still out");
  returnBuffer(half);
  assert.equal(chunk.buffer.byteLength, 0);
  returnBuffer(half);
  assert.equal(half.length, 0);
});

test("returnBuffer() leaves alone what nobody lent, what is small, and a part of something", () => {
  const unknown = new Uint8Array(LARGE);
  const small = new Uint8Array(LARGE - 1);
  const part = new Uint8Array(LARGE + 1).subarray(1);
  lendBuffer(small);
  lendBuffer(part);
  for (const chunk of [unknown, small, part]) {
    shareBuffer(chunk.subarray(1), chunk);
    keepBuffer(chunk);
    returnBuffer(chunk);
    assert.notEqual(chunk.length, 0);
  }
});

test("returnBuffer() frees nothing for an array that somebody made of one that was lent", () => {
  const chunk = new Uint8Array(LARGE);
  lendBuffer(chunk);
  returnBuffer(chunk.subarray(0, 100));
  returnBuffer(chunk.subarray());
  assert.equal(chunk.length, LARGE);
});

test("keepBuffer() takes a buffer out for good, however many parts of it come back", () => {
  const chunk = new Uint8Array(LARGE);
  lendBuffer(chunk);
  const [one, other] = [chunk.subarray(0, 100), chunk.subarray(100)];
  shareBuffer(one, chunk);
  shareBuffer(other, chunk);
  keepBuffer(one);
  for (const part of [chunk, one, other, other]) returnBuffer(part);
  assert.equal(chunk.length, LARGE);
});
