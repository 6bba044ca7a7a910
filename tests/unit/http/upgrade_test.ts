import assert from "node:assert/strict";
import { parseRequestHead, parseResponseHead } from "../../../lib/http/head.ts";
import {
  isUpgradeAnswer,
  isUpgradeRequest,
  isWebSocketRequest,
  upgradeProtocols,
} from "../../../lib/http/upgrade.ts";
import { test } from "../../harness.ts";

function request(headers: string, line = "GET / HTTP/1.1") {
  return parseRequestHead(
    new TextEncoder().encode(`${line}\r\nHost: a\r\n${headers}\r\n`),
  );
}

function response(status: number, headers: string) {
  return parseResponseHead(
    new TextEncoder().encode(`HTTP/1.1 ${status} X\r\n${headers}\r\n`),
  );
}

const WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

test("upgradeProtocols() reads every Upgrade header, lower-case", () => {
  assert.deepEqual(upgradeProtocols(request("")), []);
  assert.deepEqual(
    upgradeProtocols(
      request("Upgrade: WebSocket, ,IRC/6.9\r\nupgrade: tls/1.0\r\n"),
    ),
    ["websocket", "irc/6.9", "tls/1.0"],
  );
});

test("isUpgradeRequest() needs Upgrade and Connection, and HTTP/1.1", () => {
  const table: [string, string | undefined, boolean][] = [
    [WEBSOCKET, undefined, true],
    [
      "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\n",
      undefined,
      true,
    ],
    [
      "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: x\r\n",
      undefined,
      true,
    ],
    ["Connection: keep-alive\r\nUpgrade: websocket\r\n", undefined, false],
    ["Connection: upgraded\r\nUpgrade: websocket\r\n", undefined, false],
    ["Connection: x-upgrade\r\nUpgrade: websocket\r\n", undefined, false],
    ["Upgrade: websocket\r\n", undefined, false],
    ["Connection: Upgrade\r\n", undefined, false],
    ["Connection: Upgrade\r\nUpgrade:\r\n", undefined, false],
    [WEBSOCKET, "GET / HTTP/1.0", false],
    [WEBSOCKET, "POST / HTTP/1.1", true],
    [
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
      undefined,
      false,
    ],
    ["Connection: Upgrade\r\nUpgrade: websocket, H2C\r\n", undefined, false],
    ["Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n", undefined, false],
  ];
  for (const [headers, line, want] of table) {
    assert.equal(isUpgradeRequest(request(headers, line)), want, headers);
  }
});

test("isWebSocketRequest() is a GET that asks for websocket", () => {
  assert.equal(
    isWebSocketRequest(request(WEBSOCKET.replace("websocket", "WebSocket"))),
    true,
  );
  assert.equal(
    isWebSocketRequest(request(WEBSOCKET, "POST / HTTP/1.1")),
    false,
  );
  assert.equal(
    isWebSocketRequest(request(WEBSOCKET.replace("websocket", "irc"))),
    false,
  );
});

test("isUpgradeAnswer() is a 101 to what was asked", () => {
  const asked = request("Connection: Upgrade\r\nUpgrade: websocket, irc\r\n");
  assert.equal(isUpgradeAnswer(asked, response(101, WEBSOCKET)), true);
  assert.equal(
    isUpgradeAnswer(asked, response(101, "Upgrade: WebSocket\r\n")),
    true,
  );
  assert.equal(isUpgradeAnswer(asked, response(200, WEBSOCKET)), false);
  assert.equal(
    isUpgradeAnswer(asked, response(101, "Connection: Upgrade\r\n")),
    false,
  );
  assert.equal(
    isUpgradeAnswer(asked, response(101, "Upgrade: h2c\r\n")),
    false,
  );
  assert.equal(isUpgradeAnswer(request(""), response(101, WEBSOCKET)), false);
});
