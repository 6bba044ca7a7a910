import assert from "node:assert/strict";
import { setInterval } from "node:timers";
import { nodeClock } from "../../../lib/runtime/node_clock.ts";
import { test } from "../../harness.ts";

test("nodeClock.now() is the wall clock and steady() the performance clock", () => {
  assert.ok(Math.abs(nodeClock.now() - Date.now()) < 1_000);
  assert.ok(Math.abs(nodeClock.steady() - performance.now()) < 1_000);
});

test("nodeClock.after() of more than a timer holds can be taken back", async () => {
  const alive = setInterval(() => {}, 1_000);
  const timer = nodeClock.after(2 ** 31 + 5, () => assert.fail("a month has not passed"));
  await new Promise<void>((resolve) => void nodeClock.after(5, resolve));
  timer.cancel();
  clearInterval(alive);
});

test("nodeClock.turnEnd() comes after promises and before a timer that is due later", async () => {
  const alive = setInterval(() => {}, 1_000);
  const order: string[] = [];
  const later = new Promise<void>((resolve) => {
    nodeClock.after(20, () => {
      order.push("timer");
      resolve();
    });
  });
  nodeClock.turnEnd(() => order.push("turn end"));
  Promise.resolve().then(() => order.push("promise"));
  await later;
  clearInterval(alive);
  assert.deepEqual(order, ["promise", "turn end", "timer"]);
});
