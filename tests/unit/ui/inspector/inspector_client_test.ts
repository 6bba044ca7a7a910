/** @module */
import assert from "node:assert/strict";
import {
  AgentFailure,
  InspectorClient,
  toFailure,
} from "../../../../lib/ui/inspector/inspector_client.ts";
import { test } from "../../../harness.ts";

function client(status: number, answer: unknown) {
  const asked: string[] = [];
  const made = new InspectorClient((path, { method, body }) => {
    asked.push([method, path, body].filter(Boolean).join(" "));
    const text = answer === undefined ? null : JSON.stringify(answer);
    return Promise.resolve(new Response(text, { status }));
  });
  return { client: made, asked };
}

test("InspectorClient asks where the agent answers", async () => {
  const { client: it, asked } = client(200, {});
  await it.list({ limit: 5, before: "airt_1", q: "a b", filters: ["header x == y"] });
  await it.list({});
  await it.get("a/b");
  await it.replay("airt_1", { times: 2 });
  await it.status();
  await it.importHar("{}");
  await it.clear();
  assert.deepEqual(asked, [
    "GET /api/inspect/exchanges?limit=5&before=airt_1&q=a+b&filter=header+x+%3D%3D+y",
    "GET /api/inspect/exchanges?",
    "GET /api/inspect/exchanges/a%2Fb",
    'POST /api/inspect/exchanges/airt_1/replay {"times":2}',
    "GET /api/inspect/status",
    "POST /api/inspect/har {}",
    "DELETE /api/inspect/exchanges",
  ]);
});

test("InspectorClient says what the agent refused", async () => {
  const { client: it } = client(404, {
    error_code: 106,
    status_code: 404,
    msg: "Not found",
    details: { err: "it made room" },
  });
  await assert.rejects(it.get("x"), (error: AgentFailure) => {
    assert.deepEqual([error.status, error.code, error.message], [
      404,
      "106",
      "Not found: it made room",
    ]);
    return true;
  });
  await assert.rejects(client(502, undefined).client.status(), /answered with status 502/);
});

test("InspectorClient says when nobody answers; toFailure() keeps a failure as it is", async () => {
  const gone = new InspectorClient(() => Promise.reject(new TypeError("refused")));
  await assert.rejects(gone.status(), /does not answer/);
  const failure = new AgentFailure(1, "x");
  assert.equal(toFailure(failure), failure);
  assert.equal(toFailure(new Error("y")).message, "y");
  assert.equal(toFailure("z").message, "z");
});
