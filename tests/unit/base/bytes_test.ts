import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import {
  concat,
  decodeText,
  encodeText,
  randomHex,
  readU32,
  toHex,
  writeU32,
} from "../../../lib/base/bytes.ts";

test("decodeText() reads back any text that encodeText() wrote", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assert.equal(decodeText(encodeText(text)), text);
  }));
});

test("decodeText() replaces what is not UTF-8", () => {
  assert.equal(decodeText(new Uint8Array([0x61, 0xff, 0x62])), "a\ufffdb");
});

test("concat() joins chunks in order, with or without being told the length", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const flat = chunks.flatMap((chunk) => [...chunk]);
      assert.deepEqual([...concat(chunks)], flat);
      assert.deepEqual([...concat(chunks, flat.length)], flat);
    }),
  );
});

test("concat() hands a single chunk on without a copy", () => {
  const chunk = new Uint8Array([1, 2, 3]);
  assert.equal(concat([chunk]), chunk);
});

test("concat() of nothing is empty", () => {
  assert.equal(concat([]).length, 0);
});

test("readU32() and writeU32() agree with DataView at any offset", () => {
  const value = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(fc.property(value, fc.nat(9), (number, at) => {
    const bytes = new Uint8Array(16).fill(0xaa);
    writeU32(bytes, at, number);
    assert.equal(new DataView(bytes.buffer).getUint32(at), number);
    assert.equal(readU32(bytes, at), number);
    assert.equal(
      bytes.filter((byte, index) => (index < at || index > at + 3) && byte !== 0xaa).length,
      0,
    );
  }));
});

test("toHex() writes two lower-case digits for each byte", () => {
  assert.equal(toHex(new Uint8Array([0, 1, 0x0f, 0xab, 0xff])), "00010fabff");
});

test("randomHex() gives as many bytes as asked, another text each time", () => {
  assert.match(randomHex(16), /^[0-9a-f]{32}$/);
  assert.equal(randomHex(0), "");
  assert.equal(
    new Set(Array.from({ length: 100 }, () => randomHex(16))).size,
    100,
  );
});
