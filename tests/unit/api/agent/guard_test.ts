import assert from "node:assert/strict";
import { refuseStranger } from "../../../../lib/api/agent/guard.ts";
import { test } from "../../../harness.ts";

const OPTIONS = { allowHosts: ["inspect.test", "*.lan"], address: "127.0.0.1:4040" };

function status(url: string, headers: Record<string, string> = {}, method = "GET") {
  return refuseStranger(new Request(url, { method, headers }), OPTIONS)?.status;
}

test("refuseStranger() lets this machine and the names it is told of pass, and no other name", () => {
  for (
    const host of [
      ...["127.0.0.1:4040", "localhost:4040", "[::1]:4040", "192.168.1.2:4040"],
      ...["inspect.test", "inspect.test:4040", "a.lan"],
    ]
  ) assert.equal(status(`http://${host}/api`), undefined, host);
  for (
    const host of ["evil.com", "localhost.evil.com", "127.0.0.1.nip.io", "xlan", "notinspect.test"]
  ) {
    assert.equal(status(`http://${host}/api`), 401, host);
  }
});

test("refuseStranger() refuses what a page of somebody else asks for", () => {
  const url = "http://127.0.0.1:4040/api/tunnels";
  assert.equal(status(url, { origin: "http://127.0.0.1:4040" }, "POST"), undefined);
  for (
    const origin of ["https://evil.com", "null", "http://127.0.0.1:4041", "http://localhost:4040"]
  ) {
    assert.equal(status(url, { origin }, "POST"), 403, origin);
  }
  assert.equal(status(url, { "sec-fetch-site": "same-origin" }), undefined);
  assert.equal(status(url, { "sec-fetch-site": "none" }), undefined);
  for (const site of ["cross-site", "same-site"]) {
    assert.equal(status(url, { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" }), 403);
    const visit = {
      "sec-fetch-site": site,
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    assert.equal(status(url, visit), undefined, "a link may lead here");
    assert.equal(status(url, { ...visit, "sec-fetch-dest": "iframe" }), 403);
    assert.equal(status(url, visit, "POST"), 403, "a form may not");
  }
});
