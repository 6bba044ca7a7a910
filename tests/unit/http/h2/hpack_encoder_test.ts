/** Writing field sections: what is written is read the same. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { HpackDecoder } from "../../../../lib/http/h2/hpack_decoder.ts";
import { HpackEncoder } from "../../../../lib/http/h2/hpack_encoder.ts";
import { test } from "../../../harness.ts";

const name = fc.constantFrom(
  ":status",
  "date",
  "server",
  "x-a",
  "x-b",
  "cookie",
  "etag",
  "set-cookie",
);
const value = fc.oneof(
  fc.constantFrom("200", "a", "b", "c"),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => String.fromCharCode(...bytes)),
);
const lists = fc.array(fc.array(fc.tuple(name, value), { maxLength: 20 }), { maxLength: 20 });

test("HpackEncoder writes what HpackDecoder reads, list after list, at any table size", () => {
  fc.assert(fc.property(lists, fc.array(fc.nat(6000), { maxLength: 5 }), (lists, sizes) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(1e9, 1e6);
    for (const [index, fields] of lists.entries()) {
      if (index < sizes.length) encoder.limitTable(sizes[index]);
      assert.deepEqual(decoder.decode(encoder.encode(fields)).fields, fields);
    }
  }));
});

test("HpackEncoder says a field in one byte when it was said before", () => {
  const encoder = new HpackEncoder();
  const fields = [[":status", "200"], ["server", "kit"]] as const;
  assert.ok(encoder.encode(fields).length > 4);
  assert.equal(encoder.encode(fields).length, 2);
});

test("HpackEncoder keeps secrets out of every table", () => {
  const encoder = new HpackEncoder();
  const fields = [["authorization", "Bearer x"]] as const;
  const first = encoder.encode(fields);
  assert.equal(first[0] & 0xf0, 0x10); // never indexed
  assert.deepEqual(encoder.encode(fields), first);
});

test("HpackEncoder forgets the oldest fields as its peer does", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(1e6, 1e4);
  for (let number = 0; number < 2000; number++) {
    const fields = [["x-n", String(number)], ["x-m", String(number % 70)]] as const;
    assert.deepEqual(decoder.decode(encoder.encode(fields)).fields, fields);
  }
});
