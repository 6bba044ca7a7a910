/**
 * The edge of the scale measurement, in a process of its own: says where it is, and what it costs
 * each time it is asked. Started by `measure.ts`; what it is told comes on standard input.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { launchEdge } from "../../lib/edge/edge.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";

const [dataDir, authtoken] = process.argv.slice(2);

let lost = 0;
const edge = await launchEdge({
  domain: "tunnel.test",
  dataDir,
  authtoken,
  https: { port: 0 },
  agents: { port: 0 },
  tcpPorts: "none",
  limits: { minHeartbeatMs: 500 },
  onEvent: (event) => {
    if (event.type === "session_ended") lost++;
  },
}, detectRuntime());

function report(): object {
  const { user, system } = process.cpuUsage();
  const sessions = edge.sessions();
  return {
    rssBytes: process.memoryUsage().rss,
    cpuMs: (user + system) / 1000,
    sessions: sessions.length,
    endpoints: edge.endpoints().length,
    /** Those that answered the edge's own heartbeat. */
    answered: sessions.filter(({ latencyMs }) => latencyMs !== undefined).length,
    lost,
  };
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({
  agents: edge.addresses.agents!.port,
  https: edge.addresses.https!.port,
  caPath: edge.caPath,
});
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "report") break;
  say(report());
}
await edge.close({ graceMs: 0 });
process.exit(0);
