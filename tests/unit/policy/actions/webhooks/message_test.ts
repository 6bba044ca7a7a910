/** @module */
import assert from "node:assert/strict";
import {
  DEFAULT_TOLERANCE_MS,
  refuted,
  staleness,
} from "../../../../../lib/policy/actions/webhooks/message.ts";
import { test } from "../../../../harness.ts";

test("staleness() knows seconds, milliseconds and dates, with and without a zone", () => {
  const nowMs = Date.UTC(2024, 0, 2, 3, 4, 5);
  assert.equal(staleness(String(nowMs / 1000), "s", nowMs), undefined);
  assert.equal(staleness(String(nowMs), "ms", nowMs), undefined);
  assert.equal(staleness("2024-01-02T03:04:05.000Z", "iso", nowMs), undefined);
  assert.equal(staleness("2024-01-02T03:04:05", "iso", nowMs), undefined);
  assert.equal(staleness("2024-01-02T05:04:05+02:00", "iso", nowMs), undefined);
  assert.match(staleness("2024-01-02T05:04:05", "iso", nowMs)!, /more than 180 seconds off/);
});

test("staleness() does not take for a time what is none", () => {
  for (const text of ["", " 1", "1e9", "0x10", "NaN", "Infinity", "1.5", "9".repeat(17)]) {
    assert.equal(staleness(text, "s", 0, Infinity), "its timestamp is no time", text);
  }
  assert.equal(staleness("tomorrow", "iso", 0, Infinity), "its timestamp is no time");
});

test("staleness() allows the bound itself", () => {
  assert.equal(staleness("0", "ms", DEFAULT_TOLERANCE_MS), undefined);
  assert.notEqual(staleness("0", "ms", DEFAULT_TOLERANCE_MS + 1), undefined);
});

test("refuted() carries its reason", () => {
  assert.deepEqual(refuted("because"), { verified: false, reason: "because" });
});
