/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { STREAM } from "../../../lib/wire/messages.ts";
import { AgentsSide } from "../../fakes/agents_side.ts";
import { test } from "../../harness.ts";

test("Agents cuts a connection that does not authenticate in time", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  await side.clock.advance(9_999);
  assert.equal((await Promise.race([agent.closed, "open"])) === "open", true);
  await side.clock.advance(1);
  await agent.closed;
  assert.deepEqual(side.events, []);
  await side.close();
  assert.equal(side.clock.pending, 0);
});

test("Agents answers heartbeats before Auth", async () => {
  const side = await AgentsSide.create();
  const agent = side.connect();
  const beat = agent.mux.ping(1_000);
  await side.settle();
  assert.equal(typeof await beat, "number");
  await side.close();
});

test("Agents tells of sessions that come and go", async () => {
  const side = await AgentsSide.create();
  const { agent, answer } = await side.agent();
  const [session] = side.agents.sessions;
  assert.equal(side.agents.session(session.id), session);
  agent.abort();
  await session.closed;
  await side.settle();
  assert.deepEqual(side.agents.sessions, []);
  assert.equal(side.agents.session(session.id), undefined);
  const [started, ended] = side.events;
  assert.deepEqual(started, {
    type: "session_started",
    atMs: 1_000_000,
    sessionId: session.id,
    clientId: answer["ClientId"],
    accountId: "ac_1",
    resumed: false,
    remote: "192.0.2.1:4000",
    userAgent: "ngrok-javascript/1.7.0 ngrok-rust/0.18.0",
    tokenId: "cr_one",
    agentVersion: "1.7.0",
    os: "linux",
    arch: "x86_64",
    metadata: "",
    protocolVersion: "3",
  });
  assert.match(session.id, /^ts_[0-9A-Za-z]{27}$/);
  assert.equal(ended.type, "session_ended");
  await side.close();
});

test("Agents.cut() takes what a session serves offline at once, and nothing else", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const { agent: other } = await side.agent("two");
  const bound = await agent.bind("https");
  const kept = await other.bind("https");
  const [session] = side.agents.sessions;
  side.agents.cut(session, new TunnelError("refused", "The authtoken was revoked"));
  side.agents.cut(session, new TunnelError("refused", "Said twice"));
  assert.equal(side.registry.byId(bound.Id), undefined);
  assert.equal(session.isOpen, false);
  assert.throws(() => session.openCommand(5, new Uint8Array(1)), /session/);
  await side.settle();
  await session.closed;
  await side.settle();
  assert.equal(side.agents.session(session.id), undefined);
  assert.ok(side.registry.byId(kept.Id));
  const ended = side.events.find((event) => event.type === "session_ended")!;
  assert.equal(ended.reason, "The authtoken was revoked");
  assert.equal(ended.tokenId, "cr_one");
  await side.close();
});

test("Agents.cut() is heard by an agent that listens, as a goodbye", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const [session] = side.agents.sessions;
  side.agents.cut(session, new TunnelError("refused", "The authtoken was revoked"));
  await side.settle();
  const { goAway } = await agent.closed;
  assert.equal(goAway?.text, "The authtoken was revoked");
  await side.settle();
  assert.deepEqual(side.agents.sessions, []);
  await side.close();
});

test("Agents tells who was let in", async () => {
  const admitted: string[] = [];
  const side = await AgentsSide.create({
    onAdmitted: (session) => admitted.push(session.grant.tokenId),
  });
  await side.agent("two");
  const stranger = side.connect();
  await stranger.auth({ AuthToken: "nobody's" });
  assert.deepEqual(admitted, ["cr_two"]);
  await side.close();
});

test("Agents takes a second Auth for a fault and ends the session", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const answer = await agent.auth({ AuthToken: "one" });
  assert.match(String(answer["Error"]), /twice[^]*ERR_NGROK_109/);
  await side.clock.advance(2_000);
  await agent.closed;
  await side.close();
});

test("Agents drops a session that falls silent, and its endpoints with it", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("https");
  assert.ok(side.registry.byId(bound.Id));
  agent.freeze();
  // Interval 10 s and tolerance 15 s, as announced in Auth.
  await side.clock.advance(24_000);
  assert.ok(side.registry.byId(bound.Id));
  await side.clock.advance(12_000);
  assert.equal(side.registry.byId(bound.Id), undefined);
  const last = side.events[side.events.length - 1];
  assert.ok(last.type === "session_ended" && /silent/.test(last.reason ?? ""));
  await side.close();
});

test("Agents expires a session by the agent's own heartbeat settings", async () => {
  const side = await AgentsSide.create();
  const second = 1_000_000_000;
  const times = {
    HeartbeatInterval: 2 * second,
    HeartbeatTolerance: 3 * second,
  };
  const { agent } = await side.agent("one", times);
  agent.freeze();
  await side.clock.advance(7_000);
  assert.deepEqual(side.agents.sessions, []);
  await side.close();
});

test("Agents keeps a session that answers, however long nothing else happens", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  for (let minute = 0; minute < 10; minute++) await side.clock.advance(60_000);
  assert.equal(side.agents.sessions.length, 1);
  assert.equal((await agent.bind("https")).Error, "");
  await side.close();
});

test("Agents turns agents away when there are too many", async () => {
  const side = await AgentsSide.create({ maxSessions: 1, maxPending: 2 });
  await side.agent();
  const second = side.connect();
  const answer = await second.auth({ AuthToken: "one" });
  assert.match(String(answer["Error"]), /ERR_NGROK_743/);
  const third = side.connect();
  const fourth = side.connect();
  // The second and the third wait; for the fourth there is no room.
  await fourth.closed;
  assert.equal(
    await Promise.race([third.closed.then(() => "closed"), "open"]),
    "open",
  );
  await side.close();
});

test("Agents.close() lets visitors finish, then says goodbye and closes", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("tcp");
  const endpoint = side.registry.byId(bound.Id)!;
  const stream = await endpoint.openStream({
    clientAddr: "1.2.3.4:5",
    passthroughTls: false,
  });
  const visitor = await agent.nextVisitor();

  let isClosed = false;
  const closed = side.agents.close(30_000).then(() => isClosed = true);
  await side.clock.advance(1_000);
  assert.equal(isClosed, false);
  const refused = await agent.bind("https");
  assert.match(refused.Error!, /ERR_NGROK_742/);
  await side.connect().closed;

  await visitor.stream.closeWrite();
  await stream.closeWrite();
  await side.clock.advance(0);
  const end = await agent.closed;
  assert.equal(end.goAway?.code, 0);
  await side.clock.advance(2_000);
  await closed;
  assert.equal(side.registry.size, 0);
});

test("Agents.close() does not wait for a visitor longer than the grace", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("tcp");
  const endpoint = side.registry.byId(bound.Id)!;
  await endpoint.openStream({ clientAddr: "1.2.3.4:5", passthroughTls: false });
  let isClosed = false;
  const closed = side.agents.close(30_000).then(() => isClosed = true);
  await side.clock.advance(29_000);
  assert.equal(isClosed, false);
  await side.clock.advance(3_000);
  await closed;
  await agent.closed;
});

test("Agents.close() does not wait for streams of http endpoints, which their door has drained", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const bound = await agent.bind("https");
  const endpoint = side.registry.byId(bound.Id)!;
  await endpoint.openStream({ clientAddr: "1.2.3.4:5", passthroughTls: false });
  const closed = side.agents.close(30_000);
  await side.clock.advance(1_000);
  await closed;
  await agent.closed;
});

test("Agents survives streams of every type, known or not, before and after Auth", async () => {
  const side = await AgentsSide.create();
  const { agent } = await side.agent();
  const early = side.connect();
  for (const peer of [early, agent]) {
    for (
      const type of [
        STREAM.proxy,
        STREAM.stop,
        STREAM.stopTunnel,
        42,
        0x7fffffff,
      ]
    ) {
      const stream = peer.mux.open(type, new Uint8Array([1, 2, 3]));
      await assert.rejects(async () => await stream.read(), /refused/);
    }
  }
  assert.equal((await agent.bind("https")).Error, "");
  await side.close();
});
