import assert from "node:assert/strict";
import { type Schema, z } from "../../../lib/base/schema.ts";
import { checkDocument, withoutNulls } from "../../../lib/config/check_document.ts";
import { parseYamlDocument } from "../../../lib/config/yaml_document.ts";
import { test } from "../../harness.ts";

const schema: Schema<unknown> = z.strictObject({
  version: z.literal(3),
  agent: z.strictObject({
    authtoken: z.string().max(10).optional(),
    color: z.enum(["black", "transparent"]).optional(),
    check: z.boolean().optional(),
    ui: z.union([z.boolean(), z.literal("iftty")]).optional(),
  }).optional(),
  endpoints: z.array(z.strictObject({ name: z.string(), port: z.int().optional() })).optional(),
});

const check = (text: string) => checkDocument(parseYamlDocument(text, "the test"), schema);
const refusal = (text: string): string => {
  try {
    check(text);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error("it was accepted");
};

test("checkDocument() gives the value", () => {
  assert.deepEqual(check("version: 3\nagent: {ui: iftty}\n"), {
    version: 3,
    agent: { ui: "iftty" },
  });
});

test("checkDocument() takes plain numbers for text where text is wanted, as they were written", () => {
  assert.deepEqual(check("version: 3\nagent: {authtoken: 007}\n"), {
    version: 3,
    agent: { authtoken: "007" },
  });
  assert.deepEqual(check("version: 3\nagent: {authtoken: 1e5, check: yes, ui: off}\n"), {
    version: 3,
    agent: { authtoken: "1e5", check: true, ui: false },
  });
});

test("checkDocument() does not take quoted text for a truth value, nor text for a number", () => {
  assert.match(
    refusal('version: 3\nagent: {check: "yes"}\n'),
    /it must be true or false, not text/,
  );
  assert.match(refusal("version: 3\nendpoints: [{name: a, port: x}]\n"), /a number, not text/);
});

test("checkDocument() takes a key without a value for a key left out", () => {
  assert.deepEqual(check("version: 3\nagent:\n  authtoken:\n"), { version: 3, agent: {} });
  assert.match(refusal("version:\n"), /"version": it must be 3/);
});

test("checkDocument() names line, column and key, and the key that was meant", () => {
  assert.equal(
    refusal("version: 3\nagent:\n  authtokn: x\n"),
    'Cannot use the test: line 3, column 3: unknown key "agent.authtokn"; did you mean "authtoken"?',
  );
  assert.equal(
    refusal("version: 3\nendpoints:\n  - nam: x\n    name: y\n"),
    'Cannot use the test: line 3, column 5: unknown key "endpoints[0].nam"; did you mean "name"?',
  );
});

test("checkDocument() tells several faults in the order of the file", () => {
  assert.equal(
    refusal("version: 4\nagent:\n  color: red\n  check: 5\nendpoints:\n  - {}\n"),
    `Cannot use the test: 4 problems
  - line 1, column 1: "version": it must be 3
  - line 3, column 3: "agent.color": it must be black or transparent
  - line 4, column 3: "agent.check": it must be true or false, not a number
  - line 6, column 5: "endpoints[0].name": it is missing`,
  );
});

test("checkDocument() counts the faults beyond the twentieth", () => {
  const keys = Array.from({ length: 25 }, (_, n) => `  wrong${n}: 1`).join("\n");
  const said = refusal(`version: 3\nagent:\n${keys}\n`);
  assert.match(said, /: 25 problems\n/);
  assert.match(said, /and 5 more$/);
});

test("checkDocument() never shows a value", () => {
  const said = refusal("version: 3\nagent:\n  authtoken: secret-secret-secret\n  ui: secret\n");
  assert.ok(!said.includes("secret"), said);
  assert.match(said, /longer than 10 characters/);
  assert.match(said, /"agent.ui": it must be true, false or iftty/);
});

test("checkDocument() gives the hint of the schema's owner instead of a guess", () => {
  const document = parseYamlDocument("version: 3\nauthtoken: x\n", "the test");
  assert.throws(
    () => checkDocument(document, schema, { hint: (path) => `put "${String(path[0])}" below` }),
    /unknown key "authtoken"; put "authtoken" below$/,
  );
});

test("checkDocument() lets the value be prepared", () => {
  const document = parseYamlDocument("agent: {}\n", "the test");
  const prepare = (value: unknown) => ({ version: 3, ...value as object });
  assert.deepEqual(checkDocument(document, schema, { prepare }), { version: 3, agent: {} });
});

test("checkDocument() refuses a document that holds no keys", () => {
  assert.match(refusal("just text\n"), /line 1, column 1: it must be keys and values, not text/);
  assert.match(refusal(""), /"version": it must be 3/);
});

test("withoutNulls() keeps the places of lists, and odd keys", () => {
  assert.deepEqual(withoutNulls({ a: null, b: [null, { c: null }] }), { b: [null, {}] });
  const odd = withoutNulls(JSON.parse('{"__proto__": {"x": 1}}')) as object;
  assert.deepEqual(Object.keys(odd), ["__proto__"]);
});
