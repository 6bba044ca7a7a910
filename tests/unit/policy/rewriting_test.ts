import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import type { CompileContext } from "../../../lib/policy/action.ts";
import { compileRewriting } from "../../../lib/policy/rewriting.ts";
import { requestContext, testServices } from "./testing.ts";

test("compileRewriting() looks expressions up before it matches", () => {
  const context: CompileContext = {
    ...testServices(),
    phase: "on_http_request",
    proto: "https",
    where: "here",
    text: (_field, value) => ({
      constant: undefined,
      of: () => value.replace("${host}", "a\\.example\\.com"),
    }),
  };
  const rewrite = compileRewriting("^https://${host}/x", "https://b/y", context);
  assert.deepEqual(rewrite(requestContext(["GET /x/z HTTP/1.1"])), {
    url: "https://b/y/z",
    matches: ["https://a.example.com/x"],
  });
  assert.equal(rewrite(requestContext(["GET /other HTTP/1.1"])), undefined);
});
