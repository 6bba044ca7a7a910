import assert from "node:assert/strict";
import { EndpointMetrics } from "../../../lib/agent/metrics.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { test } from "../../harness.ts";

test("EndpointMetrics counts what begins and measures what is over, each series for itself", async () => {
  const clock = new FakeClock();
  const { conns, http } = new EndpointMetrics(clock);
  for (let count = 0; count < 10; count++) conns.begun();
  for (const durationMs of [1, 2, 3]) conns.over(durationMs);
  await clock.advance(5_000);
  assert.deepEqual(conns.read(), {
    ...{ count: 10, rate1: 2, rate5: 2, rate15: 2, p50: 2, p90: 3, p95: 3, p99: 3 },
  });
  assert.deepEqual(http.read(), {
    ...{ count: 0, rate1: 0, rate5: 0, rate15: 0, p50: 0, p90: 0, p95: 0, p99: 0 },
  });
});
