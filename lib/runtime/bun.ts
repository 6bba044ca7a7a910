/**
 * The adapter for Bun: the base all three share, and Bun's own sockets where no TLS will come.
 *
 * @module
 */
import { bunAttempt, openBunDoor } from "./bun_conn.ts";
import type { Runtime } from "./host.ts";
import { nodeClock } from "./node_clock.ts";
import { nodeCodecs } from "./node_codecs.ts";
import { dial } from "./node_dial.ts";
import { nodeHost } from "./node_host.ts";
import { listen } from "./node_listen.ts";
import { nodeNet } from "./node_sockets.ts";
import { openSqlite } from "./node_sqlite.ts";
import type { Net } from "./net.ts";

/** As long as any connection may take to stand, unless its options say otherwise. */
const CONNECT_MS = 10_000;

/** Bun's sockets, files, signals and time. */
export function bunRuntime(): Runtime {
  return {
    net: bunNet(),
    host: nodeHost("bun"),
    clock: nodeClock,
    openSqlite,
    codecs: nodeCodecs,
  };
}

function bunNet(): Net {
  const base = nodeNet(nodeClock);
  return {
    ...base,
    connect(options) {
      // Bun's own sockets cannot be told where to dial from.
      const isOurs = options.plain && !options.tls && options.path === undefined &&
        !options.localAddresses;
      if (!isOurs) return base.connect(options);
      return dial(nodeClock, options, options.timeoutMs ?? CONNECT_MS, bunAttempt);
    },
    listen(options) {
      if (!options.plain || options.path !== undefined || options.fd !== undefined) {
        return base.listen(options);
      }
      return listen(options, openBunDoor);
    },
  };
}
