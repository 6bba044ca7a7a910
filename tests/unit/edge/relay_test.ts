/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { cancelStream, relayRaw } from "../../../lib/edge/relay.ts";
import { Traffic } from "../../../lib/edge/traffic.ts";
import { FakeConn, FakeStream, Peer, settle } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

function stage(idleMs = 0) {
  const clock = new FakeClock();
  const [front, outside] = pair();
  const [near, inside] = pair();
  const conn = new FakeConn(front);
  const stream = new FakeStream(2, near);
  const traffic = new Traffic();
  const over = relayRaw(conn, stream, { clock, idleMs, traffic });
  return {
    clock,
    conn,
    stream,
    traffic,
    over,
    visitor: new Peer(outside),
    agent: new Peer(inside),
  };
}

test("relayRaw() passes bytes and both ends on, each way on its own", async () => {
  const { visitor, agent, over, stream, traffic } = stage();
  await visitor.send("question");
  visitor.duplex.closeWrite();
  assert.equal(await agent.readToEnd(), "question");
  assert.deepEqual(stream.ends, ["fin"]);
  await agent.send("answer");
  await settle();
  assert.deepEqual([traffic.inBytes, traffic.outBytes], [8, 6], "counted while it is open");
  agent.duplex.closeWrite();
  assert.equal(await visitor.readToEnd(), "answer");
  const moved = await over;
  assert.deepEqual([moved.forwardBytes, moved.backwardBytes, moved.error], [
    8,
    6,
    undefined,
  ]);
  assert.deepEqual(stream.ends, ["fin"]);
});

test("relayRaw() cancels the stream with FIN and RST when the visitor is gone", async () => {
  const { visitor, over, stream } = stage();
  await visitor.send("x");
  visitor.duplex.abort();
  assert.ok((await over).error);
  assert.deepEqual(stream.ends, ["fin", "rst 6"]);
});

test("relayRaw() aborts the visitor when the stream is reset", async () => {
  const { visitor, agent, over, conn } = stage();
  agent.duplex.abort();
  assert.ok((await over).error);
  assert.equal(conn.aborted, true);
  await assert.rejects(visitor.readToEnd(), { code: "connection_reset" });
});

test("relayRaw() cuts a connection without a byte either way, and no other", async () => {
  const { visitor, agent, over, stream, conn, clock } = stage(1000);
  for (let turn = 0; turn < 4; turn++) {
    await clock.advance(900);
    if (turn % 2) await visitor.send("x");
    else await agent.send("y");
    await settle();
  }
  assert.equal(conn.aborted, false);
  await clock.advance(1500);
  const { error } = await over;
  assert.equal(error?.code, "timed_out");
  assert.equal(conn.aborted, true);
  assert.deepEqual(stream.ends, ["fin", "rst 6"]);
  assert.equal(clock.pending, 0);
});

test("relayRaw() takes its timer back when the connection ends by itself", async () => {
  const { visitor, agent, over, clock } = stage(1000);
  visitor.duplex.closeWrite();
  agent.duplex.closeWrite();
  await over;
  assert.equal(clock.pending, 0);
});

test("cancelStream() asks for FIN before RST, also when there is no room for either", async () => {
  const [near] = pair({ highWaterBytes: 1 });
  const stream = new FakeStream(2, near);
  const waiting = Promise.resolve(stream.write(new Uint8Array(10)));
  cancelStream(stream);
  await assert.rejects(waiting);
  assert.deepEqual(stream.ends, ["fin", "rst 6"]);
});
