/** @module */
import assert from "node:assert/strict";
import { findRows, nextSorting, sortRows } from "../../../../lib/ui/kit/table_rows.ts";
import { test } from "../../../harness.ts";

const ROWS = [
  { name: "shop.example.com", note: "Shop, staging", hits: 7 },
  { name: "api.example.com", note: undefined, hits: 90 },
  { name: "mail.acme.io", note: null, hits: 7 },
];
const find = (text: string) =>
  findRows(ROWS, text, ({ name, note }) => [name, note]).map(({ name }) => name);

test("findRows() wants every word, anywhere in a row", () => {
  assert.deepEqual(find("EXAMPLE"), ["shop.example.com", "api.example.com"]);
  assert.deepEqual(find("staging  example"), ["shop.example.com"]);
  assert.deepEqual(find("acme staging"), []);
  assert.deepEqual(findRows(ROWS, "  ", () => []), ROWS);
});

test("sortRows() orders numbers and words, and leaves equal ones as they were", () => {
  const hits = sortRows(ROWS, ({ hits }) => hits, true);
  assert.deepEqual(hits.map(({ name }) => name[0]), ["a", "s", "m"]);
  const names = sortRows(ROWS, ({ name }) => name, false);
  assert.deepEqual(names.map(({ name }) => name[0]), ["a", "m", "s"]);
  assert.equal(ROWS[0].hits, 7, "the rows themselves stay");
});

test("nextSorting() goes there, back, and away", () => {
  const first = nextSorting(undefined, "Open", true);
  assert.deepEqual(first, { label: "Open", isDown: true });
  const second = nextSorting(first, "Open", true);
  assert.deepEqual(second, { label: "Open", isDown: false });
  assert.equal(nextSorting(second, "Open", true), undefined);
  assert.deepEqual(nextSorting(first, "Name", false), { label: "Name", isDown: false });
});
