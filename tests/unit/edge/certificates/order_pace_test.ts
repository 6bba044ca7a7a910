/** @module */
import assert from "node:assert/strict";
import { OrderPace } from "../../../../lib/edge/certificates/order_pace.ts";
import { test } from "../../../harness.ts";

const HOUR_MS = 3_600_000;

test("OrderPace.take() counts each account and all together, by the hour", () => {
  const pace = new OrderPace({ perHour: 3, perAccountHour: 2 });
  assert.equal(pace.take("a", 0), 0);
  assert.equal(pace.take("a", 10), 0);
  assert.equal(pace.take("a", 20), HOUR_MS - 20);
  assert.equal(pace.take("b", 20), 0);
  assert.equal(pace.take("b", 30), HOUR_MS - 30);
  assert.equal(pace.take(undefined, 30), HOUR_MS - 30);
  // What was refused did not count.
  assert.equal(pace.take("a", HOUR_MS), 0);
  assert.equal(pace.take(undefined, HOUR_MS + 10), 0);
});

test("OrderPace.take() has no limit where it is 0", () => {
  const pace = new OrderPace({ perHour: 0, perAccountHour: 0 });
  for (let order = 0; order < 1_000; order++) assert.equal(pace.take(`a${order % 3}`, 0), 0);
});
