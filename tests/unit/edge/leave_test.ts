/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { pair } from "../../../lib/base/duplex.ts";
import { leave } from "../../../lib/edge/leave.ts";
import { FakeConn, Peer } from "../../fakes/edge_visit.ts";
import { test } from "../../harness.ts";

test("leave() reads on until the peer ends too, so that nothing said is lost", async () => {
  const clock = new FakeClock();
  const [near, far] = pair();
  const conn = new FakeConn(near);
  const peer = new Peer(far);
  const left = leave(conn, clock, 1000);
  assert.equal(await peer.readToEnd(), "");
  for (let turn = 0; turn < 5; turn++) await peer.send("x".repeat(65536));
  far.closeWrite();
  await left;
  assert.equal(conn.aborted, false);
  assert.equal(clock.pending, 0);
});

test("leave() cuts a peer that does not end in time", async () => {
  const clock = new FakeClock();
  const [near] = pair();
  const conn = new FakeConn(near);
  const left = leave(conn, clock, 1000);
  await clock.advance(999);
  assert.equal(conn.aborted, false);
  await clock.advance(1);
  assert.equal(conn.aborted, true);
  await left;
});

test("leave() does not mind a peer that is gone", async () => {
  const [near, far] = pair();
  far.abort();
  await leave(near, new FakeClock(), 1000);
});
