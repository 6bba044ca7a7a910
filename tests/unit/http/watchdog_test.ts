/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { Watchdog } from "../../../lib/http/watchdog.ts";
import { test } from "../../harness.ts";

function stage() {
  const clock = new FakeClock();
  const fired: number[] = [];
  const startMs = clock.now();
  const watchdog = new Watchdog(clock, () => fired.push(clock.now() - startMs));
  return { clock, watchdog, fired };
}

test("Watchdog calls back once, when its time is over", async () => {
  const { clock, watchdog, fired } = stage();
  watchdog.set(100);
  await clock.advance(1000);
  assert.deepEqual(fired, [100]);
  assert.equal(clock.pending, 0);
});

test("Watchdog is moved by touch() without another timer", async () => {
  const { clock, watchdog, fired } = stage();
  watchdog.set(100);
  for (let turn = 0; turn < 10; turn++) {
    await clock.advance(60);
    watchdog.touch();
    assert.equal(clock.pending, 1);
  }
  await clock.advance(99);
  assert.deepEqual(fired, []);
  await clock.advance(1);
  assert.deepEqual(fired, [700]);
});

test("Watchdog takes a shorter limit at once and a longer one when the timer looks", async () => {
  const { clock, watchdog, fired } = stage();
  watchdog.set(1000);
  watchdog.set(10);
  await clock.advance(9);
  watchdog.set(500);
  await clock.advance(499);
  assert.deepEqual(fired, []);
  await clock.advance(1);
  assert.deepEqual(fired, [509]);
});

test("Watchdog is off at 0 and after stop()", async () => {
  const { clock, watchdog, fired } = stage();
  watchdog.set(10);
  watchdog.set(0);
  await clock.advance(100);
  watchdog.set(10);
  watchdog.stop();
  watchdog.touch();
  await clock.advance(100);
  assert.deepEqual(fired, []);
  assert.equal(clock.pending, 0);
});
