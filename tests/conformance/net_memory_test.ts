/**
 * The network suite on the network in memory: as it is, and with small pieces under way.
 *
 * @module
 */
import { systemClock } from "../../lib/base/clock.ts";
import { randomHex } from "../../lib/base/bytes.ts";
import { MemoryNet } from "../../lib/runtime/memory_net.ts";
import { netSuite } from "./net_suite.ts";

for (
  const [name, options] of [
    ["memory", {}],
    ["memory in pieces of 1,000 bytes", { chunking: 1000 }],
  ] as const
) {
  const net = new MemoryNet({ clock: systemClock, ...options });
  netSuite({
    name,
    net,
    clock: systemClock,
    socketPath: () => `/run/${randomHex(6)}.sock`,
    // A unix socket in memory exists as long as somebody listens at it.
    exists: (path) => net.connect({ path }).then((conn) => (conn.abort(), true), () => false),
  });
}
