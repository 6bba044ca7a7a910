/** @module */
import assert from "node:assert/strict";
import { headerFilter } from "../../../../lib/api/agent/header_filter.ts";
import { exchange } from "../../../fakes/exchange.ts";
import { test } from "../../../harness.ts";

const one = exchange([["X-Id", "a1"], ["x-id", "b2"]], [["Content-Type", "text/html"]]);

test("headerFilter() looks at every line of that name, in request and response", () => {
  for (
    const filter of [
      "header x-id == a1",
      "header X-ID == b2",
      "header x-id match ^b",
      "header content-type match html$",
      "Header content-type != text/plain",
      "header x-id !match z",
      "header nothing != x",
    ]
  ) assert.ok(headerFilter(filter)(one), filter);
  for (const filter of ["header x-id == a", "header x-id != a1", "header x-id !match [ab]"]) {
    assert.ok(!headerFilter(filter)(one), filter);
  }
  assert.ok(!headerFilter("header content-type match .")(exchange([])), "no response yet");
});

test("headerFilter() explains what it cannot read", () => {
  assert.throws(() => headerFilter("status == 4"), /write "header NAME match PATTERN"/);
  assert.throws(() => headerFilter("header x match ("), /"\(" is not a regular expression/);
  assert.throws(() => headerFilter(`header x match ${"a".repeat(2_000)}`), /longer than 1000/);
});
