import assert from "node:assert/strict";
import { dialThrough, openProxy } from "../../../lib/agent/proxy_dial.ts";
import { parseProxyUrl } from "../../../lib/agent/proxy.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { makeCa } from "../../fakes/certs.ts";
import { startHttpProxy } from "../../fakes/proxies.ts";
import { test } from "../../harness.ts";
import { startEcho } from "../../journeys/kit.ts";

const { net, clock } = detectRuntime();
const limits = (signal: AbortSignal = new AbortController().signal) => ({
  ...{ net, clock, signal },
  roots: "system" as const,
  timeoutMs: 20_000,
});

test("dialThrough() gives a connection to somebody behind a proxy", async () => {
  const echo = await startEcho();
  const proxy = await startHttpProxy();
  try {
    const way = parseProxyUrl(`http://127.0.0.1:${proxy.port}`);
    const conn = await dialThrough(way, "echo.test", echo.port, limits());
    await conn.write(new TextEncoder().encode("hello"));
    assert.equal(new TextDecoder().decode(await conn.read()), "hello");
    conn.abort();
    assert.deepEqual(proxy.asked, [`echo.test:${echo.port}`]);
  } finally {
    await proxy.close();
    await echo.close();
  }
});

test("dialThrough() gives up when it is told to while the proxy is silent", async () => {
  const proxy = await startHttpProxy({ isSilent: true });
  try {
    const stop = new AbortController();
    const way = parseProxyUrl(`http://127.0.0.1:${proxy.port}`);
    const dialling = dialThrough(way, "echo.test", 1, limits(stop.signal));
    stop.abort();
    await assert.rejects(dialling, { code: "aborted" });
  } finally {
    await proxy.close();
  }
});

test("openProxy() says why a proxy cannot be reached, and trusts the user's authority too", async () => {
  const ca = await makeCa();
  const proxy = await startHttpProxy({ certificate: await ca.leaf(["127.0.0.1"]) });
  const way = parseProxyUrl(`https://127.0.0.1:${proxy.port}`);
  try {
    await assert.rejects(openProxy(way, limits()), {
      code: "proxy_failed",
      message: /its certificate is not signed by an authority this machine trusts/,
    });
    (await openProxy(way, { ...limits(), roots: [ca.caPem] })).abort();
  } finally {
    await proxy.close();
  }
  await assert.rejects(openProxy(way, limits()), {
    code: "proxy_failed",
    message: /^Cannot reach the proxy https:\/\/127\.0\.0\.1:\d+: /,
  });
});
