/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { StreamSlots } from "../../../lib/edge/stream_slots.ts";
import { test } from "../../harness.ts";

function slots(
  clock = new FakeClock(),
): { slots: StreamSlots; clock: FakeClock } {
  const made = new StreamSlots({
    clock,
    maxOpen: 2,
    maxWaiting: 2,
    waitMs: 1_000,
  });
  return { slots: made, clock };
}

test("StreamSlots gives free places at once, without a promise", () => {
  const { slots: places } = slots();
  assert.equal(places.take(), undefined);
  assert.equal(places.take(), undefined);
  assert.equal(places.open, 2);
});

test("StreamSlots gives a freed place to the one that waits longest", async () => {
  const { slots: places, clock } = slots();
  places.take();
  places.take();
  const order: string[] = [];
  const first = Promise.resolve(places.take()).then(() => order.push("first"));
  const second = Promise.resolve(places.take()).then(() => order.push("second"));
  assert.equal(places.load, 4);
  places.release();
  await first;
  assert.deepEqual(order, ["first"]);
  assert.equal(places.open, 2);
  places.release();
  await second;
  assert.equal(clock.pending, 0);
  places.release();
  places.release();
  assert.equal(places.open, 0);
});

test("StreamSlots lets nobody wait longer than the limit, nor more than the limit", async () => {
  const { slots: places, clock } = slots();
  places.take();
  places.take();
  const late = assert.rejects(
    Promise.resolve(places.take()),
    (error: TunnelError) => error.code === "timed_out",
  );
  const other = assert.rejects(Promise.resolve(places.take()));
  assert.throws(
    () => places.take(),
    (error: TunnelError) => error.code === "streams_exhausted",
  );
  await clock.advance(1_000);
  await late;
  await other;
  assert.equal(places.load, 2);
  places.release();
  assert.equal(places.take(), undefined);
});

test("StreamSlots tells everybody when the session is over", async () => {
  const { slots: places, clock } = slots();
  places.take();
  places.take();
  const gone = new TunnelError("session_closed", "gone");
  const waiting = assert.rejects(Promise.resolve(places.take()), gone);
  places.shut(gone);
  await waiting;
  assert.throws(() => places.take(), gone);
  assert.equal(clock.pending, 0);
});
