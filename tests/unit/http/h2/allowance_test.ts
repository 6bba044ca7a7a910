/** How often something may happen. */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { Allowance } from "../../../../lib/http/h2/allowance.ts";
import { test } from "../../../harness.ts";

test("Allowance gives its burst, then what grows back, and never more than the burst", async () => {
  const clock = new FakeClock();
  const allowance = new Allowance(clock, 3, 2);
  const count = () => {
    let count = 0;
    while (allowance.spend()) count++;
    return count;
  };
  assert.equal(count(), 3);
  assert.equal(count(), 0);
  await clock.advance(1000);
  assert.equal(count(), 2);
  await clock.advance(60_000);
  assert.equal(count(), 3);
});
