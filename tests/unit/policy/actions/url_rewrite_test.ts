import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

const CASES: readonly [
  from: string | undefined,
  to: string,
  path: string,
  target: string | undefined,
  host: string,
][] = [
  ["/products", "/products.php", "/products?a", "/products.php?a", "a.example.com"],
  ["/v1/", "/v2/", "/v1/x/v1/", "/v2/x/v2/", "a.example.com"],
  ["https://a.example.com/p/?(.*)", "/q?x=$1", "/p/1", "/q?x=1", "a.example.com"],
  ["^https://[^/]+/b/(.*)", "https://B.internal:8080/$1", "/b/x", "/x", "B.internal:8080"],
  ["^https://[^/]+$|nothing", "x", "/keep", undefined, "a.example.com"],
  [undefined, "https://a.example.com", "/any", "/", "a.example.com"],
  ["/any", "?only=query", "/any", "/?only=query", "a.example.com"],
  ["/any", "/ünï code", "/any", "/%C3%BCn%C3%AF%20code", "a.example.com"],
];

for (const [from, to, path, target, host] of CASES) {
  test(`url-rewrite ${from} to ${to}: ${path} becomes ${target}`, async () => {
    const policy = await compileAction("on_http_request", "url-rewrite", { from, to });
    const traffic = requestContext([`GET ${path} HTTP/1.1`]);
    assert.equal(policy.onHttpRequest!(traffic), undefined);
    assert.equal(traffic.request.target, target);
    assert.equal(traffic.request.headers.get("host"), host);
    assert.equal(traffic.results.has("url_rewrite"), target !== undefined);
  });
}

test("url-rewrite builds on the rewrite before it", async () => {
  const first = await compileAction("on_http_request", "url-rewrite", { from: "/a", to: "/b" });
  const second = await compileAction("on_http_request", "url-rewrite", { from: "/b", to: "/c" });
  const traffic = requestContext(["GET /a HTTP/1.1"]);
  first.onHttpRequest!(traffic);
  second.onHttpRequest!(traffic);
  assert.equal(traffic.request.target, "/c");
});
