/** @module */
import assert from "node:assert/strict";
import { measure, STILL } from "../../../../lib/ui/admin/rates.ts";
import type { Live } from "../../../../lib/ui/admin/model.ts";
import { test } from "../../../harness.ts";

function moment(atMs: number, counters: Record<string, [number, number, number, number]>): Live {
  return {
    at_ms: atMs,
    edge: {
      domain: "x",
      version: "1",
      started_at_ms: 0,
      connect_address: null,
      has_ca: false,
    },
    endpoints: Object.entries(counters).map(([id, [requests, open, inBytes, outBytes]]) => ({
      id,
      requests,
      open,
      in_bytes: inBytes,
      out_bytes: outBytes,
    })),
    sessions: [],
  };
}

test("measure() divides what was counted by the time between", () => {
  const before = moment(1_000, { a: [10, 1, 100, 1_000], b: [5, 0, 0, 0] });
  const now = moment(3_000, { a: [14, 2, 300, 5_000], b: [5, 3, 0, 0] });
  const { total, byEndpoint } = measure(before, now);
  assert.deepEqual(byEndpoint.get("a"), { requests: 2, inBytes: 100, outBytes: 2_000, open: 2 });
  assert.deepEqual(byEndpoint.get("b"), { ...STILL, open: 3 });
  assert.deepEqual(total, { requests: 2, inBytes: 100, outBytes: 2_000, open: 5 });
});

test("measure() knows no rate at first sight, nor when time stood still", () => {
  const now = moment(3_000, { a: [14, 2, 300, 5_000] });
  assert.deepEqual(measure(undefined, now).total, { ...STILL, open: 2 });
  assert.deepEqual(measure(now, now).total, { ...STILL, open: 2 });
});

test("measure() takes an endpoint that came online in between from nothing, and no rate below it", () => {
  const before = moment(0, { a: [100, 0, 100, 100] });
  const now = moment(2_000, { a: [10, 0, 0, 50], b: [8, 1, 0, 0] });
  const { byEndpoint } = measure(before, now);
  assert.deepEqual(byEndpoint.get("a"), STILL, "the edge was started anew");
  assert.equal(byEndpoint.get("b")!.requests, 4);
});
