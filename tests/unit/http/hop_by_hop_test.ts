import assert from "node:assert/strict";
import { parseRequestHead, parseResponseHead, type RequestHead } from "../../../lib/http/head.ts";
import { connectionTokens, hopByHopNames, keepsAlive } from "../../../lib/http/hop_by_hop.ts";
import { test } from "../../harness.ts";

function request(headers: string, version = "1.1"): RequestHead {
  return parseRequestHead(
    new TextEncoder().encode(
      `GET / HTTP/${version}\r\nHost: a\r\n${headers}\r\n`,
    ),
  );
}

function response(status: number, headers: string, version = "1.1") {
  return parseResponseHead(
    new TextEncoder().encode(`HTTP/${version} ${status} X\r\n${headers}\r\n`),
  );
}

test("connectionTokens() reads every Connection header, lower-case", () => {
  assert.deepEqual(connectionTokens(request("")), []);
  assert.deepEqual(
    connectionTokens(
      request("Connection: Keep-Alive, ,X-Foo\r\nconnection:\tCLOSE,\r\n"),
    ),
    ["keep-alive", "x-foo", "close"],
  );
});

test("hopByHopNames() always names what belongs to one connection", () => {
  for (
    const headers of [
      "",
      "Connection: keep-alive\r\n",
      "Connection: close\r\n",
      "Connection: x\r\n",
    ]
  ) {
    const names = hopByHopNames(request(headers));
    for (
      const name of [
        "connection",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "proxy-authorization",
      ]
    ) {
      assert.ok(names.includes(name), `${name} with ${headers}`);
    }
    for (
      const name of ["transfer-encoding", "trailer", "content-length", "host"]
    ) {
      assert.ok(!names.includes(name), `${name} with ${headers}`);
    }
  }
});

test("hopByHopNames() names what Connection lists", () => {
  const names = hopByHopNames(
    request("Connection: close, X-Mine\r\nX-Mine: 1\r\n"),
  );
  assert.ok(names.includes("x-mine"));
  assert.ok(!hopByHopNames(request("Connection: b@d, \r\n")).includes("b@d"));
});

test("hopByHopNames() lets Connection take nothing away that the upstream relies on", () => {
  const kept = [
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Content-Type",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "Forwarded",
    "Authorization",
    "Cookie",
    "Cache-Control",
    "X-Real-IP",
    "Trailer",
    "Via",
  ];
  const names = hopByHopNames(
    request(`Connection: close, ${kept.join(", ")}\r\n`),
  );
  for (const name of kept) assert.ok(!names.includes(name.toLowerCase()), name);
});

test("hopByHopNames() keeps an upgrade, and only an upgrade that is one", () => {
  const websocket = hopByHopNames(
    request("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"),
  );
  assert.ok(
    !websocket.includes("connection") && !websocket.includes("upgrade"),
  );
  assert.ok(
    websocket.includes("keep-alive") && websocket.includes("proxy-connection"),
  );

  const notListed = hopByHopNames(
    request("Connection: keep-alive\r\nUpgrade: websocket\r\n"),
  );
  assert.ok(notListed.includes("connection") && notListed.includes("upgrade"));

  const h2c = hopByHopNames(
    request(
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    ),
  );
  for (const name of ["connection", "upgrade", "http2-settings"]) {
    assert.ok(h2c.includes(name), name);
  }

  const answer = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  assert.ok(!hopByHopNames(response(101, answer)).includes("upgrade"));
  assert.ok(!hopByHopNames(response(426, answer)).includes("upgrade"));
  assert.ok(hopByHopNames(response(200, answer)).includes("upgrade"));
});

test("hopByHopNames() keeps TE when it only says trailers", () => {
  assert.ok(
    !hopByHopNames(request("TE: Trailers\r\nConnection: TE\r\n")).includes(
      "te",
    ),
  );
  assert.ok(!hopByHopNames(request("TE: trailers\r\n")).includes("te"));
  assert.ok(hopByHopNames(request("TE: trailers, gzip\r\n")).includes("te"));
  assert.ok(
    hopByHopNames(request("TE: gzip\r\nConnection: Upgrade\r\nUpgrade: x\r\n"))
      .includes("te"),
  );
});

test("keepsAlive() follows version and Connection", () => {
  const table: [string, string, boolean][] = [
    ["1.1", "", true],
    ["1.1", "Connection: keep-alive\r\n", true],
    ["1.1", "Connection: Close\r\n", false],
    ["1.1", "Connection: keep-alive, close\r\n", false],
    ["1.1", "Connection: x\r\nConnection: close\r\n", false],
    ["1.1", "Connection: Upgrade\r\nUpgrade: x\r\n", true],
    ["1.0", "", false],
    ["1.0", "Connection: Keep-Alive\r\n", true],
    ["1.0", "Connection: x, keep-alive\r\n", true],
    ["1.0", "Connection: keep-alive, close\r\n", false],
    ["1.0", "Connection: x\r\n", false],
  ];
  for (const [version, headers, want] of table) {
    assert.equal(
      keepsAlive(request(headers, version)),
      want,
      `${version} ${headers}`,
    );
    assert.equal(
      keepsAlive(response(200, headers, version)),
      want,
      `${version} ${headers}`,
    );
  }
});
