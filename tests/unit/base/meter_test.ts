import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { Meter, Samples } from "../../../lib/base/meter.ts";
import { test } from "../../harness.ts";

test("Meter settles at a steady rate, the short average first", async () => {
  const clock = new FakeClock();
  const meter = new Meter(clock);
  await clock.advance(5_000);
  assert.deepEqual(meter.read(), { count: 0, rate1: 0, rate5: 0, rate15: 0 });
  for (let second = 0; second < 60; second++) {
    meter.mark();
    meter.mark();
    await clock.advance(1_000);
  }
  const { count, rate1, rate5, rate15 } = meter.read();
  assert.equal(count, 120);
  // After a minute at 2 a second: 2 (1 - 1/e), 2 (1 - e^-0.2), 2 (1 - e^-(1/15)).
  assert.deepEqual([rate1, rate5, rate15].map((rate) => rate.toFixed(3)), [
    "1.264",
    "0.363",
    "0.129",
  ]);
});

test("Meter forgets with time, whether somebody looks or not", async () => {
  const looked = new FakeClock();
  const left = new FakeClock();
  const [one, two] = [new Meter(looked), new Meter(left)];
  for (const meter of [one, two]) for (let count = 0; count < 50; count++) meter.mark();
  for (let second = 0; second < 600; second++) {
    await looked.advance(1_000);
    one.read();
  }
  await left.advance(600_000);
  const [a, b] = [one.read(), two.read()];
  for (const key of ["rate1", "rate5", "rate15"] as const) {
    assert.ok(Math.abs(a[key] - b[key]) < 1e-9, key);
  }
  assert.ok(a.rate1 < 0.001 && a.rate15 > a.rate5 && a.rate5 > a.rate1);
  await left.advance(2 ** 31);
  assert.ok(two.read().rate15 < 1e-12);
});

test("Samples.percentiles() interpolates few values, and looks at the latest of many", () => {
  const samples = new Samples();
  assert.deepEqual(samples.percentiles(), { p50: 0, p90: 0, p95: 0, p99: 0 });
  samples.add(7);
  assert.deepEqual(samples.percentiles(), { p50: 7, p90: 7, p95: 7, p99: 7 });
  samples.add(1);
  assert.equal(samples.percentiles().p50, 4);
  for (let count = 0; count < 5_000; count++) samples.add(count);
  const { p50, p99 } = samples.percentiles();
  assert.ok(p50 > 4_400 && p50 < 4_600 && p99 > 4_980 && p99 < 5_000);
});
