/** Requests of HTTP/2 as HTTP/1.1, and back. */
import assert from "node:assert/strict";
import { HttpError, type HttpFault } from "../../../lib/http/fault.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import {
  type FieldList,
  http1Request,
  http1Trailers,
  http2RequestFields,
  http2Trailers,
} from "../../../lib/http/http2_request.ts";
import { test } from "../../harness.ts";

const GET: FieldList = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "a.test"],
  [":path", "/"],
];

function translate(fields: FieldList, bodiless = true) {
  return http1Request(fields, { bodiless, scheme: "https", webSocketKey: () => "KEY" });
}

function text(fields: FieldList, bodiless = true): string {
  return new TextDecoder("latin1").decode(translate(fields, bodiless).bytes);
}

test("http1Request() writes Host first, then the fields as they came", () => {
  assert.equal(
    text([...GET, ["accept", "*/*"], ["x-a", "1"], ["x-a", "2"], ["x-empty", ""], [
      "x-latin",
      "\xe9",
    ]]),
    "GET / HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\nx-a: 1\r\nx-a: 2\r\nx-empty: \r\nx-latin: \xe9\r\n\r\n",
  );
});

test("http1Request() joins cookies where the first one stood", () => {
  const fields: FieldList = [...GET, ["cookie", "a=1"], ["x", "1"], ["cookie", "b=2"]];
  assert.equal(text(fields), "GET / HTTP/1.1\r\nhost: a.test\r\ncookie: a=1; b=2\r\nx: 1\r\n\r\n");
});

test("http1Request() takes Host for a missing :authority, and one that says the same", () => {
  const bare = GET.filter(([name]) => name !== ":authority");
  assert.equal(text([...bare, ["host", "b.test"]]), "GET / HTTP/1.1\r\nhost: b.test\r\n\r\n");
  assert.equal(text([...GET, ["host", "A.test"]]), "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
  // Without either it is for the parser to refuse, as it is in HTTP/1.1.
  assert.equal(text(bare), "GET / HTTP/1.1\r\n\r\n");
});

test("http1Request() frames content by its length, or in chunks", () => {
  const post: FieldList = [[":method", "POST"], ...GET.slice(1)];
  assert.equal(translate(post).body, "none");
  assert.equal(translate(post, false).body, "chunked");
  assert.match(text(post, false), /\r\ntransfer-encoding: chunked\r\n\r\n$/);
  const sized = translate([...post, ["content-length", "5"]], false);
  assert.equal(sized.body, "length");
  assert.equal(sized.contentLength, 5);
  assert.equal(translate([...post, ["content-length", "0"]]).body, "none");
});

test("http1Request() makes an upgrade of a WebSocket", () => {
  const fields: FieldList = [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    ...GET.slice(1),
    ["sec-websocket-version", "13"],
  ];
  assert.equal(
    text(fields, false),
    "GET / HTTP/1.1\r\nhost: a.test\r\nsec-websocket-version: 13\r\nconnection: Upgrade\r\n" +
      "upgrade: websocket\r\nsec-websocket-key: KEY\r\n\r\n",
  );
});

const REFUSED: [string, HttpFault, FieldList, boolean?][] = [
  ["an upper-case name", "http2_fields", [...GET, ["X-A", "1"]]],
  ["a name with a space", "http2_fields", [...GET, ["x a", "1"]]],
  ["an empty name", "http2_fields", [...GET, ["", "1"]]],
  ["a line break in a value", "http2_fields", [...GET, ["x", "1\r\ny: 2"]]],
  ["a NUL in a value", "http2_fields", [...GET, ["x", "a\0b"]]],
  ["a space before a value", "http2_fields", [...GET, ["x", " 1"]]],
  ["a tab behind a value", "http2_fields", [...GET, ["x", "1\t"]]],
  ["connection", "http2_fields", [...GET, ["connection", "x"]]],
  ["keep-alive", "http2_fields", [...GET, ["keep-alive", "5"]]],
  ["proxy-connection", "http2_fields", [...GET, ["proxy-connection", "x"]]],
  ["transfer-encoding", "http2_fields", [...GET, ["transfer-encoding", "chunked"]], false],
  ["upgrade", "http2_fields", [...GET, ["upgrade", "websocket"]]],
  ["te with more than trailers", "http2_fields", [...GET, ["te", "gzip"]]],
  ["a pseudo-header behind others", "http2_fields", [...GET.slice(0, 3), ["x", "1"], GET[3]]],
  ["a pseudo-header twice", "http2_fields", [...GET, [":path", "/b"]]],
  ["a pseudo-header of responses", "http2_fields", [...GET, [":status", "200"]]],
  ["no method", "http2_fields", GET.slice(1)],
  ["no path", "http2_fields", GET.slice(0, 3)],
  ["no scheme", "http2_fields", [GET[0], ...GET.slice(2)]],
  ["a wrong scheme", "http2_fields", [GET[0], [":scheme", "http"], ...GET.slice(2)]],
  ["an empty path", "http2_fields", [...GET.slice(0, 3), [":path", ""]]],
  ["a path with a space", "http2_fields", [...GET.slice(0, 3), [":path", "/a b"]]],
  ["a path with a line break", "http2_fields", [...GET.slice(0, 3), [":path", "/a\r\nx"]]],
  ["a whole URL for a path", "http2_fields", [...GET.slice(0, 3), [":path", "https://b.test/"]]],
  ["a star for a GET", "http2_fields", [...GET.slice(0, 3), [":path", "*"]]],
  ["a method with a space", "http2_fields", [[":method", "GET /x"], ...GET.slice(1)]],
  ["another Host", "host_conflict", [...GET, ["host", "b.test"]]],
  ["two Hosts", "host_repeated", [...GET, ["host", "a.test"], ["host", "a.test"]]],
  ["a length that is none", "content_length", [...GET, ["content-length", "+5"]], false],
  ["a length of what does not come", "http2_fields", [...GET, ["content-length", "5"]]],
  ["CONNECT", "connect_refused", [[":method", "CONNECT"], [":authority", "a:1"]]],
  ["a protocol we do not know", "http2_protocol", [
    [":method", "CONNECT"],
    [":protocol", "connect-udp"],
    ...GET.slice(1),
  ], false],
  ["a protocol of a GET", "http2_fields", [...GET, [":protocol", "websocket"]], false],
];

test("http1Request() refuses what HTTP/1.1 could not say, or not in one way", () => {
  for (const [what, fault, fields, bodiless] of REFUSED) {
    assert.throws(
      () => translate(fields, bodiless),
      (error) => error instanceof HttpError && error.fault === fault,
      what,
    );
  }
});

test("http2RequestFields() leaves out what concerns one connection", () => {
  const head = parseRequestHead(new TextEncoder().encode(
    "POST /a?b HTTP/1.1\r\nHost: a.test:8443\r\nX-Case: Kept\r\nConnection: keep-alive\r\n" +
      "Transfer-Encoding: chunked\r\nTE: trailers\r\nCookie: a=1\r\n\r\n",
  ));
  assert.deepEqual(http2RequestFields(head, "http"), [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "a.test:8443"],
    [":path", "/a?b"],
    ["x-case", "Kept"],
    ["te", "trailers"],
    ["cookie", "a=1"],
  ]);
});

test("http1Trailers() writes lines, and none that could be two", () => {
  assert.equal(http1Trailers([["grpc-status", "0"]]), "grpc-status: 0\r\n");
  for (const [name, value] of [["a b", "1"], [":status", "1"], ["x", "1\r\n"]] as const) {
    assert.throws(() => http1Trailers([[name, value]]), { code: "http_invalid" });
  }
});

test("http2Trailers() makes names lower case and drops what HTTP/2 does not know", () => {
  assert.deepEqual(http2Trailers([["X-Sum", "1"], ["Connection", "x"]]), [["x-sum", "1"]]);
});
