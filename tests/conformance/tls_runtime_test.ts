/**
 * The TLS suite on the adapter of the runtime that runs the tests: over sockets, over a pipe in
 * memory, over a network in memory whose bytes come in small pieces, and over TLS itself.
 *
 * @module
 */
import { systemClock } from "../../lib/base/clock.ts";
import { pair } from "../../lib/base/duplex.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { MemoryNet } from "../../lib/runtime/memory_net.ts";
import { plainNet } from "./conns.ts";
import { materials, socketCarrier, tlsSuite } from "./tls_suite.ts";

const { net, host, clock } = detectRuntime();
const runtime = host.runtime.name;
/** Bun 1.4 closes TLS over a stream when the peer's close_notify comes: its own writes are lost. */
const streamsHalfClose = runtime !== "bun";
/** Deno 2.9 gives expired certificates the code of untrusted ones. */
const tellsExpiry = runtime !== "deno";

tlsSuite({
  name: `${runtime}, TLS over a socket`,
  net,
  clock,
  carry: () => socketCarrier(net),
  halfCloses: true,
  tellsExpiry,
  keepAlive: host.keepAlive,
});

tlsSuite({
  name: `${runtime}, TLS over a pipe`,
  net,
  clock,
  carry: () => {
    const [near, far] = pair();
    return Promise.resolve([near, far, () => Promise.resolve()]);
  },
  halfCloses: streamsHalfClose,
  tellsExpiry,
  keepAlive: host.keepAlive,
});

const pieces = new MemoryNet({ clock: systemClock, chunking: 97, tls: net });
tlsSuite({
  name: `${runtime}, TLS over a network in memory in pieces`,
  net: pieces,
  clock,
  carry: () => socketCarrier(pieces),
  halfCloses: streamsHalfClose,
  tellsExpiry,
  keepAlive: host.keepAlive,
});

tlsSuite({
  name: `${runtime}, TLS over TLS`,
  net,
  clock,
  carry: async () => {
    const { ca, leaf } = await materials();
    const [near, far, free] = await socketCarrier(net);
    const [client, server] = await Promise.all([
      net.startTlsClient(near, { serverName: "localhost", roots: [ca.caPem] }),
      net.startTlsServer(far, { certificate: leaf }),
    ]);
    return [client, server, free];
  },
  halfCloses: streamsHalfClose,
  tellsExpiry,
  keepAlive: host.keepAlive,
});

if (runtime === "bun") {
  tlsSuite({
    name: "bun, TLS over a socket that was promised to be plain",
    net,
    clock,
    carry: () => socketCarrier(plainNet(net)),
    halfCloses: streamsHalfClose,
    tellsExpiry,
    keepAlive: host.keepAlive,
  });
}
