import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, connectContext, requestContext } from "../testing.ts";

test("close-connection closes, at connect and at a request", async () => {
  const request = await compileAction("on_http_request", "close-connection");
  assert.deepEqual(request.onHttpRequest!(requestContext()), { do: "close" });
  const connect = await compileAction("on_tcp_connect", "close-connection");
  assert.deepEqual(connect.onTcpConnect!(connectContext()), { do: "close" });
});
