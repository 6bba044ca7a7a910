/**
 * The adapter for Node: the base all three share, as it is.
 *
 * @module
 */
import type { Runtime } from "./host.ts";
import { nodeClock } from "./node_clock.ts";
import { nodeCodecs } from "./node_codecs.ts";
import { nodeHost } from "./node_host.ts";
import { nodeNet } from "./node_sockets.ts";
import { openSqlite } from "./node_sqlite.ts";

/** Node's sockets, files, signals and time. */
export function nodeRuntime(): Runtime {
  return {
    net: nodeNet(nodeClock),
    host: nodeHost("node"),
    clock: nodeClock,
    openSqlite,
    codecs: nodeCodecs,
  };
}
