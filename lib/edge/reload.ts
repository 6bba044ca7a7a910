/**
 * Changes the options of an edge that runs: what can change at once does, and what cannot is named.
 * The doors stay open whatever happens.
 *
 * Called by `edge.ts`.
 *
 * @module
 */
import type { EdgeConfig, EdgeLimits } from "./config.ts";

/** What became of a change. Keys are written as in the configuration file: `limits.max_sessions`. */
export interface Reconfigured {
  /** What holds from now on. */
  readonly changed: readonly string[];
  /** What is different too, and only holds when the edge is started again. */
  readonly needRestart: readonly string[];
}

/** The limits that are looked at each time they matter; the others are handed on when the edge starts. */
export const LIVE_LIMITS: readonly (keyof EdgeLimits)[] = [
  "maxConnections",
  "maxConnectionsPerAddress",
  "proxyHeaderMs",
  "maxSessions",
  "maxPendingSessions",
  "maxEndpointsPerSession",
  "maxStreams",
  "maxStreamsRust",
  "maxWaitingStreams",
  "streamWaitMs",
  "maxAgentStreams",
  "authMs",
  "commandMs",
  "holderPingMs",
  "holdMs",
  "closeGraceMs",
];

/** Options that are objects of this process, and cannot differ. */
const OURS: readonly string[] = ["limits", "logger", "onEvent", "embedded"];

/** `maxSessions` is `max_sessions`; `holdMs` is `hold`, for its value names the unit. */
export function fileKey(key: string): string {
  return key.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Makes the options of a running edge those of another configuration, as far as that can be done.
 *
 * @param current what holds; changed in place
 * @param next what is to hold, checked
 * @returns what has changed, and what would take a restart
 */
export function reconfigure(current: EdgeConfig, next: EdgeConfig): Reconfigured {
  const changed: string[] = [];
  const needRestart: string[] = [];
  const limits = current.limits as { -readonly [Key in keyof EdgeLimits]: EdgeLimits[Key] };
  for (const key of Object.keys(next.limits) as (keyof EdgeLimits)[]) {
    if (isSame(limits[key], next.limits[key])) continue;
    const isLive = LIVE_LIMITS.includes(key);
    if (isLive) limits[key] = next.limits[key];
    (isLive ? changed : needRestart).push(`limits.${fileKey(key)}`);
  }
  for (const key of Object.keys(next) as (keyof EdgeConfig)[]) {
    if (OURS.includes(key) || isSame(current[key], next[key])) continue;
    if (key === "accessLog") {
      (current as { accessLog: EdgeConfig["accessLog"] }).accessLog = next.accessLog;
      changed.push(fileKey(key));
    } else {
      needRestart.push(NAMES[key] ?? fileKey(key));
    }
  }
  return { changed, needRestart };
}

/** Where the complete options have another name than those that were given. */
const NAMES: Readonly<Record<string, string>> = {
  domains: "domain",
  tcp: "tcp_ports",
  balancers: "proxy_protocol_from",
};

/** Options are plain data; the order of keys is the schema's. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
