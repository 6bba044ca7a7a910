import assert from "node:assert/strict";
import { Hono } from "hono";
import { test } from "../harness.ts";
import { getConnInfo, type SallyportEnv, serve, upgradeWebSocket } from "../../hono.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { serve as serveAny } from "../../mod.ts";
import { readAll } from "../fakes/edge.ts";

const { net } = detectRuntime();

/** What a visitor at the URL is answered. */
async function visit(url: string, lines: readonly string[], bytes: number[] = []): Promise<string> {
  const { host, port } = new URL(url);
  const conn = await net.connect({ host: "127.0.0.1", port: Number(port) });
  const head = `${[lines[0], `Host: ${host}`, ...lines.slice(1)].join("\r\n")}\r\n\r\n`;
  await conn.write(new Uint8Array([...new TextEncoder().encode(head), ...bytes]));
  const answer = await readAll(conn);
  await conn.closeWrite();
  await conn.closed;
  return answer;
}

test("serve() gives an app a URL, and getConnInfo() tells it who visits", async () => {
  const app = new Hono<SallyportEnv>();
  app.get("/who", (c) => c.json(getConnInfo(c).remote));
  app.get("/where", (c) => c.text(c.env.url));
  const tunnel = await serve(app, { url: "app.localhost" });
  const who = await visit(tunnel.url, ["GET /who HTTP/1.1", "Connection: close"]);
  assert.match(who, /"address":"127\.0\.0\.1","port":\d+,"addressType":"IPv4"/);
  const where = await visit(tunnel.url, ["GET /where HTTP/1.1", "Connection: close"]);
  assert.ok(where.endsWith(tunnel.url));
  await tunnel.close();
});

test("getConnInfo() knows IPv6", () => {
  const c = { env: { remote: { host: "::1", port: 7 }, upgradeWebSocket: () => {} } };
  assert.equal(getConnInfo(c as never).remote.addressType, "IPv6");
});

test("getConnInfo() says so when the request came another way", async () => {
  const app = new Hono().get("/", (c) => c.text(getConnInfo(c).remote.address));
  app.onError((error, c) => c.text(`${error.name} ${error.message}`));
  const text = await (await app.request("/")).text();
  assert.match(text, /^TypeError Cannot tell who visits: [^]*app\.fetch\(request, info\)$/);
});

test("serve() of the main door takes an app as it is", async () => {
  const app = new Hono<SallyportEnv>();
  app.get("/who", (c) => c.text(getConnInfo(c).remote.address));
  const tunnel = await serveAny(app, { url: "plain.localhost" });
  assert.match(
    await visit(tunnel.url, ["GET /who HTTP/1.1", "Connection: close"]),
    /127\.0\.0\.1$/,
  );
  await tunnel.close();
});

test("upgradeWebSocket() has Hono's events, and lets plain requests pass", async () => {
  const happened: string[] = [];
  const app = new Hono<SallyportEnv>();
  app.get(
    "/chat",
    upgradeWebSocket(() => ({
      onOpen: (_, ws) => void happened.push(`open ${ws.readyState} ${ws.protocol}`),
      onMessage: ({ data }, ws) => ws.send(`echo ${data}`),
      onClose: ({ code }) => void happened.push(`close ${code}`),
    }), { protocol: "chat" }),
    (c) => c.text("plain"),
  );
  const tunnel = await serve(app, { url: "ws.localhost" });
  const plain = await visit(tunnel.url, ["GET /chat HTTP/1.1", "Connection: close"]);
  assert.match(plain, /plain$/);
  const frames = [0x81, 0x82, 0, 0, 0, 0, 104, 105, 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
  const answer = await visit(tunnel.url, [
    "GET /chat HTTP/1.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: chat",
  ], frames);
  assert.match(answer, /^HTTP\/1\.1 101 [^]*echo hi/);
  await tunnel.close();
  assert.deepEqual(happened, ["open 1 chat", "close 1000"]);
});
