import assert from "node:assert/strict";
import { metricsOf } from "../../../../lib/api/agent/metrics_json.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { test } from "../../../harness.ts";
import { FakeAgent } from "./kit.ts";

test("metricsOf() gives rates a second and percentiles in nanoseconds", async () => {
  const clock = new FakeClock();
  const endpoint = await new FakeAgent(clock).forward({ addr: 80 });
  endpoint.metrics.conns.begun();
  endpoint.metrics.conns.over(1.5);
  await clock.advance(5_000);
  const { conns, http } = metricsOf(endpoint);
  const half = 1_500_000;
  assert.deepEqual(conns, {
    ...{ count: 1, gauge: 0, rate1: 0.2, rate5: 0.2, rate15: 0.2 },
    ...{ p50: half, p90: half, p95: half, p99: half },
  });
  assert.deepEqual(Object.keys(conns).slice(0, 2), ["count", "gauge"]);
  assert.equal("gauge" in http, false);
});
