import assert from "node:assert/strict";
import { agentOpenApi } from "../../../../lib/api/agent/agent_openapi.ts";
import { test } from "../../../harness.ts";
import { ApiScene } from "./kit.ts";

test("S152 agentOpenApi() describes routes that are there, each with an id of its own", async () => {
  const scene = new ApiScene();
  const document = await scene.json("GET", "/api/openapi.json");
  assert.deepEqual(document, JSON.parse(JSON.stringify(agentOpenApi("http://127.0.0.1:4040"))));
  const ids = new Set<string>();
  for (
    const [path, methods] of Object.entries<Record<string, { operationId: string }>>(document.paths)
  ) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      assert.ok(!ids.has(operationId), operationId);
      ids.add(operationId);
      const body = /post|put/.test(method) ? "{" : undefined;
      const answer = await scene.ask(method.toUpperCase(), path.replace(/\{\w+\}/, "nope"), body);
      await answer.body?.cancel();
      assert.notEqual(answer.status, 405, `${method} ${path}`);
      if (answer.status === 404) assert.match(path, /\{/);
    }
  }
});
