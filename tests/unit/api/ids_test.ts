import assert from "node:assert/strict";
import { IdMaker } from "../../../lib/api/ids.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { test } from "../../harness.ts";

test("IdMaker gives ids that sort in the order of their making, within one second too", async () => {
  const clock = new FakeClock(1_790_000_000_000);
  const maker = new IdMaker(clock);
  const ids: string[] = [];
  for (let i = 0; i < 2_000; i++) {
    ids.push(maker.ksuid());
    if (i % 500 === 499) await clock.advance(1_000);
  }
  assert.deepEqual(ids, [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9A-Za-z]{27}$/);
});

test("IdMaker does not go back when the clock does, and cannot be foreseen", () => {
  let nowMs = 1_790_000_000_000;
  const clock = Object.assign(new FakeClock(), { now: () => nowMs });
  const [one, other] = [new IdMaker(clock), new IdMaker(clock)];
  const first = one.ksuid();
  nowMs -= 3_600_000;
  const second = one.ksuid();
  assert.ok(second > first);
  assert.notEqual(second, other.ksuid());
  // A step of 1 would tell the next id to whoever has seen one: 64 random bits are eleven characters.
  assert.notEqual(first.slice(0, 24), second.slice(0, 24));
  assert.match(one.id("rd"), /^rd_[0-9A-Za-z]{27}$/);
});
