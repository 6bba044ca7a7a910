/** @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { fromBase64, toBase64 } from "../../../../../lib/base/base64.ts";
import { toHex } from "../../../../../lib/base/bytes.ts";
import {
  digest,
  fromHex,
  hmac,
  joined,
  plain,
  sameBytes,
  sameText,
} from "../../../../../lib/policy/actions/webhooks/crypto.ts";
import { test } from "../../../../harness.ts";

test("hmac() agrees with the test vectors of RFC 4231 and RFC 2202", async () => {
  const data = "what do ya want for nothing?";
  assert.equal(
    toHex(await hmac("SHA-256", "Jefe", data)),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  assert.equal(
    toHex(await hmac("SHA-1", "Jefe", data)),
    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
  );
});

test("digest() hashes", async () => {
  const bytes = new TextEncoder().encode("abc");
  assert.equal(toHex(await digest("SHA-1", bytes)), createHash("sha1").update(bytes).digest("hex"));
});

test("sameBytes() compares", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    assert.equal(sameBytes(a, b), toHex(a) === toHex(b));
    assert.equal(sameBytes(a, a.slice()), true);
  }));
});

test("sameText() compares", async () => {
  assert.equal(await sameText("a", "a"), true);
  assert.equal(await sameText("a", "b"), false);
  assert.equal(await sameText("", "b"), false);
});

test("fromHex() and fromBase64() read back what was written, and refuse what is neither", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(fromHex(toHex(bytes)), new Uint8Array(bytes));
    assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), new Uint8Array(bytes));
    const text = toBase64(bytes);
    assert.deepEqual(fromBase64(text), new Uint8Array(bytes));
    const url = text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
    assert.deepEqual(fromBase64(url), new Uint8Array(bytes));
  }));
  for (const text of ["a", "zz", "0x", " 00"]) assert.equal(fromHex(text), undefined);
  for (const text of ["a", "a b=", "====", "\u00e9\u00e9"]) {
    assert.equal(fromBase64(text), undefined);
  }
});

test("joined() puts texts and bytes together", () => {
  assert.deepEqual(joined("a", new Uint8Array([1]), "\u00e9"), new Uint8Array([97, 1, 0xc3, 0xa9]));
});

test("plain() gives bytes over a plain buffer", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared[1] = 7;
  assert.ok(plain(shared).buffer instanceof ArrayBuffer);
  assert.equal(plain(shared)[1], 7);
  const own = new Uint8Array(1);
  assert.equal(plain(own), own);
});
