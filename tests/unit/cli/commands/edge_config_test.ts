import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function run(args: string[], file = "") {
  const runtime = memoryRuntime({ host: { args: ["edge", "config", ...args] } });
  await runtime.host.files.write("/edge.yml", file);
  const code = await main(runtime);
  return { code, out: runtime.host.stdout.text, err: runtime.host.stderr.text };
}

test("edgeConfigCommand checks a file", async () => {
  const good = await run(["check", "/edge.yml"], "domain: a.test\n");
  assert.deepEqual([good.code, good.out], [0, "/edge.yml: nothing to complain about\n"]);
  const bad = await run(["check", "/edge.yml"], "x:\n  - 1\n");
  assert.equal(bad.code, 1);
  assert.match(bad.err, /^ERROR: {2}.*"\/edge\.yml": line 1, column 1: unknown key "x"/);
});

test("edgeConfigCommand prints the schema of the file", async () => {
  const { code, out } = await run(["schema"]);
  assert.equal(code, 0);
  const schema = JSON.parse(out);
  assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
  assert.equal(schema.properties.limits.additionalProperties, false);
});
