import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeText, encodeText } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { ConnectionQueue, passOn } from "../../../lib/agent/listen.ts";
import { Stage } from "../../fakes/agent_stage.ts";
import { readAll } from "../../fakes/edge.ts";

const FROM = { remote: { host: "192.0.2.7", port: 7 }, url: "tcp://a:1" };

/** A queue, and visitors. */
function scene(backlog?: number) {
  const clock = new FakeClock();
  const queue = new ConnectionQueue(clock, backlog);
  function visit(text = "") {
    const [visitor, conn] = pair();
    if (text) visitor.write(encodeText(text));
    queue.enter(conn, FROM);
    return visitor;
  }
  return { clock, queue, visit };
}

test("ConnectionQueue gives connections in order, to whoever waits first", async () => {
  const { queue, visit } = scene();
  visit("one");
  const first = await queue.accept();
  assert.equal(decodeText((await first!.read())!), "one");
  assert.deepEqual(first!.remote, FROM.remote);
  assert.equal(first!.url, "tcp://a:1");
  const waiting = [queue.accept(), queue.accept()];
  visit("two");
  visit("three");
  assert.equal(decodeText((await (await waiting[0])!.read())!), "two");
  assert.equal(decodeText((await (await waiting[1])!.read())!), "three");
});

test("ConnectionQueue refuses who comes when the backlog is full, and forgets who left", async () => {
  const { queue, visit } = scene(1);
  const first = visit();
  const refused = visit();
  await assert.rejects(async () => await refused.read(), { code: "connection_reset" });
  first.abort();
  await first.closed;
  visit("later");
  assert.equal(decodeText((await (await queue.accept())!.read())!), "later");
});

test("ConnectionQueue.accept() ends its wait with a signal, and takes nobody then", async () => {
  const { queue, visit } = scene();
  const stop = new AbortController();
  const given = queue.accept({ signal: stop.signal });
  visit("first");
  assert.equal(decodeText((await (await given)!.read())!), "first");
  const waiting = queue.accept({ signal: stop.signal });
  const next = queue.accept();
  stop.abort("enough");
  await assert.rejects(waiting, { code: "aborted", cause: "enough" });
  visit("second");
  assert.equal(decodeText((await (await next)!.read())!), "second");
  visit("third");
  await assert.rejects(queue.accept({ signal: stop.signal }), { code: "aborted" });
  assert.equal(decodeText((await (await queue.accept())!.read())!), "third");
});

test("ConnectionQueue.close() cuts who waits and ends every accept", async () => {
  const { queue, visit } = scene();
  const left = visit();
  queue.close();
  await assert.rejects(async () => await left.read());
  assert.equal(await queue.accept(), undefined);
  await assert.rejects(async () => await visit().read(), { code: "connection_reset" });
});

test("a connection that is disposed of says all it had to say, and hangs up on who goes on", async () => {
  const { clock, queue, visit } = scene();
  const visitor = visit("much more");
  const conn = (await queue.accept())!;
  conn.write(encodeText("bye"));
  const disposing = conn[Symbol.asyncDispose]();
  assert.equal(await readAll(visitor), "bye");
  await clock.advance(5_000); // the visitor never ends its side
  await disposing;
  assert.equal(clock.pending, 0);
});

test("a connection reads and writes as Web Streams", async () => {
  const { queue, visit } = scene();
  const visitor = visit("ping");
  const conn = (await queue.accept())!;
  const done = conn.readable.pipeTo(conn.writable);
  assert.equal(decodeText((await visitor.read())!), "ping");
  visitor.closeWrite();
  assert.equal(await visitor.read(), undefined);
  await done;
  await conn.closed;
});

test("passOn() joins with a service, or lets the visitor know that there is none", async () => {
  const { queue, visit } = scene();
  const visitor = visit("hi");
  const [service, ours] = pair();
  const passing = passOn((await queue.accept())!, () => Promise.resolve(ours));
  assert.equal(decodeText((await service.read())!), "hi");
  service.closeWrite();
  visitor.closeWrite();
  await service.read();
  await passing;
  const unlucky = visit();
  await passOn(
    (await queue.accept())!,
    () => Promise.reject(new TunnelError("connection_refused", "Nobody")),
  );
  await assert.rejects(async () => await unlucky.read(), { code: "connection_reset" });
});

test("listen() of an agent takes visitors one by one until its endpoint is closed", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const endpoint = await agent.listen({ name: "raw", forwardsTo: "my program" });
  assert.equal(endpoint.proto, "tcp");
  assert.equal(endpoint.upstream, "my program");
  const visitor = stage.edge.session.visit({ Id: endpoint.id }, encodeText("hello"));
  const served: string[] = [];
  const serving = (async () => {
    for await (const conn of endpoint) {
      served.push(`${conn.remote.host} ${decodeText((await conn.read())!)}`);
      conn.write(encodeText("world"));
      await conn[Symbol.asyncDispose]();
    }
  })();
  const answer = readAll(visitor);
  await stage.until(() => served.length === 1);
  assert.equal(await answer, "world");
  visitor.closeWrite();
  await stage.clock.advance(0);
  assert.deepEqual(served, ["192.0.2.7 hello"]);
  const closing = endpoint.close();
  await stage.clock.advance(1_000);
  await closing;
  await serving;
  await stage.stop();
  assert.equal(stage.clock.pending, 0);
});

test("forwardTo() sends those who wait and those to come to a service", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const endpoint = await agent.listen();
  const early = stage.edge.session.visit({ Id: endpoint.id }, encodeText("early"));
  await stage.clock.advance(0);
  const heard: string[] = [];
  const door = await stage.runtime.net.listen({
    host: "localhost",
    port: 9000,
    onConnection: async (conn) => {
      heard.push(decodeText((await conn.read())!));
      conn.abort();
    },
  });
  await endpoint.forwardTo(9000);
  assert.equal(endpoint.upstream, "tcp://localhost:9000");
  stage.edge.session.visit({ Id: endpoint.id }, encodeText("late"));
  await stage.until(() => heard.length === 2);
  assert.deepEqual(heard, ["early", "late"]);
  early.abort();
  await door.close();
  await stage.stop();
});

test("an endpoint ends with its signal, before and after it is online", async () => {
  const stage = new Stage();
  const agent = await stage.connect();
  const stop = new AbortController();
  const endpoint = await agent.listen({ signal: stop.signal });
  stop.abort();
  await endpoint.closed;
  await assert.rejects(agent.forward({ addr: 80, signal: stop.signal }), { code: "aborted" });
  await stage.stop();
});
