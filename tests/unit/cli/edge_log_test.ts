import assert from "node:assert/strict";
import type { Logger } from "../../../lib/base/log.ts";
import { logEdgeEvents } from "../../../lib/cli/edge_log.ts";
import type { EdgeEvent } from "../../../lib/edge/events.ts";
import { test } from "../../harness.ts";

function lines(...events: EdgeEvent[]): [string, string, unknown][] {
  const seen: [string, string, unknown][] = [];
  const logger: Logger = {
    log: (level, message, fields) => seen.push([level, message, fields]),
    child: () => logger,
  };
  for (const event of events) logEdgeEvents(logger)(event);
  return seen;
}

test("logEdgeEvents() tells of addresses at info", () => {
  const common = { atMs: 1, endpointId: "ep", url: "https://a.example", accountId: "ac" };
  assert.deepEqual(
    lines(
      { type: "endpoint_started", ...common, sessionId: "ts_1" },
      { type: "endpoint_moved", ...common, sessionId: "ts_2" },
      { type: "endpoint_ended", ...common },
    ),
    [
      ["info", "endpoint online", { url: "https://a.example", session: "ts_1" }],
      ["info", "endpoint moved", { url: "https://a.example", session: "ts_2" }],
      ["info", "endpoint offline", { url: "https://a.example" }],
    ],
  );
});

test("logEdgeEvents() tells of visitors at debug", () => {
  const seen = lines({
    type: "exchange_ended",
    atMs: 1,
    endpointId: "ep",
    accountId: "owner",
    clientAddr: "203.0.113.7:5123",
    serverAddr: "198.51.100.1:443",
    scheme: "https",
    host: "a.example",
    method: "GET",
    path: "/x",
    protocol: "HTTP/1.1",
    userAgent: undefined,
    referer: undefined,
    status: 200,
    ngrokCode: undefined,
    requestBytes: 0,
    responseBytes: 5,
    durationMs: 7.6,
    error: undefined,
  }, {
    type: "connection_ended",
    atMs: 1,
    endpointId: "ep",
    accountId: "owner",
    clientAddr: "203.0.113.7:5124",
    serverAddr: "198.51.100.1:9000",
    host: "a.example",
    inBytes: 1,
    outBytes: 2,
    durationMs: 3.2,
    error: "cut",
  });
  assert.deepEqual(seen, [
    ["debug", "request", {
      remote: "203.0.113.7:5123",
      method: "GET",
      url: "https://a.example/x",
      status: 200,
      code: undefined,
      in: 0,
      out: 5,
      ms: 8,
      err: undefined,
    }],
    ["debug", "connection", {
      remote: "203.0.113.7:5124",
      endpoint: "ep",
      in: 1,
      out: 2,
      ms: 3,
      err: "cut",
    }],
  ]);
});

test("logEdgeEvents() leaves sessions to the edge's own lines", () => {
  assert.deepEqual(
    lines({ type: "session_refused", atMs: 1, remote: "203.0.113.7:1", ngrokCode: 107 }),
    [],
  );
});
