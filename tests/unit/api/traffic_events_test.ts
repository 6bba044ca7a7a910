import assert from "node:assert/strict";
import { trafficEvent } from "../../../lib/api/traffic_events.ts";
import { test } from "../../harness.ts";

const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);

test("trafficEvent() makes the documented events of sessions, requests and connections", () => {
  const start = trafficEvent({
    type: "session_started",
    atMs,
    sessionId: "ts_1",
    clientId: "c",
    accountId: "ac_1",
    resumed: false,
    remote: "[2001:db8::1]:5",
    userAgent: "sallyport/0.1.0",
    tokenId: "cr_1",
    agentVersion: "0.1.0",
    os: "linux",
    arch: "amd64",
    metadata: "",
    protocolVersion: "3",
  });
  assert.equal(start?.event_type, "agent_session_start.v0");
  assert.equal(start?.account_id, "ac_1");
  assert.equal(start?.event_timestamp, "2026-01-02T03:04:05Z");
  assert.equal(start?.object.agent_ip, "2001:db8::1");
  assert.equal(start?.principal, null);
  const request = trafficEvent({
    type: "exchange_ended",
    atMs,
    endpointId: "abc",
    accountId: "ac_1",
    clientAddr: "192.0.2.1:9",
    serverAddr: "198.51.100.1:443",
    scheme: "https",
    host: "a.example.com",
    method: "GET",
    path: "/x",
    protocol: "HTTP/2.0",
    tlsVersion: "TLSv1.3",
    policyOutcome: "refused",
    userAgent: undefined,
    referer: undefined,
    status: 502,
    ngrokCode: 8012,
    requestBytes: 1,
    responseBytes: 2,
    durationMs: 5_000,
    error: undefined,
  });
  assert.equal(request?.event_type, "http_request_complete.v0");
  assert.equal(request?.object.error_code, "ERR_NGROK_8012");
  assert.equal(request?.object.policy_outcome, "refused");
  assert.deepEqual(request?.object.tls, { version: "TLSv1.3" });
  assert.equal(
    (request?.object.http as { request: { version: string } }).request.version,
    "HTTP/2.0",
  );
  assert.deepEqual(request?.object.conn, {
    client_ip: "192.0.2.1",
    server_ip: "198.51.100.1",
    server_name: "a.example.com",
    server_port: "443",
    start_ts: "2026-01-02T03:04:00Z",
    end_ts: "2026-01-02T03:04:05Z",
  });
});

test("trafficEvent() gives nothing for a request that led nowhere, or for what has no type", () => {
  const lost = {
    type: "exchange_ended",
    atMs,
    endpointId: undefined,
    accountId: undefined,
    clientAddr: "192.0.2.1:9",
    serverAddr: "198.51.100.1:443",
    scheme: "http",
    host: "nobody.example.com",
    method: "GET",
    path: "/",
    protocol: "HTTP/1.1",
    userAgent: undefined,
    referer: undefined,
    status: 404,
    ngrokCode: 3200,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 1,
    error: undefined,
  } as const;
  assert.equal(trafficEvent(lost), undefined);
  assert.equal(
    trafficEvent({ type: "session_refused", atMs, remote: "192.0.2.1:9", ngrokCode: 107 }),
    undefined,
  );
});

test("trafficEvent() makes nothing that nobody wants", () => {
  const asked: string[] = [];
  const event = {
    type: "session_ended",
    atMs,
    sessionId: "ts_1",
    clientId: "c",
    accountId: "ac_1",
    reason: undefined,
  } as Parameters<typeof trafficEvent>[0];
  const isWanted = (...about: string[]) => asked.push(about.join(" ")) > 1;
  assert.equal(trafficEvent(event, isWanted), undefined);
  assert.equal(trafficEvent(event, isWanted)?.event_type, "agent_session_stop.v0");
  assert.deepEqual(asked, Array(2).fill("ac_1 agent_session_stop.v0"));
});
