import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import type { PolicyResponse } from "../../../../lib/policy/outcome.ts";
import { compileAction, requestContext, responseContext } from "../testing.ts";

async function answer(config: unknown): Promise<PolicyResponse> {
  const policy = await compileAction("on_http_request", "custom-response", config);
  const outcome = await policy.onHttpRequest!(requestContext());
  assert.ok(outcome?.do === "respond");
  return outcome.response;
}

test("custom-response answers 200 without a body unless told otherwise", async () => {
  assert.deepEqual(await answer(undefined), { status: 200, headers: [], body: "" });
  const headers = { "content-type": "text/csv", "X-A": 1 };
  assert.deepEqual(await answer({ status_code: 503, body: "a,b", headers }), {
    status: 503,
    headers: [["content-type", "text/csv"], ["x-a", "1"]],
    body: "a,b",
  });
});

const TYPES: readonly [body: string, type: string][] = [
  ['{"a":1}', "application/json"],
  ["[1, 2]", "application/json"],
  ["{not json}", "text/plain; charset=utf-8"],
  ["<!DOCTYPE html><p>hi", "text/html; charset=utf-8"],
  [" <html><body>", "text/html; charset=utf-8"],
  ["<?xml version='1.0'?><a/>", "text/xml; charset=utf-8"],
  ["hello", "text/plain; charset=utf-8"],
];

for (const [body, type] of TYPES) {
  test(`custom-response takes ${JSON.stringify(body)} for ${type}`, async () => {
    assert.deepEqual((await answer({ body })).headers, [["content-type", type]]);
  });
}

test("custom-response puts its answer in the place of the service's", async () => {
  const policy = await compileAction("on_http_response", "custom-response", { body: "sorry" });
  const outcome = await policy.onHttpResponse!(responseContext(["HTTP/1.1 500 Oh no"]));
  assert.equal(outcome?.do === "respond" && outcome.response.body, "sorry");
});
