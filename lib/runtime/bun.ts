/**
 * The adapter for Bun: the base all three share.
 *
 * @module
 */
import type { Runtime } from "./host.ts";
import { nodeClock } from "./node_clock.ts";
import { nodeHost } from "./node_host.ts";
import { nodeNet } from "./node_sockets.ts";
import { openSqlite } from "./node_sqlite.ts";

/** Bun's sockets, files, signals and time. */
export function bunRuntime(): Runtime {
  return { net: nodeNet(nodeClock), host: nodeHost("bun"), clock: nodeClock, openSqlite };
}
