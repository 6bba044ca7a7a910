/**
 * Doors against visitors who mean harm: PROXY headers of all kinds, and those who come and say as
 * little as they can, as slowly as they can.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeClock } from "../../lib/base/clock.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { type HttpDoorOptions, HttpVisitors, openHttpDoor } from "../../lib/edge/door_http.ts";
import { openTlsDoor } from "../../lib/edge/door_tls.ts";
import { Gate } from "../../lib/edge/gate.ts";
import type { HttpLimits } from "../../lib/edge/http_limits.ts";
import { parseCidr } from "../../lib/http/cidr.ts";
import { parseIp } from "../../lib/http/ip_address.ts";
import { formatProxyHeader } from "../../lib/http/proxy_protocol.ts";
import { memoryRuntime } from "../../lib/runtime/memory.ts";
import type { Conn } from "../../lib/runtime/net.ts";
import { clientHello } from "../fakes/client_hello.ts";
import { FakeEndpoint, fakeTable } from "../fakes/edge_visit.ts";
import { latin1Bytes, Peer, settle } from "../fakes/peer.ts";
import { randomFrom } from "../fakes/random.ts";
import { test } from "../harness.ts";

const PORT = 443;
const HOST = "198.51.100.1";
const BALANCER = "10.1.2.3";
const STRANGER = "203.0.113.7";
const TAIL = latin1Bytes("GET / HTTP/1.1\r\n");

/** A header of one of the forms, then mutated or not. */
function proxyHeader(random: () => number): Uint8Array {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const source = { host: pick(["192.0.2.9", "2001:db8::9"]), port: Math.floor(random() * 65_536) };
  const destination = { host: pick([HOST, "2001:db8::1"]), port: PORT };
  const tlvs = Array.from({ length: Math.floor(random() * 4) }, () => ({
    type: pick([1, 2, 4, 0x20, 0xea]),
    value: new Uint8Array(Math.floor(random() * pick([8, 300, 3_000]))),
  }));
  const way = random();
  let bytes = way < 0.4
    ? formatProxyHeader(1, { source, destination })
    : way < 0.8
    ? formatProxyHeader(2, { source, destination, tlvs })
    : formatProxyHeader(pick([1, 2]));
  if (random() < 0.3) return bytes;
  for (let change = 0; change <= random() * 3; change++) {
    const at = Math.floor(random() * bytes.length);
    const kind = random();
    if (kind < 0.5) {
      bytes[at] = Math.floor(random() * 256);
    } else {
      const rest = bytes.subarray(at + (kind < 0.75 ? 1 : 0));
      const more = kind < 0.75 ? [] : [Math.floor(random() * 256)];
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...more, ...rest]);
    }
  }
  return random() < 0.2 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes;
}

test("a gate survives 5000 PROXY headers, and strangers spoof nobody", async () => {
  const random = randomFrom(4_242);
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock });
  const gate = new Gate({
    net,
    clock,
    logger: silentLogger,
    limits: { maxConnections: 0, maxConnectionsPerAddress: 0, proxyHeaderMs: 3_000 },
    balancers: [parseCidr("10.0.0.0/8")!],
  });
  let admitted: Conn | undefined;
  const listener = await gate.net("raw").listen({
    host: HOST,
    port: PORT,
    onConnection: (conn) => void (admitted = conn),
  });
  const counts = { known: 0, unknown: 0, cut: 0, strange: 0 };
  for (let number = 0; number < 5_000; number++) {
    admitted = undefined;
    const from = random() < 0.7 ? BALANCER : STRANGER;
    const header = proxyHeader(random);
    const sent = Uint8Array.from([...header, ...TAIL]);
    const conn = await net.from(from).connect({ host: HOST, port: PORT });
    const writing = (async () => {
      const split = Math.floor(random() * sent.length);
      await conn.write(sent.subarray(0, split));
      await conn.write(sent.subarray(split));
      await conn.closeWrite();
    })().catch(() => {}); // it was cut before it had said all
    await settle();
    await clock.advance(3_000);
    await settle();
    const inside = admitted as Conn | undefined;
    if (inside) {
      const left = await new Peer(inside).readToEnd();
      const whole = String.fromCharCode(...sent);
      assert.ok(whole.endsWith(left), `case ${number}: bytes were made up`);
      if (from === STRANGER) {
        assert.equal(left, whole, `case ${number}: a stranger's bytes are its own`);
        assert.equal(inside.remote.host, STRANGER);
        counts.strange++;
      } else {
        assert.ok(left.length < whole.length, `case ${number}: no header was taken`);
        assert.ok(parseIp(inside.remote.host), `case ${number}: ${inside.remote.host}`);
        counts[inside.remote.host === BALANCER ? "unknown" : "known"]++;
      }
    } else {
      assert.equal(from, BALANCER, `case ${number}: strangers come in, whatever they say`);
      counts.cut++;
    }
    conn.abort();
    inside?.abort();
    await writing;
  }
  await listener.close();
  await settle();
  assert.equal(clock.pending, 0, "no timer is left");
  assert.equal(gate.size, 0);
  for (const [what, count] of Object.entries(counts)) assert.ok(count > 150, `${what}: ${count}`);
});

/** A door for plain HTTP in an hour of its own. */
async function httpDoor(limits: Partial<HttpLimits> = {}) {
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock });
  const endpoint = new FakeEndpoint("web.test", "http");
  const visitors = new HttpVisitors({
    endpoints: fakeTable(endpoint),
    clock,
    logger: silentLogger,
    limits,
  });
  const options: HttpDoorOptions = { net, host: HOST, port: 80, visitors };
  const door = await openHttpDoor(options);
  return { clock, door, visitors, dial: () => net.connect({ host: HOST, port: 80 }), endpoint };
}

/** Sends one byte a second until the door has had enough. */
async function trickle(conn: Conn, clock: FakeClock, text: string, limitS: number) {
  for (let second = 0; second < limitS; second++) {
    try {
      await conn.write(latin1Bytes(text[second % text.length]));
    } catch {
      return second;
    }
    await clock.advance(1_000);
    await settle();
  }
  return limitS;
}

test("a head has a time in all, however busily its bytes come", async () => {
  const { clock, door, visitors, dial } = await httpDoor({ headMs: 20_000 });
  const conn = await dial();
  const peer = new Peer(conn);
  const head = peer.readHead();
  await conn.write(latin1Bytes("GET / HTTP/1.1\r\nHost: web.test\r\n"));
  const seconds = await trickle(conn, clock, "X-A: b\r\n", 60);
  assert.match(await head, /^HTTP\/1\.1 408 /);
  assert.ok(seconds <= 60 && visitors.size === 0, `${visitors.size} visitors after ${seconds} s`);
  conn.abort();
  await door.close();
});

test("who says nothing at all is sent away without a word", async () => {
  const { clock, door, visitors, dial } = await httpDoor({ headMs: 20_000, lingerMs: 1_000 });
  const conns = await Promise.all(Array.from({ length: 50 }, dial));
  await settle();
  assert.equal(visitors.size, 50);
  await clock.advance(20_000);
  for (const conn of conns) assert.equal(await conn.read(), undefined);
  await clock.advance(1_000);
  await settle();
  assert.equal(visitors.size, 0);
  await door.close();
});

test("who keeps a connection and asks for nothing more is sent away after a while", async () => {
  const { clock, door, visitors, dial, endpoint } = await httpDoor({
    keepAliveMs: 30_000,
    keepStreamMs: 10_000,
    lingerMs: 1_000,
  });
  const conn = await dial();
  const peer = new Peer(conn);
  await peer.send("GET / HTTP/1.1\r\nHost: web.test\r\n\r\n");
  const agent = await endpoint.nextStream();
  await agent.readHead();
  await agent.send("HTTP/1.1 204 No Content\r\n\r\n");
  assert.match(await peer.readHead(), /^HTTP\/1\.1 204 /);
  await settle();
  // First the stream to its agent is given back, for those are few.
  await clock.advance(10_000);
  assert.equal(visitors.size, 1);
  await clock.advance(30_000);
  assert.equal(await peer.readToEnd(), "");
  await clock.advance(1_000);
  await settle();
  assert.equal(visitors.size, 0);
  await door.close();
});

test("a head that has no end has a size", async () => {
  const { door, dial } = await httpDoor({ requestHeadBytes: 4_096 });
  const conn = await dial();
  const peer = new Peer(conn);
  const head = peer.readHead();
  try {
    await peer.send("GET / HTTP/1.1\r\n");
    for (let line = 0; line < 200; line++) await peer.send(`X-${line}: ${"a".repeat(60)}\r\n`);
  } catch {
    // The door has heard enough.
  }
  assert.match(await head, /^HTTP\/1\.1 431 /);
  conn.abort();
  await door.close();
});

test("a ClientHello has three seconds in all, however busily its bytes come", async () => {
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock });
  const endpoints = fakeTable(new FakeEndpoint("raw.test", "tls"));
  const door = await openTlsDoor({
    net,
    host: HOST,
    port: PORT,
    endpoints,
    certificates: { certificateFor: () => ({ chainPem: "", keyPem: "" }) },
    isOurs: () => false,
    isAgentName: () => false,
    acceptAgent: () => {},
    visitors: new HttpVisitors({ endpoints, clock, logger: silentLogger }),
    raw: { clock, logger: silentLogger },
    helloBytes: 1_000,
  });
  const conn = await net.connect({ host: HOST, port: PORT });
  const hello = clientHello("raw.test");
  let sent = 0;
  await assert.rejects(async () => {
    for (const byte of hello) {
      await conn.write(Uint8Array.of(byte));
      sent++;
      await clock.advance(250);
      await settle();
    }
  });
  assert.ok(sent <= 14, `${sent} bytes in ${sent / 4} s`);
  // Nor is it of any size: it announces more than it may have.
  const large = await net.connect({ host: HOST, port: PORT });
  await large.write(Uint8Array.of(22, 3, 1, 0x20, 0, 1, 0, 0x30, 0, 3, 3));
  await large.write(new Uint8Array(2_000));
  const said = await new Peer(large).readToEnd();
  assert.equal(said, "\x15\x03\x01\x00\x02\x02\x32", "decode_error");
  large.abort();
  await clock.advance(2_000);
  await door.close();
});
