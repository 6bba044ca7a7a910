import assert from "node:assert/strict";
import { FakeClock, systemClock } from "../../../lib/base/clock.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { lookUpName, networkInterfaces, systemAddresses } from "../../../lib/runtime/node_names.ts";
import { startDns } from "../../fakes/dns.ts";
import { test } from "../../harness.ts";

const isDeno = detectRuntime().host.runtime.name === "deno";

test("lookUpName() asks the name servers it is told, for both kinds of address", async () => {
  const dns = await startDns({ "edge.test": ["127.0.0.2", "127.0.0.3", "::1"] });
  try {
    const found = await lookUpName(systemClock, "edge.test", { servers: [dns.address] });
    assert.deepEqual(new Set(found), new Set(["::1", "127.0.0.2", "127.0.0.3"]));
    assert.equal(found[0], "::1");
    assert.deepEqual([...dns.asked].sort(), ["udp A edge.test", "udp AAAA edge.test"]);
  } finally {
    await dns.close();
  }
});

test("lookUpName() asks again over TCP when the answer did not fit", async () => {
  const dns = await startDns({ "edge.test": ["127.0.0.2"] });
  dns.mood = "truncating";
  try {
    assert.deepEqual(
      await lookUpName(systemClock, "edge.test", { servers: [dns.address] }),
      ["127.0.0.2"],
    );
    assert.ok(dns.asked.includes("tcp A edge.test"));
  } finally {
    await dns.close();
  }
});

test("lookUpName() tells a name that is not there from a server that fails", async () => {
  const dns = await startDns({});
  const servers = [dns.address];
  try {
    await assert.rejects(lookUpName(systemClock, "nowhere.test", { servers }), {
      code: "host_not_found",
      message: `Cannot resolve "nowhere.test" by ${dns.address}: the name does not resolve`,
    });
    dns.mood = "failing";
    await assert.rejects(lookUpName(systemClock, "edge.test", { servers }), {
      code: "host_not_found",
      // Deno 2.9 says ENOTFOUND for SERVFAIL too.
      message: isDeno
        ? `Cannot resolve "edge.test" by ${dns.address}: the name does not resolve`
        : `Cannot resolve "edge.test" by ${dns.address}: the name server failed`,
    });
  } finally {
    await dns.close();
  }
});

test("lookUpName() gives up at its limit, and when its caller does", async () => {
  const dns = await startDns({});
  dns.mood = "silent";
  const servers = [dns.address];
  const clock = new FakeClock();
  try {
    const late = assert.rejects(lookUpName(clock, "edge.test", { servers, timeoutMs: 900 }), {
      code: "timed_out",
      message: `Cannot resolve "edge.test" by ${dns.address}: no answer within 900 ms`,
    });
    await clock.advance(900);
    await late;
    const stop = new AbortController();
    const aborted = lookUpName(clock, "edge.test", { servers, signal: stop.signal });
    stop.abort();
    await assert.rejects(aborted, { code: "aborted" });
    await assert.rejects(lookUpName(clock, "edge.test", { signal: stop.signal }), {
      code: "aborted",
    });
    assert.equal(clock.pending, 0);
  } finally {
    await dns.close();
  }
});

test("lookUpName() leaves addresses as they are, and asks the system when nobody is named", async () => {
  assert.deepEqual(await lookUpName(systemClock, "192.0.2.7"), ["192.0.2.7"]);
  assert.deepEqual(await lookUpName(systemClock, "::1"), ["::1"]);
  const found = await lookUpName(systemClock, "localhost");
  assert.ok(found.includes("127.0.0.1") || found.includes("::1"), String(found));
  assert.deepEqual(await systemAddresses("localhost"), found);
});

test("networkInterfaces() knows the loopback", () => {
  const all = Object.values(networkInterfaces()).flat();
  assert.ok(all.includes("127.0.0.1"));
  assert.ok(all.every((address) => !address.startsWith("fe80")));
});
