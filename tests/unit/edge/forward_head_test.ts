/** @module */
import assert from "node:assert/strict";
import { forwardRequestHead, forwardResponseHead } from "../../../lib/edge/forward_head.ts";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import { latin1Bytes, latin1Text } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

function request(text: string) {
  return parseRequestHead(latin1Bytes(text.replaceAll("\n", "\r\n")));
}

function forwarded(text: string): string {
  return latin1Text(forwardRequestHead(request(text), "192.0.2.7", "https"))
    .replaceAll("\r\n", "\n");
}

function answered(
  text: string,
  close = false,
  asked = "GET / HTTP/1.1\nHost: a\n\n",
): string {
  const response = parseResponseHead(
    latin1Bytes(text.replaceAll("\n", "\r\n")),
  );
  return latin1Text(forwardResponseHead(request(asked), response, close))
    .replaceAll("\r\n", "\n");
}

const ADDED = "X-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: a\n\n";

test("forwardRequestHead() drops what is meant for one hop and adds who asked", () => {
  assert.equal(
    forwarded(
      "GET / HTTP/1.1\nB: 1\nhost: a\nConnection: close, X-Hop\nX-Hop: 1\nKeep-Alive: 5\n" +
        "Proxy-Authorization: x\nTE: gzip\nb: 2\n\n",
    ),
    "GET / HTTP/1.1\nB: 1\nhost: a\nb: 2\n" + ADDED,
  );
});

test("forwardRequestHead() adds to what proxies before us said", () => {
  assert.equal(
    forwarded(
      "GET / HTTP/1.1\nHost: a\nx-forwarded-for: 10.0.0.1\nX-Forwarded-Host: first\nX-Forwarded-Proto: http\n\n",
    ),
    "GET / HTTP/1.1\nHost: a\nx-forwarded-for: 10.0.0.1, 192.0.2.7\nX-Forwarded-Host: first\n" +
      "X-Forwarded-Proto: http, https\n\n",
  );
});

test("forwardRequestHead() keeps an upgrade, but not one to HTTP/2", () => {
  const upgrade = "GET / HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: websocket\n";
  assert.equal(forwarded(upgrade + "\n"), upgrade + ADDED);
  assert.equal(
    forwarded(
      "GET / HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: x\n\n",
    ),
    "GET / HTTP/1.1\nHost: a\n" + ADDED,
  );
});

test("forwardRequestHead() turns a whole URL into a path, as origin servers expect it", () => {
  assert.match(
    forwarded("GET http://a/x?y HTTP/1.1\nHost: a\n\n"),
    /^GET \/x\?y HTTP\/1\.1\nHost: a\n/,
  );
  assert.match(
    forwarded("GET http://a?y HTTP/1.1\nHost: a\n\n"),
    /^GET \/\?y HTTP\/1\.1\n/,
  );
  assert.match(
    forwarded("OPTIONS http://a HTTP/1.1\nHost: a\n\n"),
    /^OPTIONS \* HTTP\/1\.1\n/,
  );
  assert.match(
    forwarded("OPTIONS * HTTP/1.1\nHost: a\n\n"),
    /^OPTIONS \* HTTP\/1\.1\n/,
  );
});

test("forwardResponseHead() drops what is meant for one hop, and keeps case and order", () => {
  assert.equal(
    answered(
      "HTTP/1.1 200 OK\nb: 1\nConnection: keep-alive\nKeep-Alive: timeout=5\nA: 2\nb: 3\n\n",
    ),
    "HTTP/1.1 200 OK\nb: 1\nA: 2\nb: 3\n\n",
  );
});

test("forwardResponseHead() lets no service pretend to be the edge, but the agent report a dead one", () => {
  const text = (status: number, code: string) =>
    `HTTP/1.1 ${status} X\nNgrok-Error-Code: ${code}\nA: 1\n\n`;
  assert.equal(
    answered(text(502, "ERR_NGROK_8012")),
    text(502, "ERR_NGROK_8012"),
  );
  assert.equal(
    answered(text(200, "ERR_NGROK_8012")),
    "HTTP/1.1 200 X\nA: 1\n\n",
  );
  assert.equal(
    answered(text(502, "ERR_NGROK_3200")),
    "HTTP/1.1 502 X\nA: 1\n\n",
  );
  assert.equal(
    answered(
      "HTTP/1.1 502 X\nngrok-error-code: ERR_NGROK_8012\nngrok-error-code: x\n\n",
    ),
    "HTTP/1.1 502 X\n\n",
  );
});

test("forwardResponseHead() says our version and the fate of our connection", () => {
  assert.equal(
    answered("HTTP/1.0 200 OK\nA: 1\n\n"),
    "HTTP/1.1 200 OK\nA: 1\n\n",
  );
  assert.equal(
    answered("HTTP/1.1 200\nA: 1\n\n", true),
    "HTTP/1.1 200\nA: 1\nConnection: close\n\n",
  );
  const old = "GET / HTTP/1.0\nHost: a\n\n";
  assert.equal(
    answered("HTTP/1.0 200 OK\nA: 1\n\n", false, old),
    "HTTP/1.0 200 OK\nA: 1\nConnection: keep-alive\n\n",
  );
  assert.equal(
    answered("HTTP/1.0 200 OK\n\n", true, old),
    "HTTP/1.0 200 OK\nConnection: close\n\n",
  );
  // An agent of Go that cannot reach its service has no version to tell.
  const failed = "HTTP/0.0 502 Bad Gateway\n\n";
  assert.equal(answered(failed), "HTTP/1.1 502 Bad Gateway\n\n");
  assert.equal(
    answered(failed, true, old),
    "HTTP/1.0 502 Bad Gateway\nConnection: close\n\n",
  );
});
