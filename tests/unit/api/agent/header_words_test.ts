/** @module */
import assert from "node:assert/strict";
import { headerWords } from "../../../../lib/api/agent/header_words.ts";
import { exchange } from "../../../fakes/exchange.ts";
import { test } from "../../../harness.ts";

test("headerWords() puts the most frequent names and values first, in small letters", () => {
  const { headers } = headerWords([
    exchange([["Accept", "text/html"], ["X-Id", "1"]], [["Content-Type", "text/html"]]),
    exchange([["accept", "*/*"], ["ACCEPT", "text/css"]], [["content-type", "text/html"]]),
    exchange([["Accept", "*/*"]]),
  ]);
  assert.deepEqual(headers, [
    { name: "accept", count: 3, values: ["*/*", "text/html", "text/css"] },
    { name: "content-type", count: 2, values: ["text/html"] },
    { name: "x-id", count: 1, values: ["1"] },
  ]);
});

test("headerWords() stays small, whatever passes", () => {
  const many = Array.from(
    { length: 500 },
    (_, at) => exchange([["X-Id", `id ${at}`], [`X-${at}`, ""], ["Cookie", "c".repeat(4_000)]]),
  );
  const { headers } = headerWords(many);
  assert.equal(headers.length, 200);
  const [cookie, id, other] = headers;
  assert.deepEqual(cookie, { name: "cookie", count: 500, values: [] });
  assert.equal(id.name, "x-id");
  assert.equal(id.values.length, 20);
  assert.deepEqual(other.values, []);
  assert.deepEqual(headerWords([]), { headers: [] });
});
