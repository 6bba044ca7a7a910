/** @module */
import assert from "node:assert/strict";
import { FakeAgentApi } from "../../../fakes/agent_api.ts";
import {
  CHART_BOX,
  CHART_MS,
  dotsOf,
  durationY,
  statusKind,
} from "../../../../lib/ui/inspector/chart.ts";
import { test } from "../../../harness.ts";

const api = new FakeAgentApi();

test("statusKind() tells how it went", () => {
  const kinds = [101, 204, 302, 404, 500].map((status) =>
    statusKind({ status, state: "complete" })
  );
  assert.deepEqual(kinds, ["good", "good", "moved", "warn", "bad"]);
  assert.equal(statusKind({ status: null, state: "open" }), "open");
  assert.equal(statusKind({ status: 200, state: "cut" }), "bad");
});

test("durationY() is logarithmic and stays in the box", () => {
  assert.deepEqual([1, 100_000, 0, 1e9].map(durationY), [CHART_BOX.height, 0, CHART_BOX.height, 0]);
  assert.equal(durationY(10) - durationY(100), durationY(100) - durationY(1_000));
});

test("dotsOf() places what came lately, and leaves the rest out", () => {
  const now = Date.now();
  const exchanges = [
    api.make({ agoMs: 0 }),
    api.make({ status: null, agoMs: 10 }),
    api.make({ agoMs: CHART_MS / 2 }),
    api.make({ agoMs: CHART_MS + 1_000 }),
  ];
  const dots = dotsOf(exchanges, now);
  assert.deepEqual(dots.map(({ id }) => id), [exchanges[0].id, exchanges[2].id]);
  assert.ok(dots[0].x > CHART_BOX.width - 2 && Math.abs(dots[1].x - CHART_BOX.width / 2) < 2);
  const many = Array.from({ length: 5_000 }, () => exchanges[0]);
  assert.equal(dotsOf(many, now).length, 400);
});
