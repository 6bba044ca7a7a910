/**
 * The agents of the scale measurement, all in one process: each has a TLS connection, a session with
 * heartbeats and an endpoint of its own. Started by `measure.ts`; what it is told comes on standard
 * input.
 *
 * @module
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { type Agent, connect } from "../../lib/agent/agent.ts";
import { detectRuntime } from "../../lib/runtime/detect.ts";

const [connectUrl, connectCas, authtoken, count, heartbeatMs] = process.argv.slice(2);

/** Handshakes at a time: more would only wait for the processor. */
const AT_A_TIME = 32;

/** Beats of each agent since the last report. */
const beats = new Array<number>(Number(count)).fill(0);
let lost = 0;

const service = http.createServer((_, response) => response.end("hello"));
await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
const { port } = service.address() as AddressInfo;

async function startAgent(index: number): Promise<Agent> {
  const agent = await connect({
    connectUrl,
    connectCas,
    authtoken,
    heartbeatIntervalMs: Number(heartbeatMs),
    runtime: detectRuntime(),
    onEvent: (event) => {
      if (event.type === "heartbeat_received") beats[index]++;
      if (event.type === "session_lost") lost++;
    },
  });
  await agent.forward({ addr: port, url: `https://a${index}.tunnel.test` });
  return agent;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const agents: Agent[] = [];
const startedMs = performance.now();
let next = 0;
await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
  while (next < beats.length) agents.push(await startAgent(next++));
}));
say({ connected: agents.length, connectMs: Math.round(performance.now() - startedMs) });
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "report") break;
  const { rss } = process.memoryUsage();
  say({ rssBytes: rss, fewestBeats: Math.min(...beats), mostBeats: Math.max(...beats), lost });
  beats.fill(0);
}
process.exit(0);
