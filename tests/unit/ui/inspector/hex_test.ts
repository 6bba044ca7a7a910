/** @module */
import assert from "node:assert/strict";
import { hexDump, hexRow, hexRowCount } from "../../../../lib/ui/inspector/hex.ts";
import { test } from "../../../harness.ts";

test("hexRow() shows sixteen bytes with their place and their letters", () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, at) => at + 60);
  assert.equal(hexRowCount(bytes), 2);
  assert.deepEqual(hexRow(bytes, 0), {
    offset: "00000000",
    hex: "3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b",
    text: "<=>?@ABCDEFGHIJK",
  });
  assert.equal(hexRow(bytes, 1).offset, "00000010");
  assert.equal(hexRow(bytes, 1).hex.trim(), "4c 4d 4e 4f");
  assert.equal(hexRow(new Uint8Array([0, 65, 255]), 0).text, "\u00b7A\u00b7");
});

test("hexDump() has a line for each row, and none for nothing", () => {
  assert.equal(hexDump(new Uint8Array(33)).split("\n").length, 3);
  assert.equal(hexDump(new Uint8Array(0)), "");
});
