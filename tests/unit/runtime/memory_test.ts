import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("memoryRuntime() lives in one time: network, files and clock", async () => {
  const clock = new FakeClock(1_000);
  const runtime = memoryRuntime({
    clock,
    net: { delayMs: 10 },
    host: { files: { "/a": "1" }, env: { A: "b" } },
  });
  assert.equal(runtime.clock, clock);
  assert.equal(runtime.host.env("A"), "b");
  assert.equal((await runtime.host.files.stat("/a"))?.modifiedMs, 1_000);
  await runtime.net.listen({ port: 1, onConnection: (conn) => conn.closeWrite() });
  let isConnected = false;
  runtime.net.connect({ port: 1 }).then(() => isConnected = true);
  await clock.advance(19);
  assert.equal(isConnected, false);
  await clock.advance(1);
  assert.equal(isConnected, true);
});

test("memoryRuntime() needs no options", () => {
  const { host, clock } = memoryRuntime();
  assert.equal(host.runtime.name, "memory");
  assert.ok(clock.now() > 0);
});
