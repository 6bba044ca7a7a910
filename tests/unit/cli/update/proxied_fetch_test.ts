import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { parseProxyUrl } from "../../../../lib/agent/proxy.ts";
import { fetchThrough } from "../../../../lib/cli/update/proxied_fetch.ts";
import { detectRuntime } from "../../../../lib/runtime/detect.ts";
import { makeCa } from "../../../fakes/certs.ts";
import { startHttpProxy, startSocksProxy } from "../../../fakes/proxies.ts";
import { test } from "../../../harness.ts";

const runtime = detectRuntime();
const BIG = "0123456789abcdef".repeat(20_000);

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = new URL(request.url ?? "/", "http://up.test").pathname;
  if (path === "/moved") response.writeHead(302, { location: "/big?again" }).end();
  else if (path === "/loop") response.writeHead(301, { location: "/loop" }).end();
  else if (path === "/away") response.writeHead(301, { location: "ftp://up.test/" }).end();
  else if (path === "/big") response.end(BIG);
  else if (path === "/agent") response.end(request.headers["user-agent"]);
  else if (path === "/endless") response.write("begun");
  else response.writeHead(404).end("no");
}

async function withServer(
  server: http.Server | https.Server,
  run: (port: number) => Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

for (const [start, kind] of [[startHttpProxy, "http"], [startSocksProxy, "socks5"]] as const) {
  test(`fetchThrough() gets what is at an https URL through a ${kind} proxy that wants credentials`, async () => {
    const ca = await makeCa();
    const leaf = await ca.leaf(["up.test"]);
    const proxy = await start({ credentials: "ada:s3cret" });
    const get = (path: string, init: RequestInit = {}, who = "ada:s3cret") =>
      fetchThrough(
        parseProxyUrl(`${kind}://${who}@127.0.0.1:${proxy.port}`),
        runtime,
        `https://up.test:${path}`,
        init,
        [ca.caPem],
      );
    try {
      const server = https.createServer({ cert: leaf.chainPem, key: leaf.keyPem }, answer);
      await withServer(server, async (port) => {
        const moved = await get(`${port}/moved`);
        assert.equal(moved.status, 200);
        assert.equal(await moved.text(), BIG);
        assert.deepEqual(proxy.asked.slice(-2), [`up.test:${port}`, `up.test:${port}`]);
        const headers = { "user-agent": "sallyport/1" };
        assert.equal(await (await get(`${port}/agent`, { headers })).text(), "sallyport/1");
        const missing = await get(`${port}/missing`);
        assert.deepEqual([missing.ok, missing.status], [false, 404]);
        await missing.body?.cancel();
        await assert.rejects(get(`${port}/big`, {}, "ada:wrong"), {
          code: "proxy_failed",
          message: /does not accept the credentials of its URL$/,
        });
      });
    } finally {
      await proxy.close();
    }
  });
}

test("fetchThrough() has an HTTP proxy forward what is plain, and follows redirects, not for ever", async () => {
  const passed: string[] = [];
  const server = http.createServer((request, response) => {
    passed.push(`${request.headers["proxy-authorization"]} ${request.url}`);
    answer(request, response);
  });
  await withServer(server, async (port) => {
    const proxy = parseProxyUrl(`http://a:b@127.0.0.1:${port}`);
    const get = (path: string, init: RequestInit = {}) =>
      fetchThrough(proxy, runtime, `http://up.test${path}`, init);
    assert.equal(await (await get("/moved")).text(), BIG);
    assert.deepEqual(passed, [
      "Basic YTpi http://up.test/moved",
      "Basic YTpi http://up.test/big?again",
    ]);
    await assert.rejects(get("/loop"), { code: "http_invalid", message: /without end$/ });
    await assert.rejects(get("/away"), { message: /it leads to "ftp:\/\/up\.test\/"$/ });

    const stop = new AbortController();
    const endless = await get("/endless", { signal: stop.signal });
    const reader = endless.body!.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "begun");
    const next = reader.read();
    stop.abort();
    await assert.rejects(next);
    await assert.rejects(get("/big", { signal: stop.signal }), { code: "aborted" });
  });
});
