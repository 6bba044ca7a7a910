import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import {
  check,
  faultOf,
  formatPath,
  keysAt,
  parseWith,
  type Schema,
  z,
} from "../../../lib/base/schema.ts";

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
  assert.match(error.message, /unknown key "nmae"; did you mean "name"\?/);
  assert.match(error.message, /unknown key "list\[0\]\.ulr"/);
});

test("parseWith() names every wrong value", () => {
  const error = failure({ port: "x", list: [{ url: 1 }] });
  assert.match(error.message, /"port": it must be a number, not text/);
  assert.match(error.message, /"list\[0\]\.url": it must be text, not a number/);
  assert.equal(error.message.endsWith("."), false);
});

test("check() gives the value or the issues, and throws nothing", () => {
  assert.deepEqual(check(z.string(), "a"), { ok: true, value: "a" });
  const checked = check(z.strictObject({ a: z.string() }), { b: 1 });
  assert.deepEqual(checked.ok ? [] : checked.issues.map(({ code }) => code), [
    "invalid_type",
    "unrecognized_keys",
  ]);
});

test("keysAt() finds the keys of a place through optionals, unions, lists and records", () => {
  const inner = z.strictObject({ x: z.string() });
  const deep = z.strictObject({
    one: inner.optional(),
    two: z.union([z.string(), inner.default({ x: "" }), z.strictObject({ y: z.int() })]),
    list: z.array(inner).optional(),
    map: z.record(z.string(), inner),
  });
  assert.deepEqual(keysAt(deep, []), ["one", "two", "list", "map"]);
  assert.deepEqual(keysAt(deep, ["one"]), ["x"]);
  assert.deepEqual(keysAt(deep, ["two"]), ["x", "y"]);
  assert.deepEqual(keysAt(deep, ["list", 3]), ["x"]);
  assert.deepEqual(keysAt(deep, ["map", "anything"]), ["x"]);
  assert.deepEqual(keysAt(deep, ["nothing", "there"]), []);
  assert.deepEqual(keysAt(deep, ["constructor"]), []);
});

test("formatPath() writes a path as people do", () => {
  assert.equal(formatPath(["endpoints", 0, "upstream", "url"]), "endpoints[0].upstream.url");
});

test("faultOf() says what is wrong in words, its own or those of the schema", () => {
  const table: [schema: Schema<unknown>, value: unknown, words: string][] = [
    [z.string().max(3), "four", "it is longer than 3 characters"],
    [z.string().min(1), "", "it is empty"],
    [z.string().min(2), "a", "it is shorter than 2 characters"],
    [z.array(z.string()).min(1), [], "it is empty"],
    [z.array(z.string()).min(2), [], "it has less than 2 entries"],
    [z.array(z.string()).max(1), ["a", "b"], "it has more than 1 entries"],
    [z.array(z.string()).max(1, "one is enough"), ["a", "b"], "one is enough"],
    [z.number().min(1), 0, "it must be at least 1"],
    [z.number().positive(), 0, "it must be more than 0"],
    [z.number().max(1), 2, "it must be at most 1"],
    [z.enum(["a", "b", "c"]), "d", "it must be a, b or c"],
    [z.union([z.literal(1), z.literal(2)]), 3, "it must be 1 or 2"],
    [z.strictObject({ a: z.string() }).shape.a, undefined, "it is missing"],
    [z.boolean(), "x", "it must be true or false, not text"],
  ];
  for (const [schema, value, words] of table) {
    const checked = check(schema, value);
    assert.equal(checked.ok ? "" : faultOf(checked.issues[0]), words);
  }
});
