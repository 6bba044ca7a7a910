import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext, responseContext } from "../testing.ts";

test("add-headers puts headers behind those that are there, in lower case", async () => {
  const headers = { "X-A": "2", "x-number": 7, "x-flag": true };
  const policy = await compileAction("on_http_request", "add-headers", { headers });
  const traffic = requestContext(["GET / HTTP/1.1", "X-A: 1"]);
  assert.equal(policy.onHttpRequest!(traffic), undefined);
  assert.deepEqual(traffic.request.headers.all("x-a"), ["1", "2"]);
  assert.deepEqual(traffic.results.get("add_headers"), {
    headers_added: { "x-a": "2", "x-number": "7", "x-flag": "true" },
  });
  assert.deepEqual(traffic.request.headers.toEdits().add?.map(([name]) => name), [
    "x-a",
    "x-number",
    "x-flag",
  ]);
});

test("add-headers lets a host in a request take the place of the visitor's", async () => {
  const config = { headers: { Host: "internal.example" } };
  const policy = await compileAction("on_http_request", "add-headers", config);
  const traffic = requestContext();
  policy.onHttpRequest!(traffic);
  assert.deepEqual(traffic.request.headers.all("host"), ["internal.example"]);
});

test("add-headers writes what is not ASCII as UTF-8", async () => {
  const policy = await compileAction("on_http_response", "add-headers", {
    headers: { "x-n": "zażółć €" },
  });
  const traffic = responseContext();
  policy.onHttpResponse!(traffic);
  const bytes = Uint8Array.from(traffic.response.headers.get("x-n")!, (char) => char.charCodeAt(0));
  assert.equal(new TextDecoder().decode(bytes), "zażółć €");
});

test("add-headers refuses what is not the author's to write", async () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, at) => ["x-" + at, "1"]));
  const wrong: [Record<string, unknown>, number][] = [
    [{}, 2223],
    [many, 2212],
    [{ "x y": "1" }, 2210],
    [{ "x-a": "1\r\nx-b: 2" }, 2211],
    [{ "Content-Length": "0" }, 2219],
    [{ "transfer-encoding": "chunked" }, 2219],
    [{ "User-Agent": "curl" }, 2219],
    [{ "ngrok-skip-browser-warning": "1" }, 2219],
    [{ "x-a": ["1"] }, 2203],
    [{ "x-a": "${conn.client_ip}" }, 2224],
  ];
  for (const [headers, ngrokCode] of wrong) {
    await assert.rejects(
      compileAction("on_http_request", "add-headers", { headers }),
      { ngrokCode },
      JSON.stringify(headers),
    );
  }
});
