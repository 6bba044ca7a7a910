import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { z } from "../../../lib/base/schema.ts";
import { defineAction } from "../../../lib/policy/action.ts";

test("defineAction() keeps the definition as it is", () => {
  const definition = {
    type: "nothing",
    phases: ["on_http_request"] as const,
    config: z.strictObject({}),
    compile: () => ({}),
  };
  assert.equal(defineAction(definition), definition);
});
