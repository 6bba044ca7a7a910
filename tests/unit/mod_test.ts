import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { FakeClock } from "../../lib/base/clock.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import { STREAM } from "../../lib/wire/messages.ts";
import {
  connect,
  type Exchange,
  forward,
  listen,
  parseEndpointUrl,
  parseUpstream,
  serve,
  startEdge,
  TunnelError,
} from "../../mod.ts";
import { makeCa } from "../fakes/certs.ts";
import { FakeEdge, type Json, readAll, refusalText } from "../fakes/edge.ts";

function stage() {
  const clock = new FakeClock();
  return {
    clock,
    edge: new FakeEdge(clock),
    runtime: memoryRuntime({ clock }),
  };
}

test("forward() makes an agent and an endpoint, and ends both", async () => {
  const { clock, edge, runtime } = stage();
  const tunnel = await forward("[::1]:80", {
    runtime,
    dial: edge.dial,
    authtoken: "secret",
    url: "https://app.example.test",
    name: "web",
    metadata: "mine",
    upstreamProtocol: "http2",
  });
  assert.equal(tunnel.url, "https://app.example.test");
  assert.equal(tunnel.endpoint.name, "web");
  assert.equal(tunnel.agent.endpoints.length, 1);
  const [bind] = edge.session.of(STREAM.bind);
  assert.equal(bind.json.ForwardsTo, "http://[::1]:80");
  assert.equal(bind.json.ForwardsProto, "http2");
  assert.equal((bind.json.Extra as Json).Metadata, "mine");
  const [auth] = edge.session.of(STREAM.auth);
  assert.equal((auth.json.Extra as Json).AuthToken, "secret");
  const closing = tunnel[Symbol.asyncDispose]();
  await clock.advance(1_000);
  await closing;
  assert.deepEqual(await tunnel.closed, { error: undefined });
  assert.equal(tunnel.agent.state, "closed");
  assert.equal(clock.pending, 0);
});

test("forward() leaves no agent behind when the endpoint is refused", async () => {
  const { clock, edge, runtime } = stage();
  edge.onBind = () => refusalText("Taken.", 334);
  const refused = assert.rejects(forward(8080, { runtime, dial: edge.dial }), {
    ngrokCode: 334,
  });
  await clock.advance(1_000);
  await refused;
  await clock.advance(0);
  assert.notEqual(edge.session.end, undefined);
  assert.equal(clock.pending, 0);
  assert.equal(runtime.host.kept, 0);
});

test("forward() checks what it was told before it connects", async () => {
  const { edge, runtime } = stage();
  const options = { runtime, dial: edge.dial };
  await assert.rejects(forward("ftp://x", options), {
    code: "address_invalid",
  });
  await assert.rejects(forward(80, { ...options, url: "https://h/" }), {
    ngrokCode: 9038,
  });
  await assert.rejects(forward(80, { ...options, authToken: "x" } as never), {
    code: "config_invalid",
    message: /unknown key "authToken"/,
  });
  assert.equal(edge.dials, 0);
});

test("connect() runs on the runtime it finds when none is given", async () => {
  const edge = new FakeEdge(detectRuntime().clock);
  const agent = await connect({ dial: edge.dial });
  const { Extra } = edge.session.of(STREAM.auth)[0].json as { Extra: Json };
  assert.equal(Extra.Arch, detectRuntime().host.arch);
  await agent.close();
  assert.equal(agent.state, "closed");
  await assert.rejects((connect as () => Promise<unknown>)(), {
    code: "config_invalid",
    message: /"connectUrl" is missing; give the host:port of an edge$/,
  });
});

test("the library's door hands out what its users compare and parse with", () => {
  assert.equal(new TunnelError("refused", "x").code, "refused");
  assert.equal(parseUpstream(80, "http").display, "http://localhost:80");
  assert.equal(parseEndpointUrl("h").url, "https://h");
});

const { net } = detectRuntime();

/** A service that answers every connection with one line and how much it was sent. */
async function service() {
  return await net.listen({
    host: "127.0.0.1",
    onConnection: async (conn) => {
      const request = new TextDecoder().decode(await conn.read());
      const body = `served ${request.split("\r\n")[0]}`;
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
      await conn.write(new TextEncoder().encode(head + body));
      await conn.closeWrite();
      while (await conn.read() !== undefined);
    },
  });
}

/** One request, spoken by hand. */
async function get(port: number, host: string, accept = "*/*"): Promise<string> {
  const conn = await net.connect({ host: "127.0.0.1", port });
  const lines = ["GET /x HTTP/1.1", `Host: ${host}`, `Accept: ${accept}`, "Connection: close"];
  await conn.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const answer = await readAll(conn);
  await conn.closeWrite();
  await conn.closed;
  return answer;
}

test("forward() without an edge to go to serves on this machine, error pages included", async () => {
  const door = await service();
  const tunnel = await forward(door.address.port, { url: "shop.localhost" });
  const url = new URL(tunnel.url);
  assert.equal(url.protocol, "http:");
  assert.equal(url.hostname, "shop.localhost");
  assert.match(await get(Number(url.port), url.host), /^HTTP\/1\.1 200 .*served GET \/x HTTP/s);
  await door.close();
  const page = await get(Number(url.port), url.host, "text/html");
  assert.match(page, /^HTTP\/1\.1 502 /);
  assert.match(page, /ngrok-error-code: ERR_NGROK_8012\r\n/i);
  assert.match(page, /<!doctype html>/i);
  await tunnel.close();
  await assert.rejects(get(Number(url.port), url.host), { code: "connection_refused" });
  await assert.rejects(forward(8080, { url: "https://shop.localhost" }), {
    code: "config_invalid",
    message: /there is no "connectUrl", [^]*; ask for "http:\/\/", or name an edge$/,
  });
  await assert.rejects(listen({ proto: "tls" }), {
    code: "config_invalid",
    message: /ask for "tcp:\/\/"/,
  });
});

test("connect() to an edge of one's own: URLs that live through a lost session", async () => {
  const authtoken = "a-secret-of-your-own-0123456789";
  const door = await service();
  const tcp = await net.listen({
    host: "127.0.0.1",
    onConnection: async (conn) => {
      await conn.write(new TextEncoder().encode(`echo ${await readAll(conn)}`));
      await conn.closeWrite();
    },
  });
  const ca = await makeCa();
  await assert.rejects(startEdge({ domain: "not a domain", http: { port: 0 } }), {
    code: "config_invalid",
  });
  const edge = await startEdge({
    domain: "tunnels.example.com",
    http: { port: 0 },
    agents: { port: 0 },
    authtoken,
  });
  const options = { connectUrl: edge.connectAddress, authtoken };
  await assert.rejects(connect({ ...options, connectCas: ca.caPem }), { code: "tls_untrusted" });
  await assert.rejects(connect({ ...options, connectCas: edge.caPem, authtoken: "wrong" }), {
    code: "refused",
  });
  const agent = await connect({ ...options, connectCas: edge.caPem });
  const web = await agent.forward({
    addr: door.address.port,
    url: "http://web.tunnels.example.com",
  });
  const raw = await agent.forward({ addr: tcp.address.port, proto: "tcp" });
  const httpPort = edge.addresses.http?.port ?? 0;
  assert.match(await get(httpPort, "web.tunnels.example.com"), /served GET/);
  const visitor = await net.connect({ host: "127.0.0.1", port: Number(new URL(raw.url).port) });
  await visitor.write(new TextEncoder().encode("half"));
  await visitor.closeWrite();
  assert.equal(await readAll(visitor), "echo half", "the reply after the visitor's end");
  await visitor.closed;

  const urls = [web.url, raw.url];
  const back = new Promise<void>((resolve) => {
    let online = 0;
    agent.subscribe((event) => {
      if (event.type === "endpoint_online" && ++online === 2) resolve();
    });
  });
  await edge.closeSession(edge.sessions()[0].id);
  await back;
  assert.deepEqual([web.url, raw.url], urls);
  assert.match(await get(httpPort, "web.tunnels.example.com"), /served GET/);
  await agent.close();
  await edge.close({ graceMs: 0 });
  await door.close();
  await tcp.close();
});

test("serve() streams both ways, upgrades, and its exchanges can be read", async () => {
  const tunnel = await serve(async (request, info) => {
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = info.upgradeWebSocket({ protocol: "shout" });
      socket.onmessage = ({ data }) => socket.send(String(data).toUpperCase());
      return response;
    }
    return new Response(`${info.remote.host} sent ${await request.text()}`);
  }, { url: "app.localhost", inspect: true });
  const { host, port } = new URL(tunnel.url);
  const exchanges = tunnel.endpoint.exchanges();
  const chats = tunnel.endpoint.exchanges({ where: ({ request }) => request.target === "/chat" });
  assert.match(await get(Number(port), host), /^HTTP\/1\.1 200 [^]*127\.0\.0\.1 sent $/);
  const first: Exchange = (await exchanges.next()).value;
  assert.equal(first.request.target, "/x");
  assert.equal(first.response?.status, 200);

  const visitor = await net.connect({ host: "127.0.0.1", port: Number(port) });
  const lines = [
    "GET /chat HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol: shout",
  ];
  await visitor.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  const hello = [0x81, 0x85, 0, 0, 0, 0, ...new TextEncoder().encode("hello")];
  const bye = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
  await visitor.write(new Uint8Array([...hello, ...bye]));
  const answer = await readAll(visitor);
  await visitor.closeWrite();
  await visitor.closed;
  assert.match(answer, /^HTTP\/1\.1 101 [^]*sec-websocket-protocol: shout\r\n[^]*HELLO/i);
  const chat: Exchange = (await exchanges.next()).value;
  assert.deepEqual([chat.request.target, chat.response?.status], ["/chat", 101]);
  assert.equal((await chats.next()).value, chat);
  await tunnel.close();
  assert.equal((await exchanges.next()).done, true);
});

test("forward() takes a server of this program, which listens as long as the tunnel is there", async () => {
  const { createServer } = await import("node:http");
  const app = createServer((request, response) => response.end(`app got ${request.url}`));
  const closed = new Promise<void>((resolve) => app.once("close", resolve));
  const stop = new AbortController();
  const tunnel = await forward(app, { url: "app.localhost", signal: stop.signal });
  const { host, port } = new URL(tunnel.url);
  assert.match(await get(Number(port), host), /app got \/x$/);
  stop.abort();
  await tunnel.closed;
  await closed;
  await assert.rejects(get(Number(port), host), { code: "connection_refused" });
  await assert.rejects(forward(app, { proto: "udp" as never }), { code: "config_invalid" });
  assert.equal(app.address(), null);
});

test("forward() takes every option of a session, and ends what it opened with its endpoint", async () => {
  const { clock, edge, runtime } = stage();
  const tunnel = await forward(80, {
    runtime,
    dial: edge.dial,
    proxyUrl: "http://127.0.0.1:3128",
    noProxy: "localhost",
    connectInterface: "lo",
    dnsResolverIps: ["127.0.0.1"],
    dnsMechanisms: ["system"],
    serviceRun: true,
    inspect: true,
  });
  assert.notEqual(tunnel.agent.exchanges, undefined);
  void tunnel.endpoint.close();
  await clock.advance(1_000);
  assert.deepEqual(await tunnel.closed, { error: undefined });
  assert.equal(tunnel.agent.state, "closed");
  assert.equal(clock.pending, 0);
});

test("listen() gives the connections of a URL, and ends with its signal", async () => {
  const stop = new AbortController();
  const tunnel = await listen({ signal: stop.signal });
  const echoing = (async () => {
    for await (const conn of tunnel) await conn.readable.pipeTo(conn.writable);
  })();
  const visitor = await net.connect({ host: "127.0.0.1", port: Number(new URL(tunnel.url).port) });
  await visitor.write(new TextEncoder().encode("there and back"));
  await visitor.closeWrite();
  assert.equal(await readAll(visitor), "there and back");
  await visitor.closed;
  stop.abort();
  await echoing;
  await tunnel.closed;
  await tunnel.close();
  await assert.rejects(listen({ backlog: 1, addr: 80 } as never), { code: "config_invalid" });
  await assert.rejects(listen({ backlog: -1 }), {
    code: "config_invalid",
    message: 'Cannot use the endpoint options: "backlog": -1 is no count of connections',
  });
  await assert.rejects(serve(() => new Response(), { limits: { headMs: -1 } }), {
    code: "config_invalid",
    message: /^Cannot use the limits: "headMs": /,
  });
});

test("forward(), serve() and listen() reject with the reason of their signal", async () => {
  const signal = AbortSignal.abort("no more");
  const aborted = { code: "aborted", cause: "no more" };
  await assert.rejects(forward(80, { signal }), aborted);
  await assert.rejects(serve(() => new Response(), { signal }), aborted);
  await assert.rejects(listen({ signal }), aborted);
  const { edge, runtime } = stage();
  const stop = new AbortController();
  const dial = () => new Promise<never>(() => stop.abort("later"));
  const connecting = connect({ dial, runtime, signal: stop.signal });
  await assert.rejects(connecting, { code: "aborted", cause: "later" });
  assert.equal(edge.dials, 0);
});

test("startEdge() closes with its signal, and is not started by one that is over", async () => {
  const stop = new AbortController();
  const edge = await startEdge({ http: { port: 0 }, embedded: true, signal: stop.signal });
  const { port } = edge.addresses.http!;
  stop.abort();
  await edge.close();
  await assert.rejects(get(port, "a.localhost"), { code: "connection_refused" });
  const aborted = { code: "aborted" };
  await assert.rejects(startEdge({ http: { port: 0 }, signal: stop.signal }), aborted);
});

test("serve() carries trailers both ways, and early hints, through an edge", async () => {
  const tunnel = await serve({
    async fetch(request, info) {
      info.sendEarlyHints({ link: "</a.css>; rel=preload" });
      const text = await request.text();
      const sum = (await info.requestTrailers()).get("x-sum");
      info.sendTrailers(() => ({ "x-back": sum ?? "none" }));
      return new Response(text);
    },
  }, { url: "trailers.localhost" });
  const { host, port } = new URL(tunnel.url);
  const conn = await net.connect({ host: "127.0.0.1", port: Number(port) });
  const head = `POST / HTTP/1.1\r\nHost: ${host}\r\nTE: trailers\r\nConnection: close, TE\r\n`;
  const body = "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n";
  await conn.write(new TextEncoder().encode(head + body));
  const answer = await readAll(conn);
  await conn.closeWrite();
  await conn.closed;
  assert.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\n/i);
  assert.match(answer, /HTTP\/1\.1 200 OK\r\n[^]*2\r\nhi\r\n0\r\nx-back: 42\r\n\r\n$/);
  await tunnel.close();
});

test("events() of an agent are read one by one until it ends", async () => {
  const tunnel = await serve(() => new Response("hi"));
  const types: string[] = [];
  const reading = (async () => {
    for await (const { type } of tunnel.agent.events()) types.push(type);
  })();
  assert.throws(() => tunnel.endpoint.exchanges(), { code: "config_invalid" });
  await tunnel.close();
  await reading;
  assert.deepEqual(types.slice(-2), ["endpoint_stopped", "agent_closed"]);
});
