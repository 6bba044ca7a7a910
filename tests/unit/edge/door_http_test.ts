/** @module */
import assert from "node:assert/strict";
import { FakeClock, systemClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { silentLogger } from "../../../lib/base/log.ts";
import { HttpVisitors, openHttpDoor } from "../../../lib/edge/door_http.ts";
import { Mounts } from "../../../lib/edge/mounts.ts";
import { MemoryNet } from "../../../lib/runtime/memory.ts";
import {
  FakeConn,
  FakeEndpoint,
  fakeTable,
  FORWARDED_GET,
  GET,
  OK,
  Peer,
  settle,
} from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

function stage() {
  const clock = new FakeClock();
  const endpoint = new FakeEndpoint("a.test");
  const visitors = new HttpVisitors({
    endpoints: fakeTable(endpoint),
    clock,
    logger: silentLogger,
  });
  function arrive() {
    const [near, far] = pair();
    const conn = new FakeConn(near);
    visitors.admit(conn, "http");
    return { conn, visitor: new Peer(far) };
  }
  return { clock, endpoint, visitors, arrive };
}

test("openHttpDoor() serves visitors over a network, however their bytes are cut", async () => {
  const net = new MemoryNet({ clock: systemClock, chunking: 1 });
  const endpoint = new FakeEndpoint("a.test");
  const visitors = new HttpVisitors({
    endpoints: fakeTable(endpoint),
    clock: systemClock,
    logger: silentLogger,
  });
  const door = await openHttpDoor({
    net,
    host: "192.0.2.7",
    port: 80,
    visitors,
  });
  const visitor = new Peer(
    await net.from("192.0.2.7").connect({ host: "192.0.2.7", port: 80 }),
  );
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.expect(FORWARDED_GET);
  await agent.send(OK);
  await visitor.expect(OK);
  assert.equal(visitors.size, 1);
  await door.close();
  await visitor.send(GET);
  await agent.expect(FORWARDED_GET);
  await agent.send(OK);
  await visitor.expect(OK);
  visitor.duplex.closeWrite();
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "");
  await settle();
  assert.equal(visitors.size, 0);
});

test("HttpVisitors.drain() waits for what is under way, and lets nobody in", async () => {
  const { clock, endpoint, visitors, arrive } = stage();
  const { visitor } = arrive();
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  await agent.readHead();
  let drained = false;
  const drain = visitors.drain(10_000).then(() => drained = true);
  await clock.advance(5_000);
  assert.equal(drained, false);
  assert.equal(arrive().conn.aborted, true);
  await agent.send(OK);
  assert.match(await visitor.readToEnd(), /\r\nConnection: close\r\n\r\nok$/);
  visitor.duplex.closeWrite();
  await drain;
  assert.equal(visitors.size, 0);
});

test("HttpVisitors.drain() cuts what is not over when its time is", async () => {
  const { clock, endpoint, visitors, arrive } = stage();
  const { visitor, conn } = arrive();
  await visitor.send(GET);
  const agent = await endpoint.nextStream();
  const drain = visitors.drain(10_000);
  await clock.advance(10_000);
  await drain;
  assert.equal(conn.aborted, true);
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("HttpVisitors gives a TLS connection for a mounted name to who serves it", async () => {
  const clock = new FakeClock();
  const mounts = new Mounts();
  const served: string[] = [];
  const over = Promise.withResolvers<void>();
  const calls: string[] = [];
  mounts.mount("api.test", (conn, scheme) => {
    served.push(`${scheme} ${conn.tls?.serverName}`);
    return {
      over: over.promise,
      drain: () => {
        calls.push("drain");
        over.resolve();
      },
      abort: () => calls.push("abort"),
    };
  });
  const endpoint = new FakeEndpoint("web.test", "https");
  const visitors = new HttpVisitors({
    endpoints: fakeTable(endpoint),
    mounts,
    clock,
    logger: silentLogger,
  });
  const [api] = pair();
  visitors.admit(new FakeConn(api, "API.test"), "https");
  assert.deepEqual(served, ["https API.test"]);
  const [near, far] = pair();
  visitors.admit(new FakeConn(near, "web.test"), "https");
  const visitor = new Peer(far);
  await visitor.send("GET / HTTP/1.1\r\nHost: web.test\r\n\r\n");
  await (await endpoint.nextStream()).readHead();
  assert.equal(visitors.size, 2);
  await Promise.all([visitors.drain(0), clock.advance(0)]);
  assert.deepEqual(calls, ["drain"]);
  assert.equal(visitors.size, 0);
});

test("HttpVisitors.admitTo() takes a visitor of somebody else in, and lets nobody in while closing", async () => {
  const { clock, visitors } = stage();
  const aborted: boolean[] = [];
  const over = Promise.withResolvers<void>();
  const serve = () => ({
    over: over.promise,
    drain: () => {},
    abort: () => {
      aborted.push(true);
      over.resolve();
    },
  });
  visitors.admitTo(serve, new FakeConn(pair()[0]), "http");
  assert.equal(visitors.size, 1);
  const drain = visitors.drain(1_000);
  await clock.advance(1_000);
  await drain;
  assert.deepEqual(aborted, [true]);
  const late = new FakeConn(pair()[0]);
  visitors.admitTo(() => assert.fail(), late, "http");
  assert.equal(late.aborted, true);
});
