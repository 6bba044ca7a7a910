import assert from "node:assert/strict";
import { Exposition, Histogram } from "../../../lib/edge/exposition.ts";
import { readPrometheus } from "../../fakes/prometheus.ts";
import { test } from "../../harness.ts";

test("Exposition writes families whose names, labels and help are escaped", () => {
  const page = new Exposition();
  page.family("a_total", "counter", "With a \\ and\na line end.");
  page.sample(3, { name: 'q"u\\o\nte' });
  page.sample(undefined, { name: "left out" });
  page.family("b", "gauge", "B.");
  page.sample(0.25);
  assert.equal(
    page.text,
    "# HELP a_total With a \\\\ and\\na line end.\n# TYPE a_total counter\n" +
      'a_total{name="q\\"u\\\\o\\nte"} 3\n# HELP b B.\n# TYPE b gauge\nb 0.25\n',
  );
  assert.equal(readPrometheus(page.text).size, 2);
});

test("Histogram counts what is equal to a bound below it, and the rest in the last bucket", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
  assert.deepEqual(histogram.counts, [2, 1, 1]);
  const page = new Exposition();
  page.family("h", "histogram", "H.");
  page.histogram(histogram, { of: "x" });
  const samples = readPrometheus(page.text);
  assert.deepEqual([...samples], [
    ['h_bucket{of="x",le="0.1"}', 2],
    ['h_bucket{of="x",le="1"}', 3],
    ['h_bucket{of="x",le="+Inf"}', 4],
    ['h_sum{of="x"}', 7.65],
    ['h_count{of="x"}', 4],
  ]);
});
