import assert from "node:assert/strict";
import { AccessLog, type AccessLogOptions } from "../../../lib/edge/access_log.ts";
import type { ConnectionOver, ExchangeOver } from "../../../lib/edge/events.ts";
import { test } from "../../harness.ts";

const OVER: ExchangeOver = {
  type: "exchange_ended",
  atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  endpointId: "e1",
  accountId: "ac_1",
  clientAddr: "[2001:db8::1]:5000",
  serverAddr: "192.0.2.1:443",
  scheme: "https",
  host: "a.test",
  method: "GET",
  path: "/p",
  protocol: "HTTP/1.1",
  userAgent: 'x "1"\n',
  referer: undefined,
  status: 200,
  ngrokCode: undefined,
  requestBytes: 1,
  responseBytes: 2,
  durationMs: 1.23456,
  error: undefined,
};

function lines(options: Partial<AccessLogOptions>, write: (log: AccessLog) => void): string {
  let text = "";
  const sink = { write: (line: string) => void (text += line), flush: () => Promise.resolve() };
  write(new AccessLog({ to: "stdout", ...options }, sink));
  return text;
}

test("AccessLog writes an object a line, without the query", () => {
  const text = lines({}, (log) => log.exchange(OVER, "token=secret"));
  assert.ok(text.endsWith("}\n"));
  assert.deepEqual(JSON.parse(text), {
    time: "2026-01-02T03:04:05.006Z",
    type: "request",
    client: "[2001:db8::1]:5000",
    scheme: "https",
    host: "a.test",
    method: "GET",
    path: "/p",
    protocol: "HTTP/1.1",
    status: 200,
    in_bytes: 1,
    out_bytes: 2,
    duration_ms: 1.235,
    user_agent: 'x "1"\n',
    endpoint: "e1",
    account: "ac_1",
  });
});

test("AccessLog writes the query for whoever asked, and the number of an error", () => {
  const over = { ...OVER, ngrokCode: 8012 };
  const line = JSON.parse(lines({ query: true }, (log) => log.exchange(over, "a=1")));
  assert.deepEqual([line.path, line.error_code], ["/p?a=1", "ERR_NGROK_8012"]);
});

test("AccessLog writes the common format, and combined with what would end a field escaped", () => {
  const common = "2001:db8::1 - - [02/Jan/2026:03:04:05 +0000]";
  assert.equal(
    lines({ format: "common" }, (log) => log.exchange(OVER, "a")),
    `${common} "GET /p HTTP/1.1" 200 2\n`,
  );
  assert.equal(
    lines({ format: "combined" }, (log) => log.exchange(OVER, "a")),
    `${common} "GET /p HTTP/1.1" 200 2 "-" "x \\"1\\"\\x0a"\n`,
  );
  const gone = { ...OVER, status: undefined, responseBytes: 0 };
  assert.match(lines({ format: "common" }, (log) => log.exchange(gone, "")), / 499 -\n$/);
});

test("AccessLog writes raw connections as objects, and not in the formats of web servers", () => {
  const over: ConnectionOver = {
    type: "connection_ended",
    atMs: 0,
    endpointId: "e1",
    accountId: "ac_1",
    clientAddr: "192.0.2.7:1",
    serverAddr: "192.0.2.1:2",
    host: "a.test",
    inBytes: 3,
    outBytes: 4,
    durationMs: 5,
    error: "cut",
  };
  const line = JSON.parse(lines({}, (log) => log.connection(over)));
  assert.deepEqual([line.type, line.in_bytes, line.error], ["connection", 3, "cut"]);
  assert.equal(lines({ format: "common" }, (log) => log.connection(over)), "");
});
