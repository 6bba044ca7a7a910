import assert from "node:assert/strict";
import { agentFileJsonSchema } from "../../../lib/agent/file_json_schema.ts";
import { test } from "../../harness.ts";

type Node = {
  properties?: Record<string, Node>;
  items?: Node;
  additionalProperties?: boolean;
  type?: unknown;
  enum?: unknown[];
  description?: string;
  required?: string[];
};

test("agentFileJsonSchema() tells an editor keys, values and words about them", () => {
  const schema = agentFileJsonSchema() as Node & { $schema: string };
  assert.match(schema.$schema, /draft-07/);
  assert.deepEqual(schema.properties?.version.enum, [3, "3"]);
  assert.equal(schema.additionalProperties, false);
  const agent = schema.properties?.agent.properties ?? {};
  assert.deepEqual(agent.log_format.enum, ["term", "logfmt", "json"]);
  assert.deepEqual(agent.log.type, ["string", "number", "boolean"]);
  const endpoint = schema.properties?.endpoints.items;
  assert.deepEqual(endpoint?.required, ["name", "upstream"]);
  for (const [key, { description }] of Object.entries({ ...agent, ...schema.properties })) {
    assert.ok(description, key);
  }
  assert.equal(JSON.stringify(schema).includes("undefined"), false);
});
