/** The Huffman code of HPACK: the RFC's own examples, every byte, and what is no code. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHuffman, encodeHuffman, huffmanBytes } from "../../../../lib/http/h2/huffman.ts";
import { test } from "../../../harness.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function encode(text: string): Uint8Array {
  const out = new Uint8Array(huffmanBytes(text));
  assert.equal(encodeHuffman(text, out, 0), out.length);
  return out;
}

// RFC 7541 appendix C.4 and C.6.
const EXAMPLES: [string, string][] = [
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["custom-key", "25a849e95ba97d7f"],
  ["custom-value", "25a849e95bb8e8b4bf"],
  ["302", "6402"],
  ["private", "aec3771a4b"],
  ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
  ["https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"],
  [
    "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
  ],
];

test("decodeHuffman() reads the examples of RFC 7541, encodeHuffman() writes them", () => {
  for (const [text, code] of EXAMPLES) {
    const bytes = hex(code);
    assert.equal(decodeHuffman(bytes, 0, bytes.length), text);
    assert.deepEqual(encode(text), bytes);
  }
});

test("decodeHuffman() gives back whatever encodeHuffman() was given", () => {
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  const bytes = encode(every);
  assert.equal(decodeHuffman(bytes, 0, bytes.length), every);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (codes) => {
    const text = String.fromCharCode(...codes);
    const bytes = encode(text);
    assert.equal(decodeHuffman(bytes, 0, bytes.length), text);
  }));
});

test("decodeHuffman() refuses padding of zeros, padding of a whole byte, and EOS", () => {
  for (const bad of ["1fff", "ffffffff", "ffffff", "fffffffc"]) {
    const bytes = hex(bad);
    assert.equal(decodeHuffman(bytes, 0, bytes.length), undefined, bad);
  }
  // "a" is 00011: three ones follow it, nothing else.
  assert.equal(decodeHuffman(hex("1f"), 0, 1), "a");
  assert.equal(decodeHuffman(hex("18"), 0, 1), undefined);
});

test("decodeHuffman() never throws, and what it takes has one spelling", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const text = decodeHuffman(bytes, 0, bytes.length);
    if (text !== undefined) assert.deepEqual(encode(text), bytes);
  }));
});
