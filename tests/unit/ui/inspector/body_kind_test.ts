/** @module */
import assert from "node:assert/strict";
import { encodeText } from "../../../../lib/base/bytes.ts";
import { bodyFacts, graphqlIn, textOf } from "../../../../lib/ui/inspector/body_kind.ts";
import { test } from "../../../harness.ts";

const kindOf = (text: string, type = "") => bodyFacts(encodeText(text), type).kind;

test("bodyFacts() goes by the type", () => {
  assert.equal(kindOf("{}", "application/json; charset=utf-8"), "json");
  assert.equal(kindOf("{", "application/problem+json"), "json");
  assert.equal(kindOf("{}\n{}", "application/x-ndjson"), "ndjson");
  assert.equal(kindOf("<a/>", "image/svg+xml"), "xml");
  assert.equal(kindOf("<a/>", "text/html"), "html");
  assert.equal(kindOf("a=b", "application/x-www-form-urlencoded"), "form");
  assert.equal(kindOf("x", "multipart/form-data; boundary=a"), "multipart");
  assert.equal(kindOf("x", "image/png"), "image");
  assert.equal(kindOf("x", "text/css"), "css");
  assert.equal(kindOf("x", "text/javascript"), "javascript");
  assert.equal(kindOf("x", "text/csv"), "text");
  assert.equal(kindOf("", "text/html"), "empty");
});

test("bodyFacts() goes by the bytes where the type says nothing", () => {
  assert.equal(kindOf('{"a":1}'), "json");
  assert.equal(kindOf("{not json"), "text");
  assert.equal(kindOf("<!DOCTYPE html><p>"), "html");
  assert.equal(kindOf("a\0b", "application/octet-stream"), "binary");
  assert.equal(bodyFacts(new Uint8Array([0xff, 0xfe, 0x41]), "").kind, "binary");
});

test("textOf() reads other charsets, and a text that was cut within a character", () => {
  assert.equal(textOf(new Uint8Array([0xe4]), "text/plain; charset=iso-8859-1"), "ä");
  const cut = new Uint8Array(1_000).fill(0x61);
  cut.set([0xe2, 0x82], 998);
  assert.equal(textOf(cut, "text/plain"), "a".repeat(998));
  assert.equal(textOf(new Uint8Array([0xe4]), "text/plain"), "ä");
  assert.equal(textOf(new Uint8Array([0x61]), "text/plain; charset=no-such"), "a");
});

test("graphqlIn() finds a GraphQL request and nothing else", () => {
  const { query, operation, variables } = graphqlIn(
    '{"query":"mutation Pay { pay }","operationName":"Pay","variables":{"a":1}}',
  )!;
  assert.deepEqual([query, operation, variables], ["mutation Pay { pay }", "Pay", '{"a":1}']);
  assert.equal(graphqlIn('{"query":"{ a }","variables":{}}')!.variables, undefined);
  assert.equal(graphqlIn('{"query":"lamps under 10"}'), undefined);
  assert.equal(graphqlIn("[1]"), undefined);
  assert.equal(graphqlIn("{"), undefined);
});
