/** @module */
import assert from "node:assert/strict";
import { Traffic } from "../../../lib/edge/traffic.ts";
import { test } from "../../harness.ts";

test("Traffic.counts() is what stood there at that moment, as plain data", () => {
  const traffic = new Traffic();
  traffic.begin();
  traffic.begin();
  traffic.end();
  traffic.inBytes += 5;
  traffic.outBytes += 7;
  const counts = traffic.counts();
  assert.deepEqual(counts, { requests: 2, open: 1, inBytes: 5, outBytes: 7 });
  traffic.end();
  assert.equal(counts.open, 1);
  assert.deepEqual(structuredClone(counts), counts);
});
