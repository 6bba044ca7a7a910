import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, connectContext, requestContext } from "../testing.ts";

test("deny answers a request with an empty 403, or with the status it is given", async () => {
  const plain = await compileAction("on_http_request", "deny");
  assert.deepEqual(plain.onHttpRequest!(requestContext()), {
    do: "respond",
    response: { status: 403, headers: [], body: "" },
  });
  const teapot = await compileAction("on_http_request", "deny", { status_code: 418 });
  const outcome = await teapot.onHttpRequest!(requestContext());
  assert.equal(outcome?.do === "respond" && outcome.response.status, 418);
});

test("deny closes a raw connection", async () => {
  const policy = await compileAction("on_tcp_connect", "deny");
  assert.deepEqual(policy.onTcpConnect!(connectContext()), { do: "close" });
});

test("deny refuses a status that is none, naming the place", async () => {
  await assert.rejects(compileAction("on_http_request", "deny", { status_code: 99 }), {
    ngrokCode: 2203,
    message: /on_http_request, rule 1, action 1 \(deny\).*status_code/,
  });
});
