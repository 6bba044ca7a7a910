/** The tables of HPACK. */
import assert from "node:assert/strict";
import { DynamicTable, STATIC_TABLE } from "../../../../lib/http/h2/hpack_table.ts";
import { test } from "../../../harness.ts";

test("STATIC_TABLE has the 61 fields of RFC 7541 appendix A in their places", () => {
  assert.equal(STATIC_TABLE.length, 61);
  assert.deepEqual(STATIC_TABLE[1], [":method", "GET"]);
  assert.deepEqual(STATIC_TABLE[7], [":status", "200"]);
  assert.deepEqual(STATIC_TABLE[15], ["accept-encoding", "gzip, deflate"]);
  assert.deepEqual(STATIC_TABLE[31], ["cookie", ""]);
  assert.deepEqual(STATIC_TABLE[54], ["set-cookie", ""]);
  assert.deepEqual(STATIC_TABLE[60], ["www-authenticate", ""]);
});

test("DynamicTable drops the oldest fields when it is full", () => {
  const table = new DynamicTable(3 * 34);
  for (const name of ["a", "b", "c", "d"]) table.add(name, "1");
  assert.equal(table.length, 3);
  assert.equal(table.added, 4);
  assert.deepEqual(table.at(0), ["d", "1"]);
  assert.deepEqual(table.at(2), ["b", "1"]);
  assert.equal(table.at(3), undefined);
  table.resize(34);
  assert.equal(table.length, 1);
  assert.deepEqual(table.at(0), ["d", "1"]);
});

test("DynamicTable is emptied by a field that is larger than it", () => {
  const table = new DynamicTable(100);
  table.add("a", "1");
  table.add("b", "x".repeat(100));
  assert.equal(table.length, 0);
});

test("DynamicTable keeps its count over many fields", () => {
  const table = new DynamicTable(340);
  for (let number = 0; number < 1000; number++) table.add("n", String(number % 10));
  assert.equal(table.length, 10);
  assert.equal(table.added, 1000);
  assert.deepEqual(table.at(0), ["n", "9"]);
  assert.deepEqual(table.at(9), ["n", "0"]);
});
