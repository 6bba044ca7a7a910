import assert from "node:assert/strict";
import {
  exampleId,
  flag,
  identity,
  MAX_DESCRIPTION_BYTES,
  MAX_METADATA_BYTES,
  number,
  ownTexts,
  ref,
  text,
  textList,
  time,
} from "../../../lib/api/fields.ts";
import { jsonSchemaOf } from "../../../lib/api/json_schema.ts";
import { z } from "../../../lib/base/schema.ts";
import { test } from "../../harness.ts";

test("text() counts bytes, not characters", () => {
  const field = text("doc", "example", 4);
  assert.ok(field.safeParse("abcd").success && field.safeParse("éé").success);
  assert.ok(!field.safeParse("abcde").success && !field.safeParse("éée").success);
});

test("ownTexts() have the lengths of the specification", () => {
  const schema = z.strictObject(ownTexts("it"));
  assert.deepEqual([MAX_DESCRIPTION_BYTES, MAX_METADATA_BYTES], [255, 4096]);
  const longest = { description: "x".repeat(255), metadata: "x".repeat(4096) };
  assert.ok(schema.safeParse(longest).success && schema.safeParse({}).success);
  assert.ok(!schema.safeParse({ description: "x".repeat(256) }).success);
  assert.ok(!schema.safeParse({ metadata: "x".repeat(4097) }).success);
});

test("fields carry their documentation and an example that fits", () => {
  const schema = z.strictObject({
    ...identity("rd", "/reserved_domains"),
    text: text("a text", "x", 9),
    flag: flag("a flag", true),
    number: number("a number", 3),
    list: textList("a list", ["x"]),
    time: time("a time"),
    ref: ref("a reference", "/vaults", exampleId("vault")),
    user: ref("a user", "", exampleId("usr")),
  });
  const { properties } = jsonSchemaOf(schema, "output");
  const example: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(properties!)) {
    assert.ok(field.description, name);
    example[name] = field.examples?.[0];
  }
  assert.ok(schema.safeParse(example).success, JSON.stringify(example));
  assert.equal((example.user as { uri: string }).uri, "");
});
