import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { parseWith, z } from "../../../lib/base/schema.ts";

const schema = z.strictObject({
  port: z.int().min(1).max(65535),
  name: z.string().default("web"),
  list: z.array(z.strictObject({ url: z.string() })).default([]),
});

function failure(value: unknown): TunnelError {
  try {
    parseWith(schema, value, "the door");
  } catch (thrown) {
    assert.ok(thrown instanceof TunnelError);
    return thrown;
  }
  throw new Error("it was accepted");
}

test("parseWith() fills in defaults", () => {
  assert.deepEqual(parseWith(schema, { port: 1 }, "the door"), { port: 1, name: "web", list: [] });
});

test("parseWith() names unknown keys with their path", () => {
  const error = failure({ port: 1, nmae: "x", list: [{ url: "a", ulr: "b" }] });
  assert.equal(error.code, "config_invalid");
  assert.match(error.message, /^Cannot use the door: /);
  assert.match(error.message, /unknown key "nmae"/);
  assert.match(error.message, /unknown key "list\[0\]\.ulr"/);
});

test("parseWith() names every wrong value", () => {
  const error = failure({ port: "x", list: [{ url: 1 }] });
  assert.match(error.message, /"port": expected number, received string/);
  assert.match(error.message, /"list\[0\]\.url": expected string, received number/);
  assert.equal(error.message.endsWith("."), false);
});
