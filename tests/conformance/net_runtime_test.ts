/**
 * The network suite on the adapter of the runtime that runs the tests; where it has a faster way for
 * plain connections, on that too.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { randomHex } from "../../lib/base/bytes.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { connected, plainNet, still } from "./conns.ts";
import { test } from "../harness.ts";
import { netSuite } from "./net_suite.ts";

const { net, host, clock } = detectRuntime();

netSuite({
  name: host.runtime.name,
  net,
  clock,
  socketPath: () => join(tmpdir(), `sallyport-${randomHex(6)}.sock`),
  exists: async (path) => await host.files.stat(path) !== undefined,
});

if (host.runtime.name === "bun") {
  netSuite({
    name: "bun, plain",
    net: plainNet(net),
    clock,
    socketPath: () => join(tmpdir(), `sallyport-${randomHex(6)}.sock`),
    exists: async (path) => await host.files.stat(path) !== undefined,
  });
}

test(`${host.runtime.name}: connections that are half closed, stalled or idle need no CPU`, async () => {
  for (const one of [net, plainNet(net)]) {
    const [idle, read, unread, stalled] = await Promise.all([
      connected(one),
      connected(one),
      connected(one),
      connected(one),
    ]);
    read.client.closeWrite();
    assert.equal(await read.server.read(), undefined);
    unread.client.closeWrite();
    let full: void | Promise<void>;
    do full = stalled.client.write(new Uint8Array(65_536)); while (!full);
    full.catch(() => {}); // aborted below
    await still(net, () => 0);
    const before = process.cpuUsage();
    await new Promise<void>((resolve) => setTimeout(resolve, 400));
    const { user, system } = process.cpuUsage(before);
    // A socket that spins takes all of one core: Bun once sat at 95 %.
    assert.ok(user + system < 200_000, `${user + system} µs of CPU in 400 ms of waiting`);
    await Promise.all([idle, read, unread, stalled].map((pair) => pair.close()));
  }
});
