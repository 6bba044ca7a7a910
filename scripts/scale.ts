/**
 * Prints what idle agents cost an edge: `deno run -A scripts/scale.ts`, `bun scripts/scale.ts` or
 * `node scripts/scale.ts`. A machine with less to give takes `--agents 500`.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { describeScale, measureScale } from "./scale/measure.ts";

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "2000" },
    "heartbeat-ms": { type: "string", default: "10000" },
    "idle-ms": { type: "string", default: "30000" },
  },
});

const agents = Number(values.agents);
const report = await measureScale({
  agents,
  heartbeatMs: Number(values["heartbeat-ms"]),
  idleMs: Number(values["idle-ms"]),
});
// deno-lint-ignore no-console -- a script speaks to its user
console.log(describeScale(report));
if (report.online < agents || report.answered < agents || report.lost > 0) process.exit(1);
process.exit(0);
