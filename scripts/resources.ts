/**
 * How much memory an agent takes, against the 64 MB that are the least and the 128 MB that are recommended
 * for a machine: idle, with three endpoints, and under 1000 requests a second with inspection on and off;
 * on Deno, on Bun, and as the compiled program. Everything stays on this machine's loopback. Linux only.
 *
 * Run by hand: `deno run -A --node-modules-dir=manual scripts/resources.ts [--seconds N] [--rate N] [--no-binary]`.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Child, Children } from "./bench/children.ts";
import { buildWithBun, isHost, TARGETS } from "./compile.ts";
import { ROOT } from "./files.ts";

const TOKEN = "resources_000000000000000000000000000000";
const LOG = ["--log", "stdout", "--log-format", "json"];
const BUN = process.env.SALLYPORT_TEST_BUN ?? join(ROOT, "tests/node_modules/.bin/bun");
const SETTLE_MS = 3_000;

/** What the load was like. */
interface Load {
  readonly requests: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is resident now, and the most that ever was, in MB of 10^6 bytes. */
function memory({ pid }: Child): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return { now: kB("VmRSS") * 1024 / 1e6, most: kB("VmHWM") * 1024 / 1e6 };
}

/** The numbers of one way to run the agent. */
async function measure(
  children: Children,
  command: readonly string[],
  parts: {
    folder: string;
    agents: number;
    http: number;
    web: number;
    rate: string;
    seconds: string;
  },
): Promise<string[]> {
  const { folder, agents, http, web, rate, seconds } = parts;
  const config = (inspect: boolean) => {
    const path = join(folder, `agent-${inspect}.yml`);
    const endpoints = ["one", "two", "three"].map((name) =>
      `  - {name: ${name}, url: "http://${name}.localhost", inspect: ${inspect}, ` +
      `upstream: {url: ${web}}}\n`
    ).join("");
    writeFileSync(
      path,
      `version: 3\nagent: {authtoken: ${TOKEN}, connect_url: "127.0.0.1:${agents}", ` +
        `connect_cas: "${folder}/data/certs/ca.pem", web_addr: "false", update_check: false}\n` +
        `endpoints:\n${endpoints}`,
    );
    return path;
  };
  const start = (args: readonly string[], inspect: boolean) =>
    children.start([...command, ...args, "--config", config(inspect), ...LOG], { cwd: ROOT });
  const end = async (agent: Child) => {
    agent.kill();
    await agent.ended;
    await pause(500);
  };

  const idle = start(["start", "--none"], true);
  await idle.jsonLine(({ msg }) => msg === "client session established");
  await pause(SETTLE_MS);
  const cells = [memory(idle).now.toFixed(0)];
  await end(idle);
  for (const inspect of [true, false]) {
    const agent = start(["start", "--all"], inspect);
    await agent.jsonLine(({ msg, name }) => msg === "started tunnel" && name === "three");
    await pause(SETTLE_MS);
    if (inspect) cells.push(memory(agent).now.toFixed(0));
    const paced = join(ROOT, "scripts/bench/paced.ts");
    const asked = await children.run(
      [BUN, paced, String(http), "one.localhost", rate, seconds],
      60_000,
    );
    const load = JSON.parse(asked.stdout.trim().split("\n").at(-1) ?? "") as Load;
    const { now, most } = memory(agent);
    cells.push(
      `${now.toFixed(0)} (${most.toFixed(0)}), p50 ${load.p50Ms?.toFixed(1)} ms, ` +
        `${load.unanswered} unanswered`,
    );
    await end(agent);
  }
  return cells;
}

const { values } = parseArgs({
  options: {
    "seconds": { type: "string", default: "8" },
    "rate": { type: "string", default: "1000" },
    "no-binary": { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "sallyport-resources-"));
const children = new Children();
try {
  const ways: [string, readonly string[]][] = [
    ["Deno", [process.execPath, "run", "-A", "--node-modules-dir=manual", "cli.ts"]],
    ["Bun", [BUN, "cli.ts"]],
  ];
  if (!values["no-binary"]) {
    const binary = join(folder, "sallyport");
    buildWithBun(TARGETS.find(isHost)!, binary);
    ways.push(["compiled (Bun)", [binary]]);
  }
  const web = children.start([BUN, join(ROOT, "scripts/bench/web.ts")]);
  const { port } = await web.jsonLine(({ msg }) => msg === "web ready");
  const edge = children.start([
    ...[
      BUN,
      "cli.ts",
      "edge",
      "--domain",
      "localhost",
      "--data",
      `${folder}/data`,
      "--api",
      "none",
    ],
    ...["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--agents", "127.0.0.1:0"],
    ...["--tcp-ports", "none", ...LOG],
  ], { cwd: ROOT, env: { SALLYPORT_EDGE_AUTHTOKEN: TOKEN } });
  const ready = await edge.jsonLine(({ msg }) => msg === "edge ready");
  const portOf = (address: unknown) => Number(String(address).split(":").at(-1));
  const lines = [
    `| RSS of the agent in MB | idle | 3 endpoints | ${values.rate}/s, inspected (most) | ` +
    `${values.rate}/s, not inspected (most) |`,
    "|---|---|---|---|---|",
  ];
  for (const [name, command] of ways) {
    const cells = await measure(children, command, {
      ...{ folder, web: Number(port), rate: values.rate, seconds: values.seconds },
      agents: portOf(ready.agents),
      http: portOf(ready.http),
    });
    lines.push(`| ${[name, ...cells].join(" | ")} |`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  children.killAll();
  rmSync(folder, { recursive: true, force: true });
}
