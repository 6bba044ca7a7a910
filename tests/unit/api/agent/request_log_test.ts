import assert from "node:assert/strict";
import { formatGoDuration, RequestLog } from "../../../../lib/api/agent/request_log.ts";
import { FakeClock } from "../../../../lib/base/clock.ts";
import type { LogFields, Logger } from "../../../../lib/base/log.ts";
import { test } from "../../../harness.ts";

test("RequestLog writes start and end with one id, and what was refused between them", async () => {
  const clock = new FakeClock();
  const lines: [string, string, LogFields | undefined][] = [];
  const logger: Logger = {
    log: (level, message, fields) => void lines.push([level, message, fields]),
    child: () => logger,
  };
  const log = new RequestLog("/api/tunnels", logger, clock);
  await clock.advance(12);
  log.refused({ status_code: 400, msg: "invalid tunnel configuration", details: { err: "x" } });
  log.refused({ status_code: 404, msg: "tunnel not found", details: { name: "a" } });
  log.end(400);
  const id = lines[0][2]?.id;
  assert.match(String(id), /^[0-9a-f]{16}$/);
  const about = { pg: "/api/tunnels", id };
  assert.deepEqual(lines, [
    ["info", "start", about],
    ["warn", "invalid tunnel configuration", { ...about, err: "x" }],
    ["warn", "tunnel not found", about],
    ["info", "end", { ...about, status: 400, dur: "12ms" }],
  ]);
});

test("formatGoDuration() writes durations as Go does", () => {
  const cases = [[0, "0s"], [0.0004, "400ns"], [0.741239, "741.239µs"], [1.5, "1.5ms"]] as const;
  for (const [ms, text] of cases) assert.equal(formatGoDuration(ms), text);
  assert.equal(formatGoDuration(2_050), "2.05s");
  assert.equal(formatGoDuration(123_500), "2m3.5s");
  assert.equal(formatGoDuration(3_723_000), "1h2m3s");
});
