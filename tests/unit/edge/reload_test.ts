import assert from "node:assert/strict";
import {
  DEFAULT_EDGE_LIMITS,
  type EdgeOptions,
  resolveEdgeOptions,
} from "../../../lib/edge/config.ts";
import { fileKey, LIVE_LIMITS, reconfigure } from "../../../lib/edge/reload.ts";
import { test } from "../../harness.ts";

const OPTIONS: EdgeOptions = { domain: "a.test", http: { port: 80 }, tcpPorts: "none" };

test("reconfigure() changes limits in place and names what takes a restart", () => {
  const current = resolveEdgeOptions(OPTIONS);
  const { limits } = current;
  const next = resolveEdgeOptions({
    ...OPTIONS,
    domain: ["a.test", "b.test"],
    http: { port: 81 },
    tcpPorts: { from: 1, to: 2 },
    accessLog: { to: "stdout" },
    limits: { maxSessions: 5, holdMs: 1, handshakeMs: 2 },
  });
  assert.deepEqual(reconfigure(current, next), {
    changed: ["limits.max_sessions", "limits.hold", "access_log"],
    needRestart: ["limits.handshake", "domain", "http", "tcp_ports"],
  });
  assert.equal(limits.maxSessions, 5, "whoever holds the limits sees the new ones");
  assert.equal(limits.handshakeMs, DEFAULT_EDGE_LIMITS.handshakeMs);
  assert.deepEqual(current.accessLog, { to: "stdout" });
  assert.deepEqual(reconfigure(current, next).changed, []);
});

test("reconfigure() finds nothing in what is the same, and takes a change back", () => {
  const current = resolveEdgeOptions({ ...OPTIONS, limits: { maxSessions: 5 } });
  const same = resolveEdgeOptions({ ...OPTIONS, limits: { maxSessions: 5 } });
  assert.deepEqual(reconfigure(current, same), { changed: [], needRestart: [] });
  reconfigure(current, resolveEdgeOptions(OPTIONS));
  assert.equal(current.limits.maxSessions, DEFAULT_EDGE_LIMITS.maxSessions);
});

test("fileKey() writes options as files do", () => {
  assert.equal(fileKey("maxPendingSessions"), "max_pending_sessions");
  assert.equal(fileKey("streamWaitMs"), "stream_wait");
  assert.equal(
    new Set(Object.keys(DEFAULT_EDGE_LIMITS).map(fileKey)).size,
    Object.keys(DEFAULT_EDGE_LIMITS).length,
    "no two limits have one name",
  );
  assert.ok(LIVE_LIMITS.every((key) => key in DEFAULT_EDGE_LIMITS));
});
