/** @module */
import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import type { Endpoint } from "../../../lib/edge/endpoint.ts";
import { connectionOver, exchangeOver } from "../../../lib/edge/events.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { test } from "../../harness.ts";

const endpoint = {
  id: "e1",
  url: "tcp://example.com:1",
  host: "example.com",
  accountId: "ac_1",
} as Endpoint;

test("exchangeOver() is plain data: ids and words instead of objects", () => {
  const exchange = {
    clientAddr: "1.2.3.4:5",
    serverAddr: "1.2.3.5:443",
    scheme: "https",
    host: "a.example.com",
    method: "GET",
    path: "/",
    status: 200,
    ngrokCode: undefined,
    requestBytes: 0,
    responseBytes: 5,
    durationMs: 7,
    protocol: "HTTP/1.1",
  } as const;
  const head = parseRequestHead(
    encodeText(
      "GET /?secret HTTP/1.1\r\nHost: a.test\r\nReferer: https://b.test/p?secret\r\nUser-Agent: x/1\r\n\r\n",
    ),
  );
  const known = { userAgent: "x/1", referer: "https://b.test/p" };
  assert.deepEqual(
    exchangeOver({ ...exchange, head, trace: undefined, endpoint, error: undefined }, 9),
    {
      type: "exchange_ended",
      atMs: 9,
      endpointId: "e1",
      accountId: "ac_1",
      error: undefined,
      ...exchange,
      ...known,
    },
  );
  const error = new TunnelError("stream_reset", "cut");
  const lost = exchangeOver({ ...exchange, head, trace: undefined, endpoint: undefined, error }, 9);
  assert.deepEqual([lost.endpointId, lost.accountId, lost.error], [undefined, undefined, "cut"]);
  assert.deepEqual(structuredClone(lost), lost);
});

test("connectionOver() is plain data too", () => {
  const connection = {
    clientAddr: "1.2.3.4:5",
    serverAddr: "1.2.3.5:1",
    inBytes: 1,
    outBytes: 2,
    durationMs: 3,
  };
  const error = new TunnelError("stream_reset", "cut");
  assert.deepEqual(connectionOver({ ...connection, endpoint, error }, 9), {
    type: "connection_ended",
    atMs: 9,
    endpointId: "e1",
    accountId: "ac_1",
    host: "example.com",
    error: "cut",
    ...connection,
  });
});
