/** Responses of HTTP/1.1 as HTTP/2, and back. */
import assert from "node:assert/strict";
import { parseResponseHead } from "../../../lib/http/head.ts";
import {
  http1Response,
  http2ResponseFields,
  ResponseTaker,
} from "../../../lib/http/http2_response.ts";
import { test } from "../../harness.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("http2ResponseFields() leaves out what concerns one connection", () => {
  const head = parseResponseHead(bytes(
    "HTTP/1.1 200 OK\r\nX-Case: Kept\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" +
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n",
  ));
  assert.deepEqual(http2ResponseFields(head), [
    [":status", "200"],
    ["x-case", "Kept"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
});

test("http2ResponseFields() makes a 200 of a change of protocol", () => {
  const head = parseResponseHead(bytes(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
  ));
  assert.deepEqual(http2ResponseFields(head), [[":status", "200"], [
    "sec-websocket-protocol",
    "chat",
  ]]);
});

test("http1Response() frames content that has no length in chunks", () => {
  const make = (fields: [string, string][], bodiless: boolean, method = "GET") => {
    const { bytes, chunked } = http1Response(fields, bodiless, method);
    return [new TextDecoder().decode(bytes), chunked];
  };
  const ok: [string, string] = [":status", "200"];
  assert.deepEqual(make([ok, ["x", "1"]], false), [
    "HTTP/1.1 200 OK\r\nx: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    true,
  ]);
  assert.deepEqual(make([ok], true), ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false]);
  assert.deepEqual(make([ok, ["content-length", "5"]], false), [
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
    false,
  ]);
  assert.deepEqual(make([ok], true, "HEAD"), ["HTTP/1.1 200 OK\r\n\r\n", false]);
  assert.deepEqual(make([[":status", "103"]], false), ["HTTP/1.1 103 Early Hints\r\n\r\n", false]);
});

test("http1Response() refuses what is no answer", () => {
  for (
    const fields of [
      [],
      [[":status", "20"]],
      [[":status", "101"]],
      [[":status", "200"], ["connection", "close"]],
      [[":status", "200"], ["x", "1\r\ny: 2"]],
      [[":status", "200"], ["X", "1"]],
    ] as [string, string][][]
  ) assert.throws(() => http1Response(fields, false, "GET"), { code: "http_invalid" });
});

function take(method: string, chunks: string[]): { heard: string[]; taker: ResponseTaker } {
  const heard: string[] = [];
  const taker = new ResponseTaker(method, {
    onInterim: (head) => heard.push(`interim ${head.status}`),
    onHead: (head, framing) => heard.push(`head ${head.status} ${framing.kind}`),
    onContent: (piece) => heard.push(new TextDecoder().decode(piece)),
    onEnd: (trailers) => heard.push(`end ${JSON.stringify(trailers)}`),
  });
  for (const chunk of chunks) taker.take(bytes(chunk));
  return { heard, taker };
}

const CHUNKED = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n" +
  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n";

test("ResponseTaker hears interim heads, the head, content and trailers", () => {
  const { heard, taker } = take("GET", [CHUNKED]);
  assert.deepEqual(heard, ["interim 103", "head 200 chunked", "abc", 'end [["X-Sum","1"]]']);
  assert.equal(taker.done, true);
});

test("ResponseTaker hears the same byte by byte", () => {
  const { heard } = take("GET", [...CHUNKED]);
  assert.deepEqual(heard, [
    "interim 103",
    "head 200 chunked",
    "a",
    "b",
    "c",
    'end [["X-Sum","1"]]',
  ]);
});

test("ResponseTaker knows where answers without content end", () => {
  assert.equal(take("HEAD", ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"]).taker.done, true);
  assert.equal(take("GET", ["HTTP/1.1 304 Not Modified\r\n\r\n"]).taker.done, true);
});

test("ResponseTaker passes everything on after a change of protocol", () => {
  const { heard, taker } = take("GET", ["HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\nraw", "more"]);
  assert.deepEqual(heard, ["head 101 none", "raw", "more"]);
  assert.equal(taker.end(), true);
});

test("ResponseTaker says whether a response was complete when its bytes end", () => {
  const open = take("GET", ["HTTP/1.1 200 OK\r\n\r\nabc"]);
  assert.equal(open.taker.done, false);
  assert.equal(open.taker.end(), true);
  assert.deepEqual(open.heard, ["head 200 until_close", "abc", "end []"]);
  assert.equal(take("GET", ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"]).taker.end(), false);
  assert.equal(
    take("GET", ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]).taker.end(),
    false,
  );
  assert.equal(take("GET", ["HTTP/1.1 2"]).taker.end(), false);
});
