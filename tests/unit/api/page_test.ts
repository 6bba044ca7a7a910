/** @module */
import assert from "node:assert/strict";
import { PAGE_POLICY, PageServer, wantsPage } from "../../../lib/api/page.ts";
import { test } from "../../harness.ts";

const SCRIPT = "alert;\n".repeat(1_000);

function server(): PageServer {
  return new PageServer({
    page: "<!doctype html>",
    files: {
      "a.0123.js": { type: "text/javascript", text: SCRIPT },
      "a.4567.svg": { type: "image/svg+xml", text: "<svg/>" },
    },
  });
}

test("PageServer.page() is never kept, and bound to itself", async () => {
  const response = server().page();
  assert.equal(await response.text(), "<!doctype html>");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("content-security-policy"), PAGE_POLICY);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  assert.equal(response.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(response.headers.get("cross-origin-resource-policy"), "same-origin");
});

test("PAGE_POLICY lets nothing in but the page's own", () => {
  assert.equal(
    PAGE_POLICY,
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
      "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  );
});

test("PageServer.file() may be kept for ever, for its name changes with it", async () => {
  const response = (await server().file("a.0123.js", null))!;
  assert.equal(await response.text(), SCRIPT);
  assert.equal(response.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.equal(response.headers.get("content-type"), "text/javascript");
  assert.equal(response.headers.get("content-security-policy"), PAGE_POLICY);
});

test("PageServer.file() compresses for who understands it, and not what is tiny", async () => {
  const pages = server();
  for (const accept of ["gzip", "br, gzip;q=0.5", "deflate , GZIP"]) {
    const response = (await pages.file("a.0123.js", accept))!;
    assert.equal(response.headers.get("content-encoding"), "gzip", accept);
    assert.equal(response.headers.get("vary"), "accept-encoding");
    const bytes = await response.arrayBuffer();
    assert.ok(bytes.byteLength < SCRIPT.length / 10);
    const plain = new Response(bytes).body!.pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(plain).text(), SCRIPT);
  }
  for (const accept of ["br", "gzip;q=0", "gzip;q=0.0, br", "xgzip"]) {
    const response = (await pages.file("a.0123.js", accept))!;
    assert.equal(response.headers.get("content-encoding"), null, accept);
    await response.body?.cancel();
  }
  const tiny = (await pages.file("a.4567.svg", "gzip"))!;
  assert.equal(tiny.headers.get("content-encoding"), null);
  assert.equal(await tiny.text(), "<svg/>");
});

test("PageServer.file() knows its own files and nothing else", async () => {
  for (const name of ["a.js", "", "toString", "__proto__", "../a.0123.js"]) {
    assert.equal(await server().file(name, null), undefined, name);
  }
});

test("wantsPage() tells a browser from a program", () => {
  const request = (headers: Record<string, string>) => new Request("http://x/", { headers });
  assert.equal(wantsPage(request({ accept: "text/html,application/xhtml+xml" })), true);
  assert.equal(wantsPage(request({ accept: "*/*" })), false);
  assert.equal(wantsPage(request({ accept: "application/json" })), false);
  assert.equal(wantsPage(request({ accept: "text/html", authorization: "Bearer k" })), false);
});
