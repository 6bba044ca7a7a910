/** @module */
import assert from "node:assert/strict";
import { FakeClock, systemClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import {
  type ConnectionClosed,
  createTcpPorts,
  formatAddress,
  introduce,
  serveRaw,
} from "../../../lib/edge/door_tcp.ts";
import type { Endpoint } from "../../../lib/edge/endpoint.ts";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { MemoryNet } from "../../../lib/runtime/memory.ts";
import { FakeConn, FakeEndpoint, latin1Text, Peer } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

const HOST = "127.0.0.1";

function ports(from?: number, to?: number) {
  const net = new MemoryNet({ clock: systemClock });
  const range = from === undefined ? undefined : { from, to: to! };
  return {
    net,
    tcp: createTcpPorts({ net, host: HOST, range, random: () => 0 }),
  };
}

const ignore = () => {};

test("createTcpPorts() gives away the ports of its range, each once, and says when they are gone", async () => {
  const { tcp } = ports(7000, 7002);
  const claimed = [
    await tcp.claim(undefined, ignore),
    await tcp.claim(7001, ignore),
  ];
  claimed.push(await tcp.claim(undefined, ignore));
  assert.deepEqual(claimed, [7000, 7001, 7002]);
  await assert.rejects(tcp.claim(undefined, ignore), {
    code: "address_not_available",
  });
  await assert.rejects(tcp.claim(7001, ignore), { code: "address_in_use" });
  await assert.rejects(tcp.claim(7003, ignore), {
    code: "address_not_available",
  });
  await tcp.close();
});

test("createTcpPorts() passes over ports that other programs have", async () => {
  const { net, tcp } = ports(7000, 7001);
  const other = await net.listen({
    host: HOST,
    port: 7000,
    onConnection: ignore,
  });
  assert.equal(await tcp.claim(undefined, ignore), 7001);
  await assert.rejects(tcp.claim(7000, ignore), { code: "address_in_use" });
  await other.close();
  assert.equal(await tcp.claim(7000, ignore), 7000);
  await tcp.close();
});

test("createTcpPorts() gives any free port when it has no range", async () => {
  const { tcp } = ports();
  const first = await tcp.claim(undefined, ignore);
  assert.ok(first > 0);
  assert.notEqual(await tcp.claim(undefined, ignore), first);
  await tcp.close();
});

test("createTcpPorts() frees a port that can be claimed again at once", async () => {
  const { net, tcp } = ports(7000, 7000);
  await tcp.claim(7000, ignore);
  const released = tcp.release(7000);
  assert.equal(await tcp.claim(7000, (conn) => conn.closeWrite()), 7000);
  await released;
  const conn = await net.connect({ host: HOST, port: 7000 });
  assert.equal(await conn.read(), undefined);
  conn.closeWrite();
  await tcp.release(7000);
  await tcp.release(7000);
  await assert.rejects(net.connect({ host: HOST, port: 7000 }), {
    code: "connection_refused",
  });
});

test("createTcpPorts() opens real ports", async () => {
  const { net } = detectRuntime();
  const tcp = createTcpPorts({ net, host: HOST });
  const endpoint = new FakeEndpoint("a.test", "tcp");
  const serving = { clock: systemClock, logger: silentLogger };
  let over: Promise<void> | undefined;
  const port = await tcp.claim(
    undefined,
    (conn) => over = serveRaw(conn, endpoint, false, serving),
  );
  const conn = await net.connect({ host: HOST, port });
  const visitor = new Peer(conn);
  await visitor.send("hello");
  const agent = await endpoint.nextStream();
  await agent.expect("hello");
  await agent.send("world");
  await visitor.expect("world");
  assert.equal(agent.visitor.clientAddr, `127.0.0.1:${conn.local.port}`);
  visitor.duplex.closeWrite();
  assert.equal(await agent.readToEnd(), "");
  await agent.send("last");
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "last");
  await over;
  await conn.closed;
  await tcp.close();
});

function serve(endpoint: FakeEndpoint, refuses?: () => boolean) {
  const [near, far] = pair();
  const conn = new FakeConn(near);
  const closed: ConnectionClosed[] = [];
  const over = serveRaw(conn, endpoint, true, {
    clock: new FakeClock(),
    logger: silentLogger,
    restrictions: refuses && { refuses },
    onConnectionClosed: (event) => closed.push(event),
  });
  return { conn, visitor: new Peer(far), over, closed };
}

test("serveRaw() cuts a visitor that the account keeps out, before the agent hears of it", async () => {
  const endpoint = new FakeEndpoint("a.test", "tls");
  const { conn, over, closed } = serve(endpoint, () => true);
  await over;
  await conn.closed;
  assert.equal(closed[0].error?.code, "refused");
  assert.equal(endpoint.traffic.open, 0);
});

test("serveRaw() announces the visitor and counts its bytes", async () => {
  const endpoint = new FakeEndpoint("a.test", "tls");
  const { visitor, over, closed } = serve(endpoint);
  const agent = await endpoint.nextStream();
  assert.deepEqual(agent.visitor, {
    clientAddr: "192.0.2.7:50000",
    passthroughTls: true,
  });
  await visitor.send("abc");
  await agent.expect("abc");
  await agent.send("defgh");
  await visitor.expect("defgh");
  const counts = { requests: 1, open: 1, inBytes: 3, outBytes: 5 };
  assert.deepEqual(endpoint.traffic.counts(), counts);
  visitor.duplex.closeWrite();
  agent.duplex.closeWrite();
  await over;
  assert.deepEqual([closed[0].inBytes, closed[0].outBytes, closed[0].error], [
    3,
    5,
    undefined,
  ]);
  assert.deepEqual(endpoint.traffic.counts(), { ...counts, open: 0 });
});

test("serveRaw() cuts the visitor when no stream can be opened", async () => {
  const endpoint = new FakeEndpoint("a.test", "tcp");
  endpoint.refuses = new TunnelError("session_closed", "Gone");
  const { conn, visitor, over, closed } = serve(endpoint);
  await over;
  assert.equal(conn.aborted, true);
  assert.equal(closed[0].error?.code, "session_closed");
  await assert.rejects(visitor.readToEnd(), { code: "connection_reset" });
});

test("serveRaw() cancels the stream when the visitor is gone before it was opened", async () => {
  const endpoint = new FakeEndpoint("a.test", "tcp");
  const { visitor, over } = serve(endpoint);
  visitor.duplex.abort();
  await over;
  assert.deepEqual(endpoint.opened[0].stream.ends, ["fin", "rst 6"]);
});

/** A pool of fake endpoints that gives them in order. */
class FakePool extends FakeEndpoint {
  readonly members: FakeEndpoint[];

  constructor(...members: FakeEndpoint[]) {
    super("pool.test", "tcp");
    this.members = members;
  }

  pick(tried: ReadonlySet<Endpoint> = new Set()): FakeEndpoint | undefined {
    return this.members.find((member) => !tried.has(member));
  }
}

test("serveRaw() takes the next member of a pool when one does not take the stream", async () => {
  const gone = new FakeEndpoint("pool.test", "tcp");
  const full = new FakeEndpoint("pool.test", "tcp");
  const free = new FakeEndpoint("pool.test", "tcp");
  gone.refuses = new TunnelError("session_closed", "gone");
  full.refuses = new TunnelError("streams_exhausted", "full");
  const [near, far] = pair();
  const events: ConnectionClosed[] = [];
  const served = serveRaw(new FakeConn(near), new FakePool(gone, full, free), false, {
    clock: new FakeClock(),
    logger: silentLogger,
    onConnectionClosed: (event) => events.push(event),
  });
  const visitor = new Peer(far);
  await visitor.send("hello");
  const agent = await free.nextStream();
  await agent.expect("hello");
  visitor.duplex.closeWrite();
  agent.duplex.closeWrite();
  await served;
  assert.equal(events[0].endpoint, free);
  for (const { traffic } of [gone, full, free]) {
    assert.deepEqual([traffic.requests, traffic.open], [1, 0]);
  }
});

test("serveRaw() cuts the visitor when no member of a pool takes the stream, or one fails otherwise", async () => {
  const gone = new FakeEndpoint("pool.test", "tcp");
  const broken = new FakeEndpoint("pool.test", "tcp");
  const spared = new FakeEndpoint("pool.test", "tcp");
  gone.refuses = new TunnelError("session_closed", "gone");
  broken.refuses = new TunnelError("internal", "broken");
  for (const pool of [new FakePool(gone), new FakePool(broken, spared)]) {
    const conn = new FakeConn(pair()[0]);
    await serveRaw(conn, pool, false, { clock: new FakeClock(), logger: silentLogger });
    assert.equal(conn.aborted, true);
  }
  assert.equal(spared.opened.length, 0);
});

test("serveRaw() writes the PROXY header first when the endpoint wants one", async () => {
  const endpoint = new FakeEndpoint("a.test", "tcp", { ProxyProto: 1 });
  const { visitor, over } = serve(endpoint);
  const agent = await endpoint.nextStream();
  await visitor.send("SSH-2.0-x\r\n");
  await agent.expect(
    "PROXY TCP4 192.0.2.7 198.51.100.1 50000 80\r\nSSH-2.0-x\r\n",
  );
  visitor.duplex.abort();
  await over;
});

test("introduce() writes version 2 as binary, and nothing when nothing is wanted", () => {
  const conn = new FakeConn(pair()[0]);
  const binary = introduce(
    conn,
    new FakeEndpoint("a.test", "tcp", { ProxyProto: 2 }),
  )!;
  assert.equal(latin1Text(binary.subarray(0, 12)), "\r\n\r\n\0\r\nQUIT\n");
  assert.equal(binary.length, 28);
  for (const ProxyProto of [0, 3, null, "1"]) {
    assert.equal(
      introduce(conn, new FakeEndpoint("a.test", "tcp", { ProxyProto })),
      undefined,
    );
  }
});

test("formatAddress() puts IPv6 in brackets", () => {
  assert.equal(formatAddress({ host: "192.0.2.7", port: 1 }), "192.0.2.7:1");
  assert.equal(
    formatAddress({ host: "2001:db8::1", port: 1 }),
    "[2001:db8::1]:1",
  );
});
