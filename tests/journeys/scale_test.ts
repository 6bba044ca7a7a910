/**
 * Many idle agents on one edge: what each costs stays bounded, and nobody is forgotten. The whole
 * number is measured by `scripts/scale.ts`.
 */
import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { describeScale, measureScale } from "../../scripts/scale/measure.ts";

/** As many as a small machine connects in a few seconds. */
const AGENTS = 300;

/** Far above what was ever measured, far below what a leak or a buffer of 256 KiB each way costs. */
const MAX_BYTES_PER_AGENT = 512 * 1024;

test("S87 S116 scale: 300 idle agents cost little memory, and every heartbeat is answered", async () => {
  const heartbeatMs = 1_000;
  const report = await measureScale({ agents: AGENTS, heartbeatMs, idleMs: 6_000 });
  // deno-lint-ignore no-console -- the numbers belong into the log of every run
  console.log(describeScale(report));
  assert.equal(report.online, AGENTS);
  assert.equal(report.answered, AGENTS);
  assert.equal(report.lost, 0);
  // A machine that is busy answers late: two of six in time are enough to be sure of all.
  assert.ok(report.fewestBeats >= 2, `${report.fewestBeats} beats`);
  assert.ok(report.bytesPerAgent < MAX_BYTES_PER_AGENT, `${report.bytesPerAgent} bytes an agent`);
  assert.equal(report.visits, "10/10");
});
