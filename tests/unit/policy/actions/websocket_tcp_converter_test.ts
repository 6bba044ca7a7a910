/** @module */
import assert from "node:assert/strict";
import { pair } from "../../../../lib/base/duplex.ts";
import { WebSocketDuplex } from "../../../../lib/policy/websocket_duplex.ts";
import { test } from "../../../harness.ts";
import { compileAction, requestContext } from "../testing.ts";

const HANDSHAKE = [
  "GET /chat HTTP/1.1",
  "Upgrade: websocket",
  "Connection: keep-alive, Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

async function run(lines: readonly string[]) {
  const policy = await compileAction("on_http_request", "websocket-tcp-converter");
  const context = requestContext(lines);
  return { outcome: await policy.onHttpRequest!(context), converters: context.converters };
}

test("websocket-tcp-converter answers the handshake of RFC 6455 section 1.3 and takes over", async () => {
  const { outcome, converters } = await run(HANDSHAKE);
  assert.equal(outcome, undefined);
  assert.equal(converters.length, 1);
  assert.equal(
    new TextDecoder().decode(converters[0].answer),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
  );
  const [, front] = pair();
  assert.ok(converters[0].wrap(front) instanceof WebSocketDuplex);
});

test("websocket-tcp-converter agrees to a subprotocol, to binary before all", async () => {
  const offered = async (value: string) =>
    /Sec-WebSocket-Protocol: (\S+)/.exec(
      new TextDecoder().decode(
        (await run([...HANDSHAKE, `Sec-WebSocket-Protocol: ${value}`])).converters[0].answer,
      ),
    )?.[1];
  assert.equal(await offered("mqtt, binary"), "binary");
  assert.equal(await offered("mqtt"), "mqtt");
  assert.equal(await offered("a b"), undefined);
});

test("websocket-tcp-converter refuses what opens no WebSocket with 3206", async () => {
  const without = (pattern: RegExp) => HANDSHAKE.filter((line) => !pattern.test(line));
  const cases: readonly [readonly string[], number, RegExp][] = [
    [["GET / HTTP/1.1"], 400, /does not ask for an upgrade/],
    [["POST / HTTP/1.1", ...HANDSHAKE.slice(1)], 400, /does not ask for an upgrade/],
    [["GET / HTTP/1.0", ...HANDSHAKE.slice(1)], 400, /does not ask for an upgrade/],
    [without(/-Key/), 400, /not 16 bytes/],
    [[...without(/-Key/), "Sec-WebSocket-Key: c2hvcnQ="], 400, /not 16 bytes/],
    [[...HANDSHAKE, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], 400, /not 16 bytes/],
    [[...HANDSHAKE, "Content-Length: 5"], 400, /has a body/],
    [without(/-Version/), 426, /Version is missing/],
    [[...without(/-Version/), "Sec-WebSocket-Version: 8"], 426, /is 8, not 13/],
  ];
  for (const [lines, status, message] of cases) {
    const { outcome, converters } = await run(lines);
    assert.ok(outcome?.do === "fail", lines.join());
    assert.equal(outcome.problem.ngrokCode, 3206);
    assert.equal(outcome.problem.status, status);
    assert.match(outcome.problem.message, message);
    assert.equal(converters.length, 0);
    const headers = new Map(outcome.problem.headers);
    assert.equal(headers.get("Sec-WebSocket-Version"), status === 426 ? "13" : undefined);
  }
});
