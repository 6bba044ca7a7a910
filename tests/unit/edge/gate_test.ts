/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import type { LogFields, Logger } from "../../../lib/base/log.ts";
import { Gate, type GateLimits, type Speech } from "../../../lib/edge/gate.ts";
import { parseCidr } from "../../../lib/http/cidr.ts";
import { formatProxyHeader } from "../../../lib/http/proxy_protocol.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import type { Conn } from "../../../lib/runtime/net.ts";
import { latin1Bytes, latin1Text, Peer, settle } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

const PORT = 8443;
const DOOR = { host: "198.51.100.1", port: PORT };
const VISITOR = { host: "203.0.113.9", port: 4711 };
const LOOSE: GateLimits = { maxConnections: 0, maxConnectionsPerAddress: 0, proxyHeaderMs: 3_000 };

interface Stage {
  readonly gate: Gate;
  readonly clock: FakeClock;
  /** Who came in. */
  readonly admitted: Conn[];
  /** Lines of the log: level, message, fields. */
  readonly lines: [string, string, LogFields?][];
  /** Dials the door from an address. */
  dial(from?: string): Promise<Conn>;
  close(): Promise<void>;
}

async function stage(
  limits: Partial<GateLimits> = {},
  balancers: readonly string[] = [],
  speech: Speech = "raw",
): Promise<Stage> {
  const clock = new FakeClock();
  const { net } = memoryRuntime({ clock });
  const lines: [string, string, LogFields?][] = [];
  const logger: Logger = {
    log: (level, message, fields) => void lines.push([level, message, fields]),
    child: () => logger,
  };
  const gate = new Gate({
    net,
    clock,
    logger,
    limits: { ...LOOSE, ...limits },
    balancers: balancers.map((range) => parseCidr(range)!),
  });
  const admitted: Conn[] = [];
  const listener = await gate.net(speech).listen({
    ...DOOR,
    onConnection: (conn) => void admitted.push(conn),
  });
  return {
    gate,
    clock,
    admitted,
    lines,
    dial: (from = "203.0.113.7") => net.from(from).connect(DOOR),
    close: () => listener.close(),
  };
}

/** What arrives at a connection, up to its end. */
async function readRest(conn: Conn): Promise<string> {
  const text = await new Peer(conn).readToEnd();
  await conn.closeWrite();
  return text;
}

/** What somebody hears who is cut. */
async function isCut(conn: Conn): Promise<boolean> {
  try {
    return await conn.read() === undefined;
  } catch {
    return true;
  }
}

for (const version of [1, 2] as const) {
  for (const source of [VISITOR, { host: "2001:db8::9", port: 4711 }]) {
    test(`Gate hears from a balancer (v${version}) that the visitor is ${source.host}`, async () => {
      const { dial, admitted, close } = await stage({}, ["10.0.0.0/8"]);
      const destination = source === VISITOR ? DOOR : { host: "2001:db8::1", port: 443 };
      const header = formatProxyHeader(version, { source, destination });
      const conn = await dial("10.1.2.3");
      // Byte by byte, with the visitor's first bytes right behind.
      for (const byte of header.subarray(0, -1)) await conn.write(Uint8Array.of(byte));
      await settle();
      assert.equal(admitted.length, 0);
      await conn.write(Uint8Array.of(header.at(-1)!, 65, 66));
      await settle();
      assert.deepEqual(admitted[0].remote, source);
      assert.deepEqual(admitted[0].local, destination);
      assert.equal(latin1Text((await admitted[0].read())!), "AB");
      conn.abort();
      await close();
    });
  }
}

test("Gate believes no header of others, and leaves it in what they say", async () => {
  const { dial, admitted, close } = await stage({}, ["10.0.0.0/8", "2001:db8::/32"]);
  const header = formatProxyHeader(1, { source: VISITOR, destination: DOOR });
  const conn = await dial("192.0.2.1");
  await conn.write(header);
  await settle();
  assert.equal(admitted[0].remote.host, "192.0.2.1");
  assert.deepEqual(await admitted[0].read(), header);
  conn.abort();
  await close();
});

test("Gate takes the balancer's own connections for its own", async () => {
  const { dial, admitted, close } = await stage({}, ["10.0.0.0/8"]);
  const local = formatProxyHeader(2);
  for (const header of [latin1Bytes("PROXY UNKNOWN\r\n"), local]) {
    const conn = await dial("10.1.2.3");
    await conn.write(header);
    await settle();
    assert.equal(admitted.at(-1)!.remote.host, "10.1.2.3");
    conn.abort();
  }
  assert.equal(admitted.length, 2);
  await close();
});

test("Gate shows IPv4 in IPv6 clothes as IPv4", async () => {
  const { dial, admitted, close } = await stage({}, ["10.0.0.0/8"]);
  const conn = await dial("10.1.2.3");
  const source = { host: "::ffff:203.0.113.9", port: 1 };
  await conn.write(formatProxyHeader(2, { source, destination: { host: "2001:db8::1", port: 2 } }));
  await settle();
  assert.deepEqual(admitted[0].remote, { host: "203.0.113.9", port: 1 });
  conn.abort();
  await close();
});

test("Gate turns a balancer away that sends no header, half of one, or none in time", async () => {
  const { dial, admitted, clock, lines, close } = await stage({}, ["10.0.0.0/8"]);
  const bad = [
    "GET / HTTP/1.1\r\n",
    "\x16\x03\x01",
    "PROXY TCP4 x\r\n",
    "\r\n\r\n\0\r\nQUIT\n\x31",
  ];
  for (const text of bad) {
    const conn = await dial("10.1.2.3");
    await conn.write(latin1Bytes(text));
    if (text.startsWith("\r\n")) await conn.write(new Uint8Array(4));
    assert.ok(await isCut(conn), text);
  }
  const half = await dial("10.1.2.3");
  await half.write(latin1Bytes("PROXY TC"));
  await half.closeWrite();
  assert.ok(await isCut(half));
  const slow = await dial("10.1.2.3");
  await slow.write(latin1Bytes("PROXY TC"));
  await settle();
  await clock.advance(3_000);
  assert.ok(await isCut(slow));
  assert.equal(lines.length, bad.length + 2);
  assert.ok(
    lines.every(([level, message]) =>
      level === "warn" && message === "load balancer was turned away"
    ),
  );
  // A port check says nothing, and nothing is said about it.
  const check = await dial("10.1.2.3");
  await check.closeWrite();
  assert.ok(await isCut(check));
  assert.equal(lines.length, bad.length + 2);
  assert.equal(admitted.length, 0);
  await close();
});

test("Gate cuts those whose balancer has not spoken when a door closes", async () => {
  const { dial, admitted, gate, close } = await stage({}, ["10.0.0.0/8"]);
  const conn = await dial("10.1.2.3");
  await settle();
  await close();
  assert.ok(await isCut(conn));
  assert.equal(admitted.length, 0);
  await settle();
  assert.equal(gate.size, 0);
});

test("Gate takes so many of one address, IPv6 by network, and all of this machine", async () => {
  const { dial, admitted, close, lines } = await stage({ maxConnectionsPerAddress: 2 });
  const conns: Conn[] = [];
  for (
    const from of ["192.0.2.1", "192.0.2.1", "192.0.2.2", "127.0.0.1", "127.0.0.1", "127.0.0.1"]
  ) {
    conns.push(await dial(from));
  }
  conns.push(await dial("2001:db8::1"), await dial("2001:db8::2"));
  await settle();
  assert.equal(admitted.length, 8);
  for (const from of ["192.0.2.1", "2001:db8::3"]) {
    assert.ok(await isCut(await dial(from)), from);
  }
  assert.equal(admitted.length, 8);
  assert.equal(lines.length, 1, "one line for a crowd");
  // Whoever goes makes room.
  conns[0].abort();
  await settle();
  conns.push(await dial("192.0.2.1"));
  await settle();
  assert.equal(admitted.length, 9);
  for (const conn of conns) conn.abort();
  await close();
});

test("Gate counts the visitors behind a balancer, not the balancer", async () => {
  const { dial, admitted, close } = await stage({ maxConnectionsPerAddress: 1 }, ["10.0.0.0/8"]);
  const conns: Conn[] = [];
  for (const host of ["192.0.2.1", "192.0.2.2", "192.0.2.1"]) {
    const conn = await dial("10.1.2.3");
    await conn.write(formatProxyHeader(1, { source: { host, port: 1 }, destination: DOOR }));
    await settle();
    conns.push(conn);
  }
  assert.deepEqual(admitted.map((conn) => conn.remote.host), ["192.0.2.1", "192.0.2.2"]);
  assert.ok(await isCut(conns[2]));
  for (const conn of conns) conn.abort();
  await close();
});

test("Gate takes so many in all, and tells the others in words they understand", async () => {
  const words: [Speech, RegExp][] = [
    ["http", /^HTTP\/1\.1 503 [^]*ERR_NGROK_743[^]*The edge has as many connections as it takes/],
    ["tls", new RegExp(`^${latin1Text(Uint8Array.of(21, 3, 1, 0, 2, 2, 80))}$`)],
  ];
  for (const [speech, expected] of words) {
    const { dial, admitted, gate, close } = await stage({ maxConnections: 2 }, [], speech);
    const conns = [await dial(), await dial("192.0.2.1")];
    const late = await dial("192.0.2.2");
    assert.match(await readRest(late), expected);
    assert.equal(admitted.length, 2);
    assert.equal(gate.size, 2);
    conns[1].abort();
    await settle();
    assert.equal(gate.size, 1);
    conns[0].abort();
    await close();
  }
});

test("Gate says 429 to an address that has its share", async () => {
  const { dial, close } = await stage({ maxConnectionsPerAddress: 1 }, [], "http");
  const first = await dial();
  await settle();
  assert.match(
    await readRest(await dial()),
    /^HTTP\/1\.1 429 [^]*ngrok-error-code: ERR_NGROK_702[^]*There are 1 connections from your address/,
  );
  first.abort();
  await close();
});

test("Gate gives those whom it turns away a moment to hear it, and no more", async () => {
  const { dial, clock, close } = await stage({ maxConnections: 1 }, [], "http");
  const first = await dial();
  const late = await dial();
  const peer = new Peer(late);
  await peer.readHead();
  await settle();
  await clock.advance(2_000);
  await settle();
  await assert.rejects(async () => {
    for (;;) await late.write(new Uint8Array(1));
  });
  first.abort();
  await close();
});
