/** Reading field sections: the RFC's examples, limits, and what is no section. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { HpackDecoder, HpackError } from "../../../../lib/http/h2/hpack_decoder.ts";
import { test } from "../../../harness.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(" ", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const decoder = () => new HpackDecoder(65_536, 100);

test("HpackDecoder reads the requests of RFC 7541 appendix C.3 and C.4", () => {
  const plain = [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ];
  const packed = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ];
  for (const blocks of [plain, packed]) {
    const state = decoder();
    const said = blocks.map((block) => state.decode(hex(block)).fields);
    const host = [":authority", "www.example.com"];
    assert.deepEqual(said, [
      [[":method", "GET"], [":scheme", "http"], [":path", "/"], host],
      [[":method", "GET"], [":scheme", "http"], [":path", "/"], host, [
        "cache-control",
        "no-cache",
      ]],
      [
        [":method", "GET"],
        [":scheme", "https"],
        [":path", "/index.html"],
        host,
        ["custom-key", "custom-value"],
      ],
    ]);
  }
});

test("HpackDecoder keeps its table in step when a list is too large", () => {
  const state = new HpackDecoder(100, 10);
  // a: 40 characters, then b: c, both added to the table
  const long = "28" + "61".repeat(40);
  const { fields, isTooLarge } = state.decode(
    hex(`40 01 61 ${long} 40 01 62 01 63 40 01 64 01 65`),
  );
  assert.equal(isTooLarge, true);
  assert.equal(fields.length, 1);
  assert.deepEqual(state.decode(hex("be bf")).fields, [["d", "e"], ["b", "c"]]);
});

test("HpackDecoder refuses what is no section", () => {
  for (
    const bad of [
      "80", // field 0
      "c6", // a field that nobody added
      "40", // no name
      "40 05 61", // a name that ends early
      "0f", // a number that ends early
      "ff ff ff ff ff ff ff", // a number without end
      "3f ff ff 03", // a table larger than we allow
      "82 20", // a table size behind a field
      "00 81 00 01 61", // no Huffman code
    ]
  ) assert.throws(() => decoder().decode(hex(bad)), HpackError, bad);
});

test("HpackDecoder takes any bytes for a section or for none, and never fails otherwise", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      decoder().decode(bytes);
    } catch (thrown) {
      assert.ok(thrown instanceof HpackError);
    }
  }));
});
