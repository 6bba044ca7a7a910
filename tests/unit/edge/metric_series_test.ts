import assert from "node:assert/strict";
import { OTHER, Series, SeriesTable } from "../../../lib/edge/metric_series.ts";
import { Traffic } from "../../../lib/edge/traffic.ts";
import { test } from "../../harness.ts";

test("Series keeps the bytes of an endpoint that went offline", () => {
  const series = new Series("https://a.test", "ac_1");
  const [first, second] = [new Traffic(), new Traffic()];
  series.join("1", first);
  series.join("2", second);
  Object.assign(first, { inBytes: 10, outBytes: 1, open: 1 });
  Object.assign(second, { inBytes: 5, outBytes: 2, open: 2 });
  assert.deepEqual([series.inBytes, series.outBytes, series.open], [15, 3, 3]);
  series.leave("1");
  series.leave("1");
  assert.deepEqual([series.inBytes, series.outBytes, series.open], [15, 3, 2]);
});

test("Series counts exchanges by class, and those without a whole answer apart", () => {
  const series = new Series("x", "ac_1");
  for (const status of [101, 200, 204, 302, 404, 503, undefined, 999]) series.exchange(status, 20);
  assert.deepEqual(series.byStatus, [1, 2, 1, 1, 1, 2]);
  assert.equal(series.latency.count, 8);
});

test("SeriesTable counts what is beyond its limit together, until somebody has gone", () => {
  const table = new SeriesTable({ maxSeries: 2, forgetMs: 1_000 });
  for (const name of ["a", "b"]) table.take(name, "ac_1", 0).hold();
  assert.equal(table.take("c", "ac_1", 0).name, OTHER);
  assert.deepEqual(table.all(0).map(({ name }) => name), ["a", "b", OTHER]);
  table.take("a", "ac_1", 5).letGo(5);
  const c = table.take("c", "ac_1", 6);
  assert.equal(c.name, "c");
  assert.ok(!table.has("a", "ac_1"));
  assert.ok(table.has("c", "ac_1"));
});

test("SeriesTable forgets a name some time after its last holder has gone", () => {
  const table = new SeriesTable({ maxSeries: 9, forgetMs: 1_000 });
  const series = table.take("a", "ac_1", 0);
  series.hold();
  series.hold();
  series.letGo(10);
  assert.equal(table.all(5_000).length, 1);
  series.letGo(5_000);
  assert.equal(table.all(5_999).length, 1);
  assert.equal(table.all(6_000).length, 0);
  assert.notEqual(table.take("a", "ac_1", 6_000), series);
});

test("SeriesTable tells equal names of two accounts apart", () => {
  const table = new SeriesTable({ maxSeries: 9, forgetMs: 1_000 });
  assert.notEqual(table.take("a", "ac_1", 0), table.take("a", "ac_2", 0));
});
