import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { fromBase64, toBase64, toBase64Url } from "../../../lib/base/base64.ts";
import { test } from "../../harness.ts";

test("toBase64() and toBase64Url() write what others read, however long it is", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
    assert.equal(toBase64Url(bytes), Buffer.from(bytes).toString("base64url"));
  }));
  const long = new Uint8Array(300_000).map((_, at) => at);
  assert.equal(toBase64(long), Buffer.from(long).toString("base64"));
});

test("fromBase64() reads both alphabets, padded or not", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const plain = new Uint8Array(bytes);
    assert.deepEqual(fromBase64(toBase64(bytes)), plain);
    assert.deepEqual(fromBase64(toBase64(bytes).replace(/=+$/, "")), plain);
    assert.deepEqual(fromBase64(toBase64Url(bytes)), plain);
  }));
});

test("fromBase64() answers nothing for what is no base64", () => {
  for (const text of ["a", "abc!", "ab cd", "a===", "ab=c", "äöü="]) {
    assert.equal(fromBase64(text), undefined, text);
  }
});
