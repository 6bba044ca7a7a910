/** @module */
import assert from "node:assert/strict";
import { encodeText } from "../../../lib/base/bytes.ts";
import type { Duplex } from "../../../lib/base/duplex.ts";
import { newId } from "../../../lib/base/ids.ts";
import type { EdgeEvent } from "../../../lib/edge/events.ts";
import { formatProxyHeader } from "../../../lib/http/proxy_protocol.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { FakeAgent, readToEnd } from "../../fakes/agent.ts";
import { answerHttp, edgeStage, TOKEN } from "../../fakes/edge_stage.ts";
import { test } from "../../harness.ts";

const REQUEST = encodeText("GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n");
const VISITOR = { host: "203.0.113.9", port: 4711 };
const V6 = { host: "2001:db8::9", port: 4712 };

/** What a load balancer says first. */
function introduction(version: 1 | 2, source: typeof VISITOR): Uint8Array {
  const destination = { host: source === V6 ? "2001:db8::1" : "198.51.100.1", port: 443 };
  return formatProxyHeader(version, { source, destination });
}

/** So many bytes; more of the same chunk are dropped. */
async function readBytes(stream: Duplex, count: number): Promise<Uint8Array> {
  let seen = new Uint8Array(0);
  while (seen.length < count) {
    const chunk = await stream.read();
    assert.ok(chunk, `it ended after ${seen.length} bytes`);
    seen = Uint8Array.from([...seen, ...chunk]);
  }
  return seen.subarray(0, count);
}

async function request(conn: Conn): Promise<string> {
  await conn.write(REQUEST);
  const text = await readToEnd(conn);
  await conn.closeWrite();
  return text;
}

test("Doors: TLS endpoints have a port of their own when they are given one", async () => {
  const { edge, dial, agent: connect } = await edgeStage({ tls: { port: 0 } });
  const agent = await connect();
  const { https, tls } = edge.addresses;
  assert.notEqual(https!.port, tls!.port);
  const raw = await agent.bind("tls", { Domain: "raw.example.com", TLSTermination: {} });
  assert.equal(raw.URL, `tls://raw.example.com:${tls!.port}`);
  const shop = await agent.bind("https", { Domain: "shop.example.com" });
  assert.equal(shop.URL, `https://shop.example.com:${https!.port}`);

  const visitor = await dial("tls", { serverName: "raw.example.com" });
  await visitor.write(encodeText("hello"));
  const { stream } = await agent.nextVisitor();
  assert.deepEqual(await stream.read(), encodeText("hello"));
  stream.reset(6);
  visitor.abort();
  // Each name is at its own port only, and agents come where HTTPS visitors do.
  for (const name of ["shop.example.com", "connect.example.com", "other.example.com"]) {
    await assert.rejects(dial("tls", { serverName: name }), name);
  }
  await assert.rejects(dial("https", { serverName: "raw.example.com" }));
  const secure = await dial("https", { serverName: "shop.example.com" });
  const [text] = await Promise.all([request(secure), answerHttp(agent)]);
  assert.match(text, /^HTTP\/1\.1 200 /);
  await edge.close();
  await agent.closed;
});

test("Doors: the ports in URLs are those that visitors see", async () => {
  const { edge, agent: connect } = await edgeStage({
    tls: { port: 0 },
    httpPublicPort: 80,
    httpsPublicPort: 443,
    tlsPublicPort: 8443,
  });
  const agent = await connect();
  const urls = [];
  for (const proto of ["http", "https"]) {
    urls.push((await agent.bind(proto, { Domain: "shop.example.com" })).URL);
  }
  urls.push((await agent.bind("tls", { Domain: "raw.example.com" })).URL);
  assert.deepEqual(urls, [
    "http://shop.example.com",
    "https://shop.example.com",
    "tls://raw.example.com:8443",
  ]);
  await edge.close();
  await agent.closed;
});

for (const version of [1, 2] as const) {
  test(`Doors: behind a balancer (PROXY v${version}) every door sees the visitor`, async () => {
    const events: EdgeEvent[] = [];
    const { edge, runtime, dial, secure } = await edgeStage({
      agents: { port: 0 },
      proxyProtocolFrom: ["127.0.0.0/8"],
      onEvent: (event) => events.push(event),
    });
    // An agent, first.
    const door = await dial("agents");
    await door.write(introduction(version, V6));
    const carrier = await secure(door, "connect.example.com");
    const agent = new FakeAgent(carrier, { clock: runtime.clock });
    await agent.auth({ AuthToken: TOKEN });
    assert.equal(
      events.find((event) => event.type === "session_started")?.remote,
      "[2001:db8::9]:4712",
    );
    const Domain = "shop.example.com";
    await agent.bind("http", { Domain });
    await agent.bind("https", { Domain });
    await agent.bind("tls", { Domain: "raw.example.com", ProxyProto: 1 });
    await agent.bind("tls", { Domain: "end.example.com", TLSTermination: {}, ProxyProto: 2 });
    const tcp = await agent.bind("tcp", { ProxyProto: version });

    const plain = await dial("http");
    await plain.write(introduction(version, VISITOR));
    const [, head] = await Promise.all([request(plain), answerHttp(agent)]);
    assert.match(head, /\r\nX-Forwarded-For: 203\.0\.113\.9\r\n/i);

    const front = await dial("https");
    await front.write(introduction(version, V6));
    const https = await secure(front, Domain);
    const [, secureHead] = await Promise.all([request(https), answerHttp(agent)]);
    assert.match(secureHead, /\r\nX-Forwarded-For: 2001:db8::9\r\n/i);

    // What the balancer told is told on, the ends of both connections, over TLS and over plain TCP.
    const raw = await dial("https");
    await raw.write(introduction(version, V6));
    const handshake = secure(raw, "raw.example.com");
    const passed = await agent.nextVisitor();
    assert.equal(passed.header.ClientAddr, "[2001:db8::9]:4712");
    const line = "PROXY TCP6 2001:db8::9 2001:db8::1 4712 443\r\n";
    const seen = await readBytes(passed.stream, line.length);
    assert.equal(new TextDecoder().decode(seen), line);
    passed.stream.reset(6);
    await assert.rejects(handshake);

    const ended = await dial("https");
    await ended.write(introduction(version, V6));
    const inside = await secure(ended, "end.example.com");
    await inside.write(encodeText("x"));
    const told = await agent.nextVisitor();
    const whole = Uint8Array.from([...introduction(2, V6), ...encodeText("x")]);
    assert.deepEqual(await readBytes(told.stream, whole.length), whole);
    told.stream.reset(6);
    inside.abort();

    const port = Number(tcp.URL.split(":").pop());
    const tcpConn = await runtime.net.connect({ host: "127.0.0.1", port });
    await tcpConn.write(introduction(version, VISITOR));
    const tcpVisitor = await agent.nextVisitor();
    assert.equal(tcpVisitor.header.ClientAddr, "203.0.113.9:4711");
    const twin = introduction(version, VISITOR);
    assert.deepEqual(await readBytes(tcpVisitor.stream, twin.length), twin);
    tcpConn.abort();

    // Without a header nobody comes in, whatever the door.
    for (const name of ["http", "https", "agents"] as const) {
      const bare = await dial(name);
      await bare.write(REQUEST);
      assert.equal(await readToEnd(bare).catch(() => ""), "", name);
      bare.abort();
    }
    await edge.close();
    await agent.closed;
  });
}

test("Doors: a header from anywhere else is what it looks like: no HTTP, no TLS", async () => {
  const { edge, dial } = await edgeStage({ proxyProtocolFrom: ["192.0.2.0/24"] });
  for (const version of [1, 2] as const) {
    const plain = await dial("http");
    await plain.write(introduction(version, VISITOR));
    await plain.write(REQUEST);
    assert.match(await readToEnd(plain), /^HTTP\/1\.1 400 /);
    await plain.closeWrite();
    const front = await dial("https");
    await front.write(introduction(version, VISITOR));
    assert.doesNotMatch(await readToEnd(front).catch(() => ""), /200 OK/);
    front.abort();
  }
  await edge.close();
});

test("Doors: an account's own name lets its agents in, and no others", async () => {
  const { edge, runtime, dial } = await edgeStage();
  const store = edge.store!;
  const now = runtime.clock.now();
  const row = {
    created_at: now,
    updated_at: now,
    description: "",
    metadata: "",
    certificate_management_policy: null,
  };
  const ours = edge.ownerAccountId!;
  await store.accounts.insert({ id: "ac_other", name: "other", suspended: false, created_at: now });
  await store.agent_ingresses.insert({
    ...row,
    id: newId("agin", now),
    account_id: ours,
    domain: "agents.acme.test",
  });
  await store.agent_ingresses.insert({
    ...row,
    id: newId("agin", now),
    account_id: "ac_other",
    domain: "agents.other.test",
  });
  await assert.rejects(dial("https", { serverName: "agents.acme.test" }));
  await edge.identityChanged();
  const conn = await dial("https", { serverName: "agents.acme.test" });
  const agent = new FakeAgent(conn, { clock: runtime.clock });
  assert.equal((await agent.auth({ AuthToken: TOKEN })).Error, "");
  const foreign = new FakeAgent(await dial("https", { serverName: "agents.other.test" }), {
    clock: runtime.clock,
  });
  assert.match(
    String((await foreign.auth({ AuthToken: TOKEN })).Error),
    /is for the agents of another account[^]*ERR_NGROK_122/,
  );
  await edge.close();
  await Promise.all([agent.closed, foreign.closed]);
});

test("Doors: the limits of the options hold at every door", async () => {
  const { edge, dial } = await edgeStage({ limits: { maxConnections: 1, lingerMs: 200 } });
  const first = await dial("http");
  const late = await dial("http");
  assert.match(await readToEnd(late), /^HTTP\/1\.1 503 [^]*ERR_NGROK_743/);
  await late.closeWrite();
  await assert.rejects(dial("https", { serverName: "shop.example.com" }));
  first.abort();
  await edge.close();
});
