import assert from "node:assert/strict";
import { FakeClock, systemClock } from "../../../lib/base/clock.ts";
import { fetchWhole, type OpenWeb, resolveOverHttps } from "../../../lib/agent/resolve_https.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { makeCa } from "../../fakes/certs.ts";
import { startDns } from "../../fakes/dns.ts";
import { test } from "../../harness.ts";

const never = new AbortController().signal;

/** A name server over HTTPS, and the way to it. */
async function stage(names: Record<string, string[]>) {
  const ca = await makeCa();
  const dns = await startDns(names, await ca.leaf(["127.0.0.1"]));
  const { net } = detectRuntime();
  const open: OpenWeb = (host, port, isSecure, timeoutMs, signal) => {
    assert.ok(isSecure);
    return net.connect({ host, port, timeoutMs, signal, tls: { roots: [ca.caPem] } });
  };
  return { dns, open };
}

test("S108 resolveOverHttps() asks for both kinds of address", async () => {
  const { dns, open } = await stage({ "edge.test": ["192.0.2.1", "2001:db8::1"] });
  try {
    const found = await resolveOverHttps(systemClock, open, [dns.url], "edge.test", 5_000, never);
    assert.deepEqual(found, ["2001:db8::1", "192.0.2.1"]);
    assert.deepEqual([...dns.asked].sort(), ["https A edge.test", "https AAAA edge.test"]);
  } finally {
    await dns.close();
  }
});

test("resolveOverHttps() asks the next server when one fails, and says what the last one said", async () => {
  const { dns, open } = await stage({ "edge.test": ["192.0.2.1"] });
  try {
    const gone = "https://127.0.0.1:1/dns-query";
    const urls = [gone, dns.url.replace("/dns-query", "/other"), dns.url];
    assert.deepEqual(
      await resolveOverHttps(systemClock, open, urls, "edge.test", 9_000, never),
      ["192.0.2.1"],
    );
    await assert.rejects(
      resolveOverHttps(systemClock, open, [gone, dns.url], "nowhere.test", 9_000, never),
      {
        code: "host_not_found",
        message: `Cannot resolve "nowhere.test" by ${dns.url}: the name does not resolve`,
      },
    );
    dns.mood = "failing";
    await assert.rejects(
      resolveOverHttps(systemClock, open, [dns.url], "edge.test", 9_000, never),
      /the name server failed \(2\)/,
    );
    await assert.rejects(
      resolveOverHttps(systemClock, open, [urls[1]], "edge.test", 9_000, never),
      /answered with status 404/,
    );
  } finally {
    await dns.close();
  }
});

test("fetchWhole() gives up at its limit and when its caller does", async () => {
  const { dns, open } = await stage({});
  dns.mood = "silent";
  const url = new URL(`${dns.url}?dns=AAABAAABAAAAAAAAAWEAAAEAAQ`);
  const clock = new FakeClock();
  try {
    const asking = Promise.withResolvers<void>();
    const slow: OpenWeb = async (...args) => {
      const conn = await open(...args);
      asking.resolve();
      return conn;
    };
    const late = fetchWhole(clock, slow, url, {}, 100, 500, never);
    late.catch(() => {});
    await asking.promise;
    while (clock.pending === 0) await Promise.resolve(); // the limit is set a few turns later
    await clock.advance(500);
    await assert.rejects(late, { code: "timed_out" });
    const stop = new AbortController();
    const opened = Promise.withResolvers<void>();
    const stopped = fetchWhole(
      systemClock,
      async (...args) => {
        const conn = await open(...args);
        opened.resolve();
        return conn;
      },
      url,
      {},
      100,
      60_000,
      stop.signal,
    );
    stopped.catch(() => {});
    await opened.promise;
    stop.abort();
    await assert.rejects(stopped, { code: "aborted" });
  } finally {
    await dns.close();
  }
});
