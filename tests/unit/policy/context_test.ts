import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { requestContext, responseContext } from "./testing.ts";

test("RequestView shows the URL as the visitor wrote it, and as it was changed", () => {
  const { request } = requestContext(["GET /a?b=c HTTP/1.1", "Host: A.example.com:8443"]);
  assert.equal(request.url, "https://A.example.com:8443/a?b=c");
  request.target = "/x";
  request.headers.set("host", "internal");
  assert.equal(request.url, "https://internal/x");
  assert.equal(request.authority, "A.example.com:8443");
});

test("RequestView.url has no path for a request about the server as a whole", () => {
  assert.equal(requestContext(["OPTIONS * HTTP/1.1"]).request.url, "https://a.example.com");
});

test("RequestView.body() gives the body up to its bound", async () => {
  const { request } = requestContext(["POST / HTTP/1.1", "Content-Length: 4"], { body: "four" });
  assert.equal(new TextDecoder().decode(await request.body(4)), "four");
  assert.equal(await request.body(3), undefined);
});

test("ResponseView collects what the body runs through, in order", () => {
  const { response } = responseContext();
  assert.deepEqual(response.transforms, []);
  const [first, second] = [1, 2].map(() => ({
    push: (chunk: Uint8Array) => chunk,
    end: () => undefined,
    abort: () => {},
  }));
  response.transform(first);
  response.transform(second);
  assert.deepEqual(response.transforms, [first, second]);
});
