/** @module */
import assert from "node:assert/strict";
import { TunnelError } from "../../../lib/base/errors.ts";
import { EndpointPool, mayGoElsewhere } from "../../../lib/edge/endpoint_pool.ts";
import { FOREIGN_502 } from "../../fakes/foreign_502.ts";
import { PoolStage, readAnswer, requestOf } from "../../fakes/pool_stage.ts";
import { test } from "../../harness.ts";

const VISITOR = { clientAddr: "1.2.3.4:5", passthroughTls: false };

function poolOf(stage: PoolStage): EndpointPool {
  const pool = stage.side.registry.find("http", "pool.example.com");
  assert.ok(pool instanceof EndpointPool);
  return pool;
}

test("EndpointPool gives each of several equal members its share, request by request", async () => {
  const stage = await PoolStage.create(4);
  const { peer, visit } = stage.visit();
  for (let count = 0; count < 400; count++) {
    await peer.send(requestOf());
    assert.match(await readAnswer(peer), /^200 m\d$/);
  }
  peer.duplex.closeWrite();
  await visit.over;
  for (const served of stage.served) assert.ok(served > 60 && served < 140, String(stage.served));
  // One connection of one visitor, and the stream to each member is kept from request to request.
  assert.deepEqual(stage.members.map(({ streams }) => streams), [1, 1, 1, 1]);
  await stage.close();
});

test("EndpointPool shifts weight away from a slow member, and back when it has recovered", async () => {
  const stage = await PoolStage.create(2);
  const [slow, fast] = stage.members;
  const run = async (count: number) => {
    const before = stage.served;
    for (let done = 0; done < count; done++) {
      const asked = stage.ask();
      for (let step = 0; step < 25; step++) await stage.clock.advance(10);
      assert.match(await asked, /^200/);
    }
    return stage.served.map((served, index) => served - before[index]);
  };
  slow.delayMs = 200;
  fast.delayMs = 10;
  await run(5);
  const [ofSlow, ofFast] = await run(100);
  assert.ok(ofSlow < 15, `${ofSlow} of ${ofSlow + ofFast}`);
  slow.delayMs = 10;
  // What it was is forgotten within a minute or so.
  await stage.clock.advance(60_000);
  await run(20);
  const [recovered] = await run(100);
  assert.ok(recovered > 25, String(recovered));
  await stage.close();
});

test("EndpointPool does not send more to a member that is busy", async () => {
  const stage = await PoolStage.create(2);
  const pool = poolOf(stage);
  const [busy, idle] = pool.members;
  for (let count = 0; count < 20; count++) busy.pooled!.load.begin(stage.clock.steady());
  const chosen = Array.from({ length: 100 }, () => pool.pick());
  assert.ok(chosen.filter((member) => member === idle).length > 95);
  await stage.close();
});

test("EndpointPool passes over members without room, whatever they cost", async () => {
  const stage = await PoolStage.create(2, { maxStreamsRust: 3 });
  const pool = poolOf(stage);
  const [full, free] = pool.members;
  for (let count = 0; count < 3; count++) await full.openStream(VISITOR);
  for (let count = 0; count < 100; count++) free.pooled!.load.begin(0);
  for (let count = 0; count < 50; count++) assert.equal(pool.pick(), free);
  await stage.close();
});

test("EndpointPool.openStream() takes the next member when one is gone, and says so when all are", async () => {
  const stage = await PoolStage.create(3);
  const pool = poolOf(stage);
  const [first, second, third] = stage.members;
  first.agent.abort();
  second.agent.abort();
  await stage.side.settle();
  for (let count = 0; count < 10; count++) await pool.openStream(VISITOR);
  await stage.side.settle();
  assert.equal(third.streams, 10);
  third.agent.abort();
  await stage.side.settle();
  await assert.rejects(
    pool.openStream(VISITOR),
    (error: TunnelError) => error.code === "session_closed",
  );
  assert.equal(pool.url, "http://pool.example.com");
  await stage.close();
});

test("EndpointPool asks a frozen agent, lets another member answer, and comes back to it", async () => {
  const stage = await PoolStage.create(2);
  const [frozen, healthy] = stage.members;
  frozen.agent.freeze();
  const asked = Array.from({ length: 40 }, () => stage.ask());
  await stage.clock.advance(0);
  const stuck = 40 - healthy.served;
  assert.ok(stuck > 0);
  // A second of patience, two for the ping: nobody waits longer, and nobody sees an error.
  await stage.clock.advance(1_000);
  await stage.clock.advance(2_000);
  for (const answer of await Promise.all(asked)) assert.equal(answer, "200 m1");
  assert.equal(healthy.served, 40);
  const retried = stage.events.filter(({ retries }) => retries === 1);
  assert.equal(retried.length, stuck);
  // Its share has dried up: nobody waits at all.
  for (let count = 0; count < 50; count++) assert.equal(await stage.ask(), "200 m1");
  frozen.agent.thaw();
  await stage.clock.advance(10_000);
  const before = frozen.served;
  for (let count = 0; count < 60; count++) await stage.ask();
  assert.ok(frozen.served - before > 10, String(frozen.served - before));
  await stage.close();
});

test("EndpointPool leaves no POST waiting for a frozen agent until the heartbeat ends", async () => {
  const stage = await PoolStage.create(2);
  for (const { agent } of stage.members) agent.freeze();
  const asked = stage.ask("POST");
  await stage.clock.advance(1_000);
  await stage.clock.advance(2_000);
  await stage.clock.advance(3_000);
  assert.match(await asked, /^502 .* does not answer[^]*ERR_NGROK_3210/);
  // It was sent to one of them, and it is not known what became of it.
  assert.equal(stage.events[0].retries, undefined);
  await stage.close();
});

test("EndpointPool leaves what may have happened to whom it was sent: a POST is not sent twice", async () => {
  const stage = await PoolStage.create(2);
  for (const member of stage.members) member.does = "reset";
  assert.match(await stage.ask("POST"), /^502/);
  assert.match(await stage.ask("PUT", "body"), /^502/);
  assert.equal(stage.members[0].heads.length + stage.members[1].heads.length, 2);
  assert.match(await stage.ask("GET"), /^502/);
  assert.equal(stage.members[0].heads.length + stage.members[1].heads.length, 4);
  await stage.close();
});

test("EndpointPool sends a request with a body elsewhere while none of it has left", async () => {
  const stage = await PoolStage.create(2);
  const [gone, there] = stage.members;
  // The session is known to be over only when it is used.
  const session = stage.side.agents.sessions[0];
  session.openProxy = () => {
    throw new TunnelError("session_closed", "just now");
  };
  for (let count = 0; count < 10; count++) {
    assert.equal(await stage.ask("POST", "some body"), "200 m1");
  }
  assert.equal(there.served, 10);
  assert.equal(gone.streams, 0);
  await stage.close();
});

test("EndpointPool asks another member when the service of one is down, and tells when all are", async () => {
  const stage = await PoolStage.create(3);
  const [down, other, third] = stage.members;
  down.does = "down";
  for (let count = 0; count < 60; count++) assert.match(await stage.ask(), /^200 m[12]$/);
  // It fails fast, and that is not what makes a member dear.
  assert.ok(down.served < 6, String(down.served));
  other.does = third.does = "down";
  assert.equal(await stage.ask(), "502 down");
  // What may not be repeated gets the agent's own words at once.
  const asked = stage.members.reduce((sum, { heads }) => sum + heads.length, 0);
  assert.equal(await stage.ask("POST"), "502 down");
  assert.equal(stage.members.reduce((sum, { heads }) => sum + heads.length, 0), asked + 1);
  await stage.close();
});

test("EndpointPool knows the 502 of every foreign agent from one of the service", async () => {
  const stage = await PoolStage.create(2);
  const [down, up] = stage.members;
  down.does = "down";
  for (const answer of FOREIGN_502) {
    // Whoever failed is dear for a while; it is asked again soon enough.
    await stage.clock.advance(60_000);
    down.downAnswer = answer;
    const before = down.served;
    for (let count = 0; count < 400 && down.served === before; count++) {
      assert.equal(await stage.ask(), "200 m1", answer);
    }
    assert.ok(down.served > before, answer);
  }
  assert.ok(up.served >= FOREIGN_502.length);
  // A service that says 502 itself has said it.
  up.does = "down";
  down.downAnswer = up.downAnswer = "HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n" +
    "Content-Length: 3\r\n\r\nown";
  const asked = down.served + up.served;
  assert.equal(await stage.ask(), "502 own");
  assert.equal(down.served + up.served, asked + 1);
  await stage.close();
});

test("EndpointPool loses no idempotent request when a member is killed under load", async () => {
  const stage = await PoolStage.create(3);
  for (const member of stage.members) member.delayMs = 20;
  const asked = Array.from({ length: 150 }, () => stage.ask());
  await stage.clock.advance(10);
  stage.members[0].agent.abort();
  const more = Array.from({ length: 50 }, () => stage.ask());
  await stage.clock.advance(10);
  for (let step = 0; step < 20; step++) await stage.clock.advance(10);
  for (const answer of await Promise.all([...asked, ...more])) assert.match(answer, /^200 m[12]$/);
  assert.ok(stage.events.some(({ retries }) => retries === 1));
  await stage.close();
});

test("EndpointPool lets requests under way end when a member unbinds, and sends it no more", async () => {
  const stage = await PoolStage.create(2);
  const [leaving, staying] = stage.members;
  for (const member of stage.members) member.delayMs = 1_000;
  const asked = Array.from({ length: 20 }, () => stage.ask());
  await stage.clock.advance(500);
  await leaving.agent.unbind(leaving.bound.Id);
  const later = Array.from({ length: 10 }, () => stage.ask());
  await stage.clock.advance(500);
  await stage.clock.advance(1_000);
  const answers = await Promise.all(asked);
  assert.ok(answers.includes("200 m0") && answers.includes("200 m1"));
  for (const answer of await Promise.all(later)) assert.equal(answer, "200 m1");
  assert.equal(staying.served + leaving.served, 30);
  await stage.close();
});

test("EndpointPool dissolves to the endpoint that is left, and forms again", async () => {
  const stage = await PoolStage.create(2);
  const { registry } = stage.side;
  const pool = poolOf(stage);
  const [first, second] = pool.members;
  await stage.members[0].agent.unbind(stage.members[0].bound.Id);
  assert.equal(registry.find("http", "pool.example.com"), second);
  assert.deepEqual([first.pooled, second.pooled], [undefined, undefined]);
  assert.equal(await stage.ask(), "200 m1");
  await stage.join("m2");
  assert.equal(poolOf(stage).members.length, 2);
  assert.ok(second.pooled);
  await stage.close();
});

test("EndpointPool keeps a visitor's streams to a few members, and lets them go in the end", async () => {
  const stage = await PoolStage.create(8);
  const { peer, visit } = stage.visit();
  for (let count = 0; count < 100; count++) {
    await peer.send(requestOf());
    await readAnswer(peer);
  }
  const open = () => stage.side.agents.sessions.reduce((sum, one) => sum + one.openStreams, 0);
  await stage.clock.advance(5_000);
  assert.ok(open() <= 4, String(open()));
  peer.duplex.closeWrite();
  await visit.over;
  await stage.clock.advance(5_000);
  assert.equal(open(), 0);
  await stage.close();
});

test("EndpointPool has the policy of the chosen member run, and no other", async () => {
  const stage = await PoolStage.create(1);
  const deny = { type: "deny", config: { status_code: 418 } };
  const TrafficPolicy = JSON.stringify({ on_http_request: [{ actions: [deny] }] });
  const strict = await stage.join("m1", { opts: { TrafficPolicy } });
  assert.equal(strict.bound.Error, "");
  const statuses = new Map<string, number>();
  for (let count = 0; count < 100; count++) {
    const status = (await stage.ask()).slice(0, 3);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  // What a policy refuses is refused: no other member is asked instead.
  assert.equal(statuses.get("200"), stage.members[0].served);
  assert.equal(statuses.get("418"), 100 - stage.members[0].served);
  assert.ok(stage.members[0].served > 20 && stage.members[0].served < 80);
  assert.equal(strict.served, 0);
  assert.ok(stage.events.every(({ retries }) => retries === undefined));
  await stage.close();
});

test("mayGoElsewhere() holds for what happens before a byte has left", () => {
  const codes = ["session_closed", "streams_exhausted", "timed_out"] as const;
  for (const code of codes) assert.equal(mayGoElsewhere(new TunnelError(code, "x")), true);
  assert.equal(mayGoElsewhere(new TunnelError("internal", "x")), false);
});
