import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { TunnelError } from "../../../../lib/base/errors.ts";
import { findingOf, StageFailure, Stages } from "../../../../lib/cli/diagnose/stages.ts";
import { test } from "../../../harness.ts";

test("Stages.run() keeps how each stage ended, and how long it took", async () => {
  const clock = new FakeClock();
  const stages = new Stages("Edge", clock);
  const value = await stages.run("One", 8000, async () => {
    await clock.advance(20);
    return { value: 7, detail: "fine" };
  });
  assert.equal(value, 7);
  const finding = { err: "old", causes: [], facts: {} };
  await stages.run("Two", 8002, () => Promise.resolve({ value: 1, warnings: [finding] }));
  const nothing = await stages.run(
    "Three",
    8003,
    () => Promise.reject(new TunnelError("tls_expired", "Too late")),
    { Hostname: "h" },
  );
  assert.equal(nothing, undefined);
  await stages.run("Four", 8004, () => Promise.reject(new StageFailure([finding, finding])));
  const { title, checks, region } = stages.group({ region: "eu" });
  assert.deepEqual([title, region], ["Edge", "eu"]);
  assert.deepEqual(
    checks.map(({ name, status, durationMs, detail }) => [name, status, durationMs, detail]),
    [
      ["One", "ok", 20, "fine"],
      ["Two", "warn", 0, ""],
      ["Three", "error", 0, ""],
      ["Four", "error", 0, ""],
    ],
  );
  assert.equal(checks[2].findings[0].code, 8003);
  assert.equal(checks[2].findings[0].facts.Hostname, "h");
  assert.equal(checks[3].findings.length, 2);
});

test("findingOf() keeps the number of who refused", () => {
  const error = new TunnelError("refused", "No", { ngrokCode: 107 });
  const { facts, causes } = findingOf(8004, error, { Hostname: "h" });
  assert.deepEqual(facts, { Hostname: "h", Answer: "ERR_NGROK_107" });
  assert.match(causes[0], /authtoken/);
});
