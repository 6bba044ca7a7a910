/**
 * The suite of TLS doors: on the adapter of the runtime that runs the tests, and on a network in
 * memory that borrows its TLS.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../../lib/base/bytes.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { systemClock } from "../../lib/base/clock.ts";
import { MemoryNet } from "../../lib/runtime/memory_net.ts";
import { tlsDoorSuite } from "./tls_door_suite.ts";

const { net, host } = detectRuntime();

tlsDoorSuite({
  name: `${host.runtime.name}, a TLS door`,
  net,
  socketPath: () => join(tmpdir(), `sallyport-${randomHex(6)}.sock`),
  keepAlive: host.keepAlive,
  tellsExpiry: true,
});

// Bun 1.4 loses what is written over a stream after the peer's close_notify: this suite half-closes.
if (host.runtime.name !== "bun") {
  tlsDoorSuite({
    name: `memory with TLS of ${host.runtime.name}, a TLS door`,
    net: new MemoryNet({ clock: systemClock, chunking: 113, tls: net }),
    socketPath: () => `/run/${randomHex(6)}.sock`,
    keepAlive: host.keepAlive,
    tellsExpiry: host.runtime.name !== "deno",
  });
}
