/**
 * The adapter for Deno: the base all three share.
 *
 * @module
 */
import type { Runtime } from "./host.ts";
import { nodeClock } from "./node_clock.ts";
import { nodeHost } from "./node_host.ts";
import { nodeNet } from "./node_sockets.ts";

/** Deno's sockets, files, signals and time. */
export function denoRuntime(): Runtime {
  return { net: nodeNet(nodeClock), host: nodeHost("deno"), clock: nodeClock };
}
