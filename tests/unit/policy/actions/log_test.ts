import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

test("log notes its metadata and shows it in the results", async () => {
  const notes: Record<string, unknown>[] = [];
  const traffic = requestContext(["GET / HTTP/1.1"], { notes });
  const metadata = { team: "blue", tags: ["a", 1] };
  (await compileAction("on_http_request", "log", { metadata })).onHttpRequest!(traffic);
  assert.deepEqual(notes, [metadata]);
  assert.deepEqual(traffic.results.get("log"), { metadata });
});
