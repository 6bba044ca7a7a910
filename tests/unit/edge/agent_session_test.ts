/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { AgentSession } from "../../../lib/edge/agent_session.ts";
import type { ProxyHeader } from "../../../lib/wire/messages.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

const VISITOR = { clientAddr: "1.2.3.4:5", passthroughTls: false };

test("AgentSession opens a visitor's stream with type and header in one frame", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("tls");
  const endpoint = side.registry.byId(bound.Id)!;
  const stream = await endpoint.openStream({
    clientAddr: "[::1]:9",
    passthroughTls: true,
  });
  await stream.write(new TextEncoder().encode("hello"));
  const visitor = await agent.nextVisitor();
  assert.deepEqual(visitor.header, {
    Id: bound.Id,
    ClientAddr: "[::1]:9",
    Proto: "tls",
    EdgeType: "0",
    PassthroughTLS: true,
  });
  assert.equal(new TextDecoder().decode(await visitor.stream.read()), "hello");
  await side.close();
});

test("AgentSession keeps a Rust SDK below its limit and lets visitors wait their turn", async () => {
  const side = await AgentsSide.create({
    maxStreamsRust: 3,
    maxWaitingStreams: 2,
  });
  const { agent } = await side.agent();
  const bound = await agent.bind("https");
  const endpoint = side.registry.byId(bound.Id)!;
  const open = await Promise.all(
    [1, 2, 3].map(() => endpoint.openStream(VISITOR)),
  );
  const fourth = endpoint.openStream(VISITOR);
  const fifth = endpoint.openStream(VISITOR);
  await assert.rejects(
    endpoint.openStream(VISITOR),
    (error: TunnelError) => error.code === "streams_exhausted",
  );
  await side.settle();
  assert.equal(agent.visitors.length, 3);
  open[1].reset(6);
  await fourth;
  await side.settle();
  assert.equal(agent.visitors.length, 4);
  const tooLate = assert.rejects(
    fifth,
    (error: TunnelError) => error.code === "timed_out",
  );
  await side.clock.advance(5_000);
  await tooLate;
  await side.close();
});

test("AgentSession gives places back however a stream ends", async () => {
  const side = await AgentsSide.create({
    maxStreamsRust: 1,
    maxWaitingStreams: 0,
  });
  const { agent } = await side.agent();
  const bound = await agent.bind("https");
  const endpoint = side.registry.byId(bound.Id)!;
  const [session] = side.agents.sessions;
  const endings: ((
    near: { reset(code: number): void; closeWrite(): unknown },
    far: typeof near,
  ) => void)[] = [
    (near, far) => {
      near.closeWrite();
      far.closeWrite();
    },
    (near) => near.reset(6),
    (_near, far) => far.reset(4),
  ];
  for (const end of endings) {
    const stream = await endpoint.openStream(VISITOR);
    assert.equal(session.openStreams, 1);
    const visitor = await agent.nextVisitor();
    end(stream, visitor.stream);
    await stream.closed;
    await side.settle();
    assert.equal(session.openStreams, 0);
  }
  await side.close();
});

test("AgentSession lets Sallyport and Go agents have many visitors", async () => {
  for (const UserAgent of ["sallyport/0.1.0", "ngrok-go/2.1.4"]) {
    const side = await AgentsSide.create({
      maxStreamsRust: 2,
      maxWaitingStreams: 0,
    });
    const { agent } = await side.agent("one", { UserAgent });
    const bound = await agent.bind("https");
    const endpoint = side.registry.byId(bound.Id)!;
    for (let count = 0; count < 50; count++) await endpoint.openStream(VISITOR);
    await side.settle();
    assert.equal(agent.visitors.length, 50);
    await side.close();
  }
});

test("AgentSession fails visitors that wait when the session ends", async () => {
  const side = await AgentsSide.create({ maxStreamsRust: 1 });
  const { agent } = await side.agent();
  const bound = await agent.bind("https");
  const endpoint = side.registry.byId(bound.Id)!;
  const stream = await endpoint.openStream(VISITOR);
  const waiting = assert.rejects(
    endpoint.openStream(VISITOR),
    (error: TunnelError) => error.code === "session_closed",
  );
  await agent.nextVisitor();
  agent.abort();
  await waiting;
  await assert.rejects(async () => await stream.read());
  await side.close();
});

test("AgentSession says whether its agent is alive", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const [session] = side.agents.sessions;
  assert.equal(await session.isAlive(2_000), true);
  agent.freeze();
  const asked = session.isAlive(2_000);
  await side.clock.advance(2_000);
  assert.equal(await asked, false);
  agent.abort();
  await session.closed;
  assert.equal(await session.isAlive(2_000), false);
  assert.equal(session.isOpen, false);
  await side.close();
});

test("AgentSession measures the way to its agent", async () => {
  const side = await AgentsSide.create();
  await side.agent();
  await side.settle();
  const [session] = side.agents.sessions;
  assert.equal(session.latencyMs, 0);
  await side.close();
});

test("AgentSession cannot be asked who it is before Auth", async () => {
  const clock = new FakeClock();
  const [near] = pair();
  const session = new AgentSession(near, {
    clock,
    bounds: {
      maxStreams: 1,
      maxStreamsRust: 1,
      maxWaitingStreams: 0,
      streamWaitMs: 0,
      maxPeerStreams: 1,
    },
    remote: { host: "192.0.2.1", port: 1 },
    order: 1,
    id: "ts_1",
    onStream: () => {},
  });
  assert.equal(session.facts, undefined);
  assert.throws(() => session.clientId, /has not authenticated/);
  await assert.rejects(async () => await session.openProxy({} as ProxyHeader));
  session.abort(new TunnelError("aborted", "done"));
  await session.closed;
});

test("AgentSession.cut() waits half a second for the agent to go, then ends the connection itself", async () => {
  const clock = new FakeClock();
  // The other side neither reads nor closes.
  const [near] = pair();
  const session = new AgentSession(near, {
    clock,
    bounds: {
      maxStreams: 10,
      maxStreamsRust: 10,
      maxWaitingStreams: 0,
      streamWaitMs: 0,
      maxPeerStreams: 10,
    },
    remote: { host: "192.0.2.1", port: 1 },
    order: 1,
    id: "ts_1",
    onStream: () => {},
  });
  let isOver = false;
  void session.closed.then(() => isOver = true);
  const reason = new TunnelError("refused", "revoked");
  session.cut(reason);
  session.cut(new TunnelError("refused", "again"));
  assert.equal(session.cutReason, reason);
  assert.equal(session.isOpen, false);
  await clock.advance(499);
  assert.equal(isOver, false);
  await clock.advance(1);
  assert.equal(isOver, true);
  assert.equal(clock.pending, 0);
});

test("AgentSession.regrant() changes what the agent may bind from now on, and nothing it has", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("https", { Domain: "a.example.com" });
  const [session] = side.agents.sessions;
  session.regrant({ ...session.grant, acl: ["bind:b.example.com"] });
  assert.match(
    (await agent.bind("https", { Domain: "c.example.com" })).Error ?? "",
    /ERR_NGROK_316/,
  );
  assert.equal((await agent.bind("https", { Domain: "b.example.com" })).Error, "");
  assert.ok(side.registry.byId(bound.Id));
  await side.close();
});
