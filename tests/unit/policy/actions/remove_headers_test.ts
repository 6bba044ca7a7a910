import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext, responseContext } from "../testing.ts";

test("remove-headers takes every header of a name away, in a request and in a response", async () => {
  const config = { headers: ["X-A", "x-a", "x-b"] };
  const request = requestContext(["GET / HTTP/1.1", "X-A: 1", "x-a: 2", "x-c: 3"]);
  (await compileAction("on_http_request", "remove-headers", config)).onHttpRequest!(request);
  assert.deepEqual(request.request.headers.toEdits(), { remove: ["x-a", "x-b"] });
  assert.deepEqual(request.results.get("remove_headers"), { headers_removed: ["x-a", "x-b"] });
  const response = responseContext(["HTTP/1.1 200 OK", "x-b: 1"]);
  (await compileAction("on_http_response", "remove-headers", config)).onHttpResponse!(response);
  assert.equal(response.response.headers.has("x-b"), false);
});

test("remove-headers refuses the host of a request, and framing", async () => {
  await assert.rejects(compileAction("on_http_request", "remove-headers", { headers: ["Host"] }), {
    ngrokCode: 14000,
    message: /add-headers with a host replaces it/,
  });
  await assert.rejects(
    compileAction("on_http_response", "remove-headers", { headers: ["Content-Length"] }),
    { ngrokCode: 2219 },
  );
});
