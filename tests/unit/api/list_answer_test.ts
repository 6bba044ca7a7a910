import assert from "node:assert/strict";
import { listAnswer } from "../../../lib/api/list_answer.ts";
import { z } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

test("listAnswer() is the envelope of the specification", () => {
  const schema = listAnswer("keys", z.strictObject({ id: z.string() }));
  const page = { keys: [{ id: "a" }], uri: "u", next_page_uri: null };
  assert.ok(schema.safeParse(page).success);
  assert.ok(schema.safeParse({ ...page, next_page_uri: "n" }).success);
  for (const wrong of [{ ...page, keys: [{}] }, { keys: [], uri: "u" }, { ...page, more: 1 }]) {
    assert.ok(!schema.safeParse(wrong).success);
  }
});
