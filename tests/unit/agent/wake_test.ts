import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { watchForWake } from "../../../lib/agent/wake.ts";

class LeapingClock extends FakeClock {
  wallLeapMs = 0;
  steadyLeapMs = 0;

  override now(): number {
    return super.now() + this.wallLeapMs;
  }

  override steady(): number {
    return super.steady() + this.steadyLeapMs;
  }
}

test("watchForWake() tells a leap of either reading once, and no ordinary delay", async () => {
  const clock = new LeapingClock();
  const gaps: number[] = [];
  const stop = watchForWake(clock, (gapMs) => gaps.push(gapMs));
  await clock.advance(60_000);
  assert.deepEqual(gaps, []);
  clock.wallLeapMs += 9_999;
  await clock.advance(5_000);
  assert.deepEqual(gaps, []);
  clock.wallLeapMs += 10_000;
  await clock.advance(5_000);
  clock.steadyLeapMs += 3_600_000;
  await clock.advance(60_000);
  assert.deepEqual(gaps, [10_000, 3_600_000]);
  clock.wallLeapMs -= 3_600_000;
  await clock.advance(5_000);
  assert.equal(gaps.length, 2, "a clock set back is no sleep");
  stop();
  assert.equal(clock.pending, 0);
});
