import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { notAsked, UpgradeOffer } from "../../../lib/http/websocket_upgrade.ts";

const HEADERS = {
  "upgrade": "WebSocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "chat, superchat",
};

function offer(headers: Record<string, string> = {}, method = "GET") {
  const [visitor, conn] = pair();
  const request = new Request("https://a.test/", { method });
  // A browser's Request refuses these names; that of a server has them.
  const all = new Map(Object.entries({ ...HEADERS, ...headers }));
  const fake = { method, url: request.url, headers: { get: (name: string) => all.get(name) } };
  return { visitor, offer: new UpgradeOffer(fake as never, () => conn, new FakeClock()) };
}

test("UpgradeOffer answers the handshake of RFC 6455, with the protocol agreed on", async () => {
  const { visitor, offer: one } = offer();
  const { socket, response } = one.accept({ protocol: "superchat", pingIntervalMs: 0 });
  assert.equal(socket.protocol, "superchat");
  response.headers.set("x-more", "1");
  response.headers.set("content-length", "0");
  assert.equal(await one.settle(response), undefined);
  assert.equal(
    decodeText((await visitor.read())!),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
      "Sec-WebSocket-Protocol: superchat\r\nx-more: 1\r\n\r\n",
  );
  assert.equal(socket.readyState, 1);
  visitor.abort();
});

test("UpgradeOffer refuses what asks for no WebSocket, or not properly", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ upgrade: "h2c" }, /does not ask for one/],
    [{ "sec-websocket-version": "8" }, /its version is "8"/],
    [{ "sec-websocket-key": "short" }, /its key is "short"/],
  ];
  for (const [headers, message] of cases) {
    assert.throws(() => offer(headers).offer.accept(), { code: "http_invalid", message });
  }
  assert.throws(() => offer({}, "POST").offer.accept(), /does not ask for one/);
  assert.throws(() => offer().offer.accept({ protocol: "other" }), /offer the protocol "other"/);
  assert.match(notAsked().message, /^Cannot upgrade the request to a WebSocket: it does not ask/);
});

test("UpgradeOffer can be accepted once", () => {
  const { offer: one } = offer();
  one.accept();
  assert.throws(() => one.accept(), { code: "conflict" });
});

test("UpgradeOffer leaves responses alone when nobody accepted", async () => {
  const response = new Response("plain");
  assert.equal(await offer().offer.settle(response), response);
});

test("UpgradeOffer tells the socket when the handler changed its mind or failed", async () => {
  const refused = offer().offer;
  const { socket } = refused.accept();
  let said = "";
  socket.onerror = ({ message }) => said = message;
  const response = new Response(null, { status: 403 });
  assert.equal(await refused.settle(response), response);
  assert.equal(said, "The upgrade was answered with status 403");
  assert.equal(socket.readyState, 3);
  const failed = offer().offer;
  const other = failed.accept().socket;
  other.onerror = ({ message }) => said = message;
  failed.fail(new Error("oops"));
  assert.equal(said, "The handler failed: oops");
});
