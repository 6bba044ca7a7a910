import assert from "node:assert/strict";
import { jsonSchemaOf } from "../../../lib/api/json_schema.ts";
import { z } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

test("jsonSchemaOf() is closed, and tells bodies from answers", () => {
  const schema = z.strictObject({ a: z.string(), b: z.enum(["x", "y"]).default("x") });
  const body = jsonSchemaOf(schema, "input");
  const answer = jsonSchemaOf(schema, "output");
  assert.deepEqual(body.required, ["a"]);
  assert.deepEqual(answer.required, ["a", "b"]);
  assert.deepEqual(body.properties?.b.enum, ["x", "y"]);
  for (const one of [body, answer]) {
    assert.equal(one.additionalProperties, false);
    assert.ok(!("$schema" in one));
  }
});
