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

test("refuseStranger() reads web_allow_hosts as addresses, ranges, names and what ends so", () => {
  const answers = (host: string, ...allowHosts: string[]) =>
    refuseStranger(new Request(`http://${host}/api`), { allowHosts, address: "10.9.9.9:4040" })
      ?.status ?? 200;
  assert.equal(answers("a.b.lan:4040", ".lan"), 200);
  assert.equal(answers("lan", ".lan"), 401);
  assert.equal(answers("A.Example:80", "a.example:4040"), 200);
  assert.equal(answers("b.a.example", "a.example"), 401);
  assert.equal(answers("agent.localhost:4040"), 200);
  assert.equal(answers("evil.com", "*"), 200);
  // Names in the list say nothing about addresses; an address in it is one of those meant.
  assert.equal(answers("10.1.2.3", "a.example"), 200);
  const ranges = ["10.0.0.0/8", "192.0.2.7", "[2001:db8::7]:4040", "fd00::/8"];
  for (const host of ["10.1.2.3:80", "192.0.2.7", "[2001:db8::7]", "[fd00::1]:4040"]) {
    assert.equal(answers(host, ...ranges), 200, host);
  }
  for (const host of ["127.0.0.1:4040", "[::1]", "localhost", "10.9.9.9"]) {
    assert.equal(answers(host, "192.0.2.7"), 200, host);
  }
  for (const host of ["11.1.2.3", "192.0.2.8", "[2001:db8::8]", "a.example"]) {
    assert.equal(answers(host, ...ranges), 401, host);
  }
});
