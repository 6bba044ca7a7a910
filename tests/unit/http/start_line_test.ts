import assert from "node:assert/strict";
import { HttpError } from "../../../lib/http/fault.ts";
import { readRequestLine, readStatusLine } from "../../../lib/http/start_line.ts";
import { test } from "../../harness.ts";

/** The line as it stands in a head: something follows it. */
function headOf(line: string): [bytes: Uint8Array, end: number] {
  return [
    Uint8Array.from(`${line}\r\n\r\n`, (char) => char.charCodeAt(0)),
    line.length,
  ];
}

test("readRequestLine() takes method, target and version apart", () => {
  const table: [string, string, string, string][] = [
    ["GET / HTTP/1.1", "GET", "/", "1.1"],
    ["POST /a?b HTTP/1.0", "POST", "/a?b", "1.0"],
    ["GETS x HTTP/1.1", "GETS", "x", "1.1"],
    ["POSH x HTTP/1.1", "POSH", "x", "1.1"],
    ["get http://a/ HTTP/1.1", "get", "http://a/", "1.1"],
    ["! * HTTP/1.1", "!", "*", "1.1"],
  ];
  for (const [line, method, target, version] of table) {
    assert.deepEqual(readRequestLine(...headOf(line)), {
      method,
      target,
      version,
    });
  }
});

test("readRequestLine() tells an unknown version from a line that is none", () => {
  const table: [string, string, number][] = [
    ["GET / HTTP/2.0", "version", 505],
    ["GET / HTTP/11.11", "version", 505],
    ["PRI * HTTP/2.0", "http2_preface", 505],
    ["GET /", "request_line", 400],
    ["GET HTTP/1.1", "request_line", 400],
    ["GET  HTTP/1.1", "request_line", 400],
    ["GET  HTTP/2.0", "request_line", 400],
    ["GET / x HTTP/2.0", "request_line", 400],
    ["GET / HTTP/1.1x", "request_line", 400],
    ["GET /#a HTTP/1.1", "target", 400],
    ["G,T / HTTP/1.1", "method", 400],
    ["", "method", 400],
  ];
  for (const [line, fault, status] of table) {
    assert.throws(() => readRequestLine(...headOf(line)), (error) => {
      assert.ok(error instanceof HttpError);
      assert.deepEqual([error.fault, error.status], [fault, status], line);
      return true;
    });
  }
});

test("readStatusLine() needs a version, one space and three digits", () => {
  assert.deepEqual(readStatusLine(...headOf("HTTP/1.1 200 OK")), {
    version: "1.1",
    status: 200,
  });
  assert.deepEqual(readStatusLine(...headOf("HTTP/1.0 404")), {
    version: "1.0",
    status: 404,
  });
  // What agents of Go answer when they cannot reach the service.
  assert.deepEqual(readStatusLine(...headOf("HTTP/0.0 502 Bad Gateway")), {
    version: "1.0",
    status: 502,
  });
  for (
    const line of [
      "",
      "HTTP/0.1 200 OK",
      "HTTP/0.9 200 OK",
      "HTTP/1.1 20",
      "HTTP/1.1 2000",
      "HTTP/1.1 000",
      "HTTP/1.1-200",
      "HTTP/1.1 200-OK",
    ]
  ) {
    assert.throws(
      () => readStatusLine(...headOf(line)),
      (error) =>
        error instanceof HttpError && error.fault === "status_line" &&
        error.status === 502,
      line,
    );
  }
});
