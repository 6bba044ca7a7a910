import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { exampleId } from "../../../lib/api/fields.ts";
import { type JsonSchema, jsonSchemaOf } from "../../../lib/api/json_schema.ts";
import { openApiDocument } from "../../../lib/api/openapi.ts";
import { RESOURCES } from "../../../lib/api/resources/mod.ts";
import type { Operation, Resource } from "../../../lib/api/resource.ts";
import { test } from "../../harness.ts";
import { BASE, type Caller, liveSession, type Stage, withApi } from "./kit.ts";

// deno-lint-ignore no-explicit-any -- a document of any depth
type Any = any;

test("openApiDocument() is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(openApiDocument(BASE) as Any);
  assert.ok(result.valid, JSON.stringify(result.errors));
});

test("openApiDocument() has every operation once, and every reference leads somewhere", () => {
  const document: Any = openApiDocument(BASE);
  const ids = new Set<string>();
  let count = 0;
  for (const path of Object.values<Any>(document.paths)) {
    for (const operation of Object.values<Any>(path)) {
      ids.add(operation.operationId);
      count++;
    }
  }
  const operations = RESOURCES.flatMap(({ operations }) => operations);
  assert.deepEqual([ids.size, count], [operations.length, operations.length]);
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    let target: Any = document;
    for (const part of pointer.split("/")) target = target?.[part];
    assert.ok(target, pointer);
  }
});

test("openApiDocument() says what every field is for, with an example that fits", () => {
  for (const { name, operations } of RESOURCES) {
    for (const { verb, answer, body } of operations) {
      const where = `${name} ${verb}`;
      if (body) assertDocumented(jsonSchemaOf(body.schema, "input"), where);
      if (!answer) continue;
      const schema = jsonSchemaOf(answer, "output");
      assertDocumented(schema, where);
      const example = exampleOf(schema);
      const result = answer.safeParse(example);
      assert.ok(result.success, `${where}: ${result.error?.message} ${JSON.stringify(example)}`);
    }
  }
});

function assertDocumented(schema: JsonSchema, where: string): void {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    // What may be null is one of two.
    const inner: JsonSchema = (field as Any).anyOf?.[0] ?? field;
    assert.ok(field.description ?? inner.description, `${where}: ${name} has no description`);
    assertDocumented(inner, `${where}.${name}`);
    if (inner.items) assertDocumented(inner.items, `${where}.${name}`);
  }
}

function exampleOf(schema: Any): unknown {
  if (schema.examples) return schema.examples[0];
  if (schema.anyOf) return exampleOf(schema.anyOf[0]);
  if (schema.type === "array") return [exampleOf(schema.items)];
  const fields = Object.entries<Any>(schema.properties ?? {});
  return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(field)]));
}

test("every example of a body works as it is documented", async () => {
  for (const resource of RESOURCES) {
    for (const operation of resource.operations) {
      for (const example of operation.body?.examples ?? []) {
        await withApi((stage) => tryExample(stage, resource, operation, example));
      }
    }
  }
});

/** What must be there before an example that names it can work. */
const PREREQUISITES: Readonly<Record<string, readonly [path: string, body: object]>> = {
  ipp: ["/ip_policies", {}],
  ed: ["/event_destinations", { target: { stdout: {} } }],
  vault: ["/vaults", { name: "v" }],
  service: ["/service_users", { name: "u" }],
};

async function tryExample(
  stage: Stage,
  resource: Resource,
  operation: Operation,
  example: unknown,
): Promise<void> {
  const { caller } = stage;
  if (resource.name === "endpoints") {
    await caller.make("/reserved_domains", { domain: "shop.example.com" });
  }
  const given = await withRealIds(caller, example);
  const path = await realPath(stage, resource, operation);
  const reply = await caller.send(operation.method, path, given);
  const where = `${operation.method} ${path} ${JSON.stringify(given)}`;
  // The stage delivers no events: that it says so is all that can be tried here.
  const expected = operation.verb === "send-test-event" ? 503 : operation.status;
  assert.equal(reply.status, expected, `${where}: ${JSON.stringify(reply.body)}`);
  if (!operation.answer) return;
  const result = operation.answer.safeParse(reply.body);
  assert.ok(result.success, `${where}: ${result.error?.message}`);
}

async function withRealIds(caller: Caller, example: unknown): Promise<unknown> {
  let text = JSON.stringify(example);
  for (const [prefix, [path, body]] of Object.entries(PREREQUISITES)) {
    if (!text.includes(exampleId(prefix))) continue;
    text = text.replaceAll(exampleId(prefix), (await caller.make(path, body)).id);
  }
  return JSON.parse(text);
}

/** The path of an operation, for an object made of the first example of create. */
async function realPath(stage: Stage, resource: Resource, operation: Operation): Promise<string> {
  const { caller, live } = stage;
  if (!operation.path.includes("{")) return operation.path;
  if (resource.name === "tunnel_sessions") {
    const session = liveSession(caller.accountId);
    live.all.sessions.push(session);
    return operation.path.replace("{id}", session.id);
  }
  if (resource.name === "event_sources") {
    const type = "http_request_complete.v0";
    const { id } = await caller.make("/event_subscriptions", { sources: [{ type }] });
    return operation.path.replace("{subscription_id}", id).replace("{type}", type);
  }
  const create = resource.operations.find(({ verb }) => verb === "create")!;
  const body = await withRealIds(caller, create.body!.examples[0]);
  return operation.path.replace("{id}", (await caller.make(create.path, body)).id);
}
