/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { MemberLoad } from "../../../lib/edge/balance.ts";
import type { Pooled } from "../../../lib/edge/endpoint.ts";
import { KeptStream } from "../../../lib/edge/kept_stream.ts";
import { FakeEndpoint, type OpenedStream, settle } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

async function stage() {
  const clock = new FakeClock();
  const endpoint = new FakeEndpoint("a.test");
  const slot = new KeptStream({ clock, lingerMs: 5000, freshMs: 1000 });
  const stream = await endpoint.openStream({
    clientAddr: "192.0.2.7:1",
    passthroughTls: false,
  });
  const kept = slot.adopt(endpoint, stream);
  const agent: OpenedStream = endpoint.opened[0];
  return { clock, endpoint, slot, kept, agent };
}

test("KeptStream gives the stream out once", async () => {
  const { slot, kept, endpoint } = await stage();
  assert.equal(slot.take(endpoint, true), undefined);
  slot.keep(kept);
  assert.equal(slot.holds, true);
  assert.equal(slot.take(endpoint, true), kept);
  assert.equal(slot.holds, false);
});

test("KeptStream lets go of a stream to another endpoint", async () => {
  const { slot, kept, agent } = await stage();
  slot.keep(kept);
  assert.equal(slot.take(new FakeEndpoint("b.test"), true), undefined);
  assert.deepEqual(agent.stream.ends, ["fin"]);
});

test("KeptStream gives a stream that was idle for long only to requests that can be repeated", async () => {
  const { slot, kept, clock, endpoint } = await stage();
  slot.keep(kept);
  await clock.advance(999);
  assert.equal(slot.take(endpoint, false), kept);
  slot.keep(kept);
  await clock.advance(1000);
  assert.equal(slot.take(endpoint, true), kept);
  slot.keep(kept);
  await clock.advance(1000);
  assert.equal(slot.take(endpoint, false), undefined);
});

test("KeptStream answers the end of an idle stream with its own", async () => {
  const { slot, kept, agent, clock } = await stage();
  slot.keep(kept);
  agent.duplex.closeWrite();
  await settle();
  assert.equal(slot.holds, false);
  assert.deepEqual(agent.stream.ends, ["fin"]);
  assert.equal(clock.pending, 0);
});

test("KeptStream cancels an idle stream that says something nobody asked for", async () => {
  const { slot, kept, agent } = await stage();
  slot.keep(kept);
  await agent.send("HTTP/1.1 200 OK\r\n");
  await settle();
  assert.equal(slot.holds, false);
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("KeptStream.retire() says FIN, and RST when the agent does not end its side", async () => {
  const { slot, kept, agent, clock } = await stage();
  slot.retire(kept);
  await clock.advance(4999);
  assert.deepEqual(agent.stream.ends, ["fin"]);
  await clock.advance(1);
  assert.deepEqual(agent.stream.ends, ["fin", "rst 6"]);
});

test("KeptStream.retire() takes its timer back when the agent ends its side", async () => {
  const { slot, kept, agent, clock } = await stage();
  slot.retire(kept);
  agent.duplex.closeWrite();
  assert.equal(await agent.readToEnd(), "");
  await settle();
  assert.equal(clock.pending, 0);
  assert.deepEqual(agent.stream.ends, ["fin"]);
});

test("KeptStream keeps one stream to each of a few members of a pool", async () => {
  const { clock, slot } = await stage();
  const pooled = { load: new MemberLoad(), doubtMs: 1, doubtAnswerMs: 1 };
  const members = Array.from({ length: 5 }, () => {
    const member: FakeEndpoint & { pooled?: Pooled } = new FakeEndpoint("pool.test");
    member.pooled = pooled;
    return member;
  });
  const kept = [];
  for (const member of members) {
    const stream = await member.openStream({ clientAddr: "192.0.2.7:1", passthroughTls: false });
    const agentStream = slot.adopt(member, stream);
    assert.equal(slot.take(member, true), undefined);
    slot.keep(agentStream);
    kept.push(agentStream);
  }
  // The oldest of five is let go.
  assert.deepEqual(members.map(({ opened }) => opened[0].stream.ends.length), [1, 0, 0, 0, 0]);
  for (const at of [4, 2, 1, 3]) assert.equal(slot.take(members[at], true), kept[at]);
  assert.equal(slot.holds, false);
  for (const at of [1, 2, 3]) slot.keep(kept[at]);
  // Too old for what must not be repeated.
  await clock.advance(1_000);
  assert.equal(slot.take(members[1], false), undefined);
  // One that ends is forgotten, whichever it is.
  members[2].opened[0].duplex.closeWrite();
  await settle();
  assert.equal(slot.take(members[2], true), undefined);
  assert.equal(slot.holds, true);
  slot.letGo();
  assert.equal(slot.holds, false);
  assert.deepEqual(members.map(({ opened }) => opened[0].stream.ends[0]), [
    "fin",
    "fin",
    "fin",
    "fin",
    undefined,
  ]);
});
