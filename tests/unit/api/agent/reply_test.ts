import assert from "node:assert/strict";
import { preferred, writeReply } from "../../../../lib/api/agent/reply.ts";
import { test } from "../../../harness.ts";

test("preferred() weighs what is asked for, and means JSON when nobody cares", () => {
  for (
    const [accept, type] of [
      [undefined, "application/json"],
      ["*/*", "application/json"],
      ["text/plain", "application/json"],
      ["application/xml", "application/xml"],
      ["text/xml", "text/xml"],
      ["application/xml, application/json", "application/json"],
      ["application/xml, application/json;q=0.5", "application/xml"],
      ["application/xml;q=0", "application/json"],
      ["application/*, text/xml", "application/json"],
      ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml"],
      ["Application/XML ; Q=0.3, application/json; q=0.2", "application/xml"],
    ] as const
  ) assert.equal(preferred(accept), type, accept);
});

test("writeReply() ends with a line, in either form", async () => {
  const reply = { root: "r", value: { a: 1 }, status: 418, headers: { allow: "GET" } };
  const json = writeReply(undefined, reply);
  assert.deepEqual([json.status, json.headers.get("allow"), await json.text()], [
    ...[418, "GET", '{"a":1}\n'],
  ]);
  assert.equal(await writeReply("text/xml", reply).text(), "<r><A>1</A></r>\n");
});
