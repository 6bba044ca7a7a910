import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import type { CompileContext } from "../../../lib/policy/action.ts";
import { compileValue } from "../../../lib/policy/value.ts";
import { requestContext, testServices } from "./testing.ts";

const CONTEXT: CompileContext = {
  ...testServices(),
  phase: "on_http_request",
  proto: "https",
  where: "here",
  text: (field, value) => ({ constant: undefined, of: () => `${field}=${value}` }),
};

test("compileValue() makes each text of a value ready, and knows its name", () => {
  const value = compileValue("v", { a: ["x", 1, { b: "y" }], c: null }, CONTEXT);
  assert.deepEqual(value(requestContext()), { a: ["v.a[0]=x", 1, { b: "v.a[2].b=y" }], c: null });
});
