import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

test("redirect sends the visitor to the changed URL, with headers", async () => {
  const policy = await compileAction("on_http_request", "redirect", {
    from: "^(https?://[^/]+)/products(.*)$",
    to: "$1/store/products$2",
    status_code: 301,
    headers: { "x-redirected": true },
  });
  const traffic = requestContext(["GET /products/7?a=b HTTP/1.1"]);
  assert.deepEqual(policy.onHttpRequest!(traffic), {
    do: "respond",
    response: {
      status: 301,
      headers: [["location", "https://a.example.com/store/products/7?a=b"], [
        "x-redirected",
        "true",
      ]],
      body: "",
    },
  });
  assert.deepEqual(traffic.results.get("redirect"), {
    url: "https://a.example.com/store/products/7?a=b",
    matches: ["https://a.example.com/products/7?a=b"],
  });
});

test("redirect without from replaces the whole URL, and encodes what a URL cannot have", async () => {
  const policy = await compileAction("on_http_request", "redirect", {
    to: "https://b.example/é x",
  });
  const outcome = await policy.onHttpRequest!(requestContext());
  assert.ok(outcome?.do === "respond");
  assert.equal(outcome.response.status, 302);
  assert.deepEqual(outcome.response.headers, [["location", "https://b.example/%C3%A9%20x"]]);
});

test("redirect goes on when nothing matches or nothing changes", async () => {
  const other = await compileAction("on_http_request", "redirect", { from: "/old", to: "/new" });
  assert.equal(other.onHttpRequest!(requestContext(["GET /a HTTP/1.1"])), undefined);
  const same = await compileAction("on_http_request", "redirect", { from: "/a", to: "/a" });
  assert.equal(same.onHttpRequest!(requestContext(["GET /a HTTP/1.1"])), undefined);
});

test("redirect refuses a wrong expression and a wrong status", async () => {
  await assert.rejects(compileAction("on_http_request", "redirect", { from: "(", to: "/" }), {
    ngrokCode: 2261,
  });
  await assert.rejects(
    compileAction("on_http_request", "redirect", { to: "/", status_code: 200 }),
    {
      ngrokCode: 2203,
    },
  );
});
