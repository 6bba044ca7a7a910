/** @module */
import assert from "node:assert/strict";
import { HttpError } from "../../../lib/http/fault.ts";
import { toRequest } from "../../../lib/http/fetch_request.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { latin1Bytes } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const signal = new AbortController().signal;

function made(text: string, scheme: "http" | "https" = "http", body?: BodyInit): Request {
  const head = parseRequestHead(latin1Bytes(text));
  return toRequest(head, { scheme, host: "localhost", signal, body });
}

test("toRequest() makes the URL of scheme, host and target", () => {
  const table: [string, "http" | "https", string][] = [
    ["GET /a/b?c=d%20e&f HTTP/1.1\r\nHost: a.test\r\n\r\n", "http", "http://a.test/a/b?c=d%20e&f"],
    ["GET / HTTP/1.1\r\nHost: A.Test:8080\r\n\r\n", "https", "https://a.test:8080/"],
    ["GET / HTTP/1.1\r\nHost: a.test:443\r\n\r\n", "https", "https://a.test/"],
    ["GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n", "http", "http://[::1]:81/"],
    ["GET /a/../b HTTP/1.1\r\nHost: a_b.test\r\n\r\n", "http", "http://a_b.test/b"],
    // What looks like a host in a path is none.
    ["GET //evil.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n", "http", "http://a.test//evil.test/x"],
    ["GET /\\evil.test HTTP/1.1\r\nHost: a.test\r\n\r\n", "http", "http://a.test//evil.test"],
    ["GET /@evil.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", "http", "http://a.test/@evil.test/"],
    // Absolute-form says nothing about how the visitor came.
    ["GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n", "https", "https://a.test/x?y"],
    ["GET http://a.test?y HTTP/1.1\r\nHost: a.test\r\n\r\n", "http", "http://a.test/?y"],
    ["GET http://a.test:81/ HTTP/1.0\r\n\r\n", "http", "http://a.test:81/"],
    ["GET /x HTTP/1.0\r\n\r\n", "http", "http://localhost/x"],
  ];
  for (const [text, scheme, url] of table) assert.equal(made(text, scheme).url, url, text);
});

test("toRequest() passes on every header, with one character a byte", () => {
  const request = made(
    "GET / HTTP/1.1\r\nHost: a.test\r\nX-Caf: caf\xe9 \x80\xff\r\nx-twice: 1\r\nX-Twice:2\r\n" +
      "X-Empty:\r\nConnection: keep-alive, x\r\nOrigin: http://b.test\r\nX-Tab: a\tb\r\n\r\n",
  );
  assert.deepEqual([...request.headers].sort(), [
    ["connection", "keep-alive, x"],
    ["host", "a.test"],
    ["origin", "http://b.test"],
    ["x-caf", "caf\xe9 \x80\xff"],
    ["x-empty", ""],
    ["x-tab", "a\tb"],
    ["x-twice", "1, 2"],
  ]);
});

test("toRequest() makes one cookie of several", () => {
  const request = made(
    "GET / HTTP/1.1\r\nHost: a.test\r\nCookie: a=b\r\ncookie: c=d\r\nCOOKIE: e\r\n\r\n",
  );
  assert.equal(request.headers.get("cookie"), "a=b; c=d; e");
});

test("toRequest() gives the body, but not to GET and HEAD, which cannot hold one", async () => {
  const head = " / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n";
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    assert.equal(await made(method + head, "http", "hi").text(), "hi", method);
  }
  for (const method of ["GET", "HEAD"]) {
    assert.equal(made(method + head, "http", "hi").body, null, method);
  }
});

test("toRequest() takes methods that the runtime can express, and no other in their place", () => {
  assert.equal(made("PROPFIND / HTTP/1.1\r\nHost: a.test\r\n\r\n").method, "PROPFIND");
  assert.equal(made("QUERY / HTTP/1.1\r\nHost: a.test\r\n\r\n").method, "QUERY");
  const refused = ["TRACE", "Track", "get", "Post", "connect", "delete"];
  for (const method of refused) {
    assert.throws(
      () => made(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`),
      (error) => error instanceof HttpError && error.status === 501,
      method,
    );
  }
  // Bun's Request would make it a GET.
  let odd = "";
  try {
    odd = made("FROB / HTTP/1.1\r\nHost: a.test\r\n\r\n").method;
  } catch (thrown) {
    assert.ok(thrown instanceof HttpError && thrown.status === 501);
  }
  assert.notEqual(odd, "GET");
});

test("toRequest() refuses what is not a URL with 400", () => {
  for (const host of ["1.2.3.999", "256.1.1.1"]) {
    assert.throws(
      () => made(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      (error) => error instanceof HttpError && error.status === 400 && error.fault === "target",
      host,
    );
  }
});

test("toRequest() ties the signal to the request and its copies", () => {
  const controller = new AbortController();
  const head = parseRequestHead(latin1Bytes("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  const request = toRequest(head, { scheme: "http", host: "", signal: controller.signal });
  const copy = new Request(request);
  controller.abort(new DOMException("gone", "AbortError"));
  assert.equal(request.signal.aborted, true);
  assert.equal(copy.signal.aborted, true);
  assert.equal((request.signal.reason as DOMException).name, "AbortError");
});
