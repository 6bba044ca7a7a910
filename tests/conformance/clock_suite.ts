/**
 * What every clock must do.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Clock } from "../../lib/base/clock.ts";
import { test } from "../harness.ts";

/** The clock under test. */
export interface ClockSubject {
  /** What the test names begin with. */
  readonly name: string;
  /** A fresh clock. */
  clock(): Clock;
  /** Lets `forMs` pass on that clock. */
  pass(clock: Clock, forMs: number): Promise<void>;
  /** Keeps the process alive through a test in which nothing but a timer is under way. */
  keepAlive(): () => void;
}

/** Declares the suite. */
export function clockSuite({ name, clock: make, pass, keepAlive }: ClockSubject): void {
  test(`${name}: after() fires once, and not before its time`, async () => {
    const release = keepAlive();
    const clock = make();
    const startMs = clock.steady();
    const firedAtMs: number[] = [];
    clock.after(30, () => firedAtMs.push(clock.steady()));
    assert.deepEqual(firedAtMs, []);
    await pass(clock, 60);
    assert.equal(firedAtMs.length, 1);
    // timers count whole milliseconds: one may be cut off
    assert.ok(firedAtMs[0] - startMs >= 29, `${firedAtMs[0] - startMs} ms`);
    release();
  });

  test(`${name}: after() fires in the order of the delays`, async () => {
    const release = keepAlive();
    const clock = make();
    const order: number[] = [];
    for (const delayMs of [40, 5, 20]) clock.after(delayMs, () => order.push(delayMs));
    await pass(clock, 80);
    assert.deepEqual(order, [5, 20, 40]);
    release();
  });

  test(`${name}: cancel() takes a timer back, and is harmless afterwards`, async () => {
    const release = keepAlive();
    const clock = make();
    let fired = 0;
    const kept = clock.after(1, () => fired++);
    const cancelled = clock.after(1, () => fired += 100);
    cancelled.cancel();
    cancelled.cancel();
    await pass(clock, 20);
    kept.cancel();
    assert.equal(fired, 1);
    release();
  });

  test(`${name}: after() of a month or of for ever does not fire at once`, async () => {
    const release = keepAlive();
    const clock = make();
    const timers = [40 * 24 * 3_600_000, Infinity].map((delayMs) =>
      clock.after(delayMs, () => assert.fail(`${delayMs} ms have not passed`))
    );
    await pass(clock, 20);
    for (const timer of timers) timer.cancel();
    release();
  });

  test(`${name}: turnEnd() runs after the promises of this turn, in order, without a timer`, async () => {
    const clock = make();
    const order: string[] = [];
    const ended = new Promise<void>((resolve) => {
      clock.turnEnd(() => order.push("first"));
      clock.turnEnd(() => {
        order.push("second");
        resolve();
      });
    });
    order.push("now");
    await ended;
    assert.deepEqual(order, ["now", "first", "second"]);
  });

  test(`${name}: now() is a date and steady() never runs backwards`, () => {
    const clock = make();
    assert.ok(Number.isFinite(clock.now()));
    let beforeMs = clock.steady();
    for (let reading = 0; reading < 1_000; reading++) {
      const nowMs = clock.steady();
      assert.ok(nowMs >= beforeMs);
      beforeMs = nowMs;
    }
  });
}
