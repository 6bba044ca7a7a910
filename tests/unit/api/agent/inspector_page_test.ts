/** @module */
import assert from "node:assert/strict";
import { inspectorPage } from "../../../../lib/api/agent/inspector_page.ts";
import { test } from "../../../harness.ts";

test("inspectorPage() serves the page, leads to it, and keeps it in", async () => {
  const app = inspectorPage();
  const home = await app.request("/");
  assert.equal(home.status, 302);
  assert.equal(home.headers.get("location"), "/inspect/http");
  for (const path of ["/inspect/http", "/status"]) {
    const page = await app.request(path);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type")!, /^text\/html/);
    assert.match(page.headers.get("content-security-policy")!, /trusted-types 'none'/);
    const html = await page.text();
    const script = /src="([^"]+\.js)"/.exec(html)![1];
    const file = await app.request(script, { headers: { "accept-encoding": "gzip" } });
    assert.equal(file.status, 200);
    assert.equal(file.headers.get("content-encoding"), "gzip");
    await file.body?.cancel();
  }
});

test("inspectorPage() leaves everything else to others", async () => {
  const app = inspectorPage();
  app.get("*", (context) => context.text("somebody else", 200));
  for (const path of ["/api/tunnels", "/_sallyport/assets/nothing.js"]) {
    assert.equal(await (await app.request(path)).text(), "somebody else", path);
  }
});
