import assert from "node:assert/strict";
import { compileSelection } from "../../../lib/api/event_selection.ts";
import { trafficEvent } from "../../../lib/api/traffic_events.ts";
import { test } from "../../harness.ts";

const HTTP = "http_request_complete.v0";
const TCP = "tcp_connection_closed.v0";

/** What the edge tells of a request, and of a connection. */
const request = trafficEvent({
  type: "exchange_ended",
  atMs: 0,
  endpointId: "1",
  accountId: "ac_1",
  clientAddr: "192.0.2.1:9",
  serverAddr: "198.51.100.1:443",
  scheme: "https",
  host: "a.example.com",
  method: "GET",
  path: "/",
  protocol: "HTTP/1.1",
  userAgent: undefined,
  referer: undefined,
  status: 200,
  ngrokCode: undefined,
  requestBytes: 1,
  responseBytes: 2,
  durationMs: 3,
  error: undefined,
})!.object;
const connection = trafficEvent({
  type: "connection_ended",
  atMs: 0,
  endpointId: "1",
  accountId: "ac_1",
  clientAddr: "[2001:db8::1]:9",
  serverAddr: "[2001:db8::2]:22",
  host: "example.com",
  inBytes: 1,
  outBytes: 2,
  durationMs: 3,
  error: undefined,
})!.object;

test("compileSelection() without filter and fields lets everything through as it is", async () => {
  for (const type of [HTTP, "domain_created.v0"]) {
    const selector = await compileSelection({ type, fields: [], filter: "" }, 0);
    assert.ok(selector.wants(request));
    assert.equal(selector.select(request), request);
  }
});

test("compileSelection() filters by addresses, name and port of a connection", async () => {
  for (
    const [type, object, filter, wanted] of [
      [HTTP, request, 'ev.conn.client_ip == "192.0.2.1"', true],
      [HTTP, request, 'ev.conn.client_ip != "192.0.2.1"', false],
      [HTTP, request, 'ev.conn.server_name.endsWith(".example.com")', true],
      [HTTP, request, 'ev.conn.server_port == "443" && ev.conn.server_ip == "198.51.100.1"', true],
      [TCP, connection, 'ev.conn.client_ip == "2001:db8::1"', true],
      [TCP, connection, 'ev.conn.server_port in ["80", "443"]', false],
    ] as const
  ) {
    const selector = await compileSelection({ type, filter }, 0);
    assert.equal(selector.wants(object), wanted, filter);
    assert.equal(selector.select(object), object);
  }
});

test("compileSelection() sends the fields that were asked for, by path or by what they lie in", async () => {
  const fields = ["http.response", "conn.client_ip", "error_code"];
  const { select } = await compileSelection({ type: HTTP, fields }, 0);
  assert.deepEqual(select(request), {
    conn: { client_ip: "192.0.2.1" },
    error_code: "",
    http: { response: { body_length: 2, status_code: 200 } },
  });
});

test("compileSelection() knows every field that events of traffic have", async () => {
  for (const [type, object] of [[HTTP, request], [TCP, connection]] as const) {
    const { select } = await compileSelection({ type, fields: Object.keys(object) }, 0);
    assert.deepEqual(select(object), object);
  }
});

test("compileSelection() refuses what could never be meant, and says what there is", async () => {
  for (
    const [selection, ngrokCode, words] of [
      [{ type: HTTP, fields: ["http.req"] }, 215, /no field "http.req"; they have .*http\.request/],
      [
        { type: HTTP, filter: "obj.id" },
        250,
        /"obj\.id" is unknown; fields are written "ev\.name"/,
      ],
      [{ type: HTTP, filter: "ev.conn.client_ip ==" }, 250, /cannot be parsed/],
      [{ type: "domain_created.v0", fields: ["id"] }, 215, /sent whole/],
    ] as const
  ) {
    await assert.rejects(compileSelection(selection, 0), (error: Error) => {
      assert.match(error.message, words);
      assert.equal((error as { ngrokCode?: number }).ngrokCode, ngrokCode);
      return true;
    });
  }
});
