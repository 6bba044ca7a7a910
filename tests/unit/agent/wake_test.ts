import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { watchForMove, watchForWake } from "../../../lib/agent/wake.ts";

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

test("watchForMove() tells each change of addresses once, and no other order of them", async () => {
  const clock = new FakeClock();
  let links: Record<string, string[]> = { lo: ["127.0.0.1"], eth0: ["192.0.2.1", "2001:db8::1"] };
  let changes = 0;
  const stop = watchForMove(clock, () => links, () => changes++);
  links = { eth0: ["2001:db8::1", "192.0.2.1"], lo: ["127.0.0.1"] };
  await clock.advance(20_000);
  assert.equal(changes, 0);
  links = { lo: ["127.0.0.1"], wlan0: ["198.51.100.1"] };
  await clock.advance(20_000);
  assert.equal(changes, 1);
  links = { lo: ["127.0.0.1"] };
  await clock.advance(5_000);
  assert.equal(changes, 2);
  stop();
  assert.equal(clock.pending, 0);
});
