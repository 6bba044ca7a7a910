import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { Pace } from "../../../lib/agent/pace.ts";

function pace(): Pace {
  return new Pace({ random: () => 1 });
}

test("Pace lets the first attempt after a session be immediate", () => {
  assert.equal(pace().afterLoss(0), 0);
  assert.equal(pace().afterLoss(60_000), 0);
});

test("Pace grows with each failure and starts again after a session that lasted", () => {
  const waits = pace();
  assert.equal(waits.afterLoss(60_000), 0);
  const failures = Array.from({ length: 6 }, () => waits.afterFailure());
  assert.deepEqual(failures, [500, 500, 500, 500, 500, 1_000], "a restart takes a moment");
  assert.equal(waits.afterLoss(4_999), 2_000, "a short session is no success");
  assert.equal(waits.afterLoss(5_000), 0);
  assert.equal(waits.afterFailure(), 500);
});
