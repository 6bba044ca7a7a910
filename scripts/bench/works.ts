/**
 * The kinds of load, and what each brings back. Each is bounded in time; each also brings the
 * processor time and the peak memory of the hops it went through.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Children, cpuSeconds, peakBytes, resetPeak } from "./children.ts";
import type { Row, WebTarget } from "./rows.ts";
import { ROOT, scriptCommand, type Tools } from "./tools.ts";

/** One measurement of one work on one row. */
export interface Sample {
  /** How long the load ran. */
  readonly seconds: number;
  /** Answers received. */
  readonly requests: number;
  /** Payload moved. */
  readonly bytes: number;
  /** Median latency, of works at a fixed rate. */
  readonly p50Ms?: number;
  /** 99th percentile. */
  readonly p99Ms?: number;
  /** Requests or connections that failed. */
  readonly failures: number;
  /** Processor seconds of all hops. */
  readonly cpuSeconds: number;
  /** Peak memory of the hop next to the visitor (edge) and next to the service (agent). */
  readonly peakBytes: Readonly<Record<HopRole, number | undefined>>;
}

/** Where a hop stands. */
export type HopRole = "edge" | "agent";

type Load = Omit<Sample, "cpuSeconds" | "peakBytes">;

/** A kind of load. */
export interface Work {
  /** For `--only`. */
  readonly name: string;
  /** What a row must offer for it. */
  readonly needs: "web" | "secure" | "bulk";
  /** Applies the load. */
  readonly run: (bench: Bench, row: Row, seconds: number) => Promise<Load>;
}

/** What a load needs of its surroundings. */
export interface Bench {
  /** Owns the processes. */
  readonly children: Children;
  /** What is there. */
  readonly tools: Tools;
  /** For scripts of wrk. */
  readonly folder: string;
  /** Requests a second of the work at a fixed rate. */
  readonly rate: number;
}

/** All works, in the order of the table. */
export const WORKS: readonly Work[] = [
  web("http1", 1, "/"),
  web("http32", 32, "/"),
  web("http256", 256, "/"),
  web("churn", 32, "/", { header: "Connection: close" }),
  secure("https32", ["--h1", "-c32"]),
  secure("h2-32", ["-c4", "-m8"]),
  { name: "latency", needs: "web", run: runPaced },
  bulk("up1", 1, false),
  bulk("down1", 1, true),
  bulk("up64", 64, false),
  bulk("down64", 64, true),
  web("body-down1", 1, "/big"),
  web("body-up1", 1, "/sink", { bodyBytes: 1024 * 1024 }),
  web("body-down64", 64, "/big"),
  web("body-up64", 64, "/sink", { bodyBytes: 1024 * 1024 }),
];

/**
 * Measures one work on one row.
 *
 * @param bench surroundings
 * @param work the load
 * @param row through what
 * @param seconds how long
 */
export async function measure(
  bench: Bench,
  work: Work,
  row: Row,
  seconds: number,
): Promise<Sample> {
  const hops = row.hops(work.needs);
  for (const hop of hops) resetPeak(hop.pid);
  const before = hops.map((hop) => cpuSeconds(hop.pid));
  const load = await work.run(bench, row, seconds);
  const used = hops.map((hop, index) => cpuSeconds(hop.pid) - before[index]);
  const peak = (role: HopRole) => {
    const hop = hops.find((one) => one.role === role);
    return hop && peakBytes(hop.pid);
  };
  return {
    ...load,
    cpuSeconds: used.reduce((sum, one) => sum + one, 0),
    peakBytes: { edge: peak("edge"), agent: peak("agent") },
  };
}

interface WebOptions {
  /** Sent besides Host. */
  readonly header?: string;
  /** The request carries a body. */
  readonly bodyBytes?: number;
}

function web(name: string, connections: number, path: string, options: WebOptions = {}): Work {
  const run = (bench: Bench, row: Row, seconds: number) =>
    runWrk(bench, row.web!, seconds, name, connections, path, options);
  return { name, needs: "web", run };
}

function secure(name: string, how: readonly string[]): Work {
  const run = (bench: Bench, row: Row, seconds: number) =>
    runH2load(bench, row.secure!, seconds, how);
  return { name, needs: "secure", run };
}

async function runH2load(
  bench: Bench,
  target: WebTarget,
  seconds: number,
  how: readonly string[],
): Promise<Load> {
  const ending = await bench.children.run([
    bench.tools.h2load!,
    "-t1",
    ...how,
    `-D${seconds}`,
    `--connect-to=127.0.0.1:${target.port}`,
    `https://${target.host}/`,
  ], (seconds + 20) * 1000);
  const counts = /(\d+) succeeded, (\d+) failed/.exec(ending.stdout);
  const traffic = /\((\d+)\) data/.exec(ending.stdout);
  if (!counts) {
    throw new Error(`h2load printed no result: ${(ending.stderr || ending.stdout).trim()}`);
  }
  return {
    seconds,
    requests: Number(counts[1]),
    bytes: Number(traffic?.[1] ?? 0),
    failures: Number(counts[2]),
  };
}

function bulk(name: string, streams: number, down: boolean): Work {
  const run = (bench: Bench, row: Row, seconds: number) =>
    runIperf(bench, row.bulkPort!, seconds, streams, down);
  return { name, needs: "bulk", run };
}

/** What wrk tells at the end, as JSON: its own text has rounded numbers. */
const WRK_DONE = `
function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format('{"us":%d,"requests":%d,"bytes":%d,"failures":%d}', summary.duration,
    summary.requests, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;

async function runWrk(
  bench: Bench,
  target: WebTarget,
  seconds: number,
  name: string,
  connections: number,
  path: string,
  options: WebOptions,
): Promise<Load> {
  const script = join(bench.folder, `${name}.lua`);
  const bodyBytes = options.bodyBytes ?? 0;
  const body = bodyBytes > 0
    ? `wrk.method = "POST"\nwrk.body = string.rep("x", ${bodyBytes})\n`
    : "";
  writeFileSync(script, body + WRK_DONE);
  const ending = await bench.children.run([
    bench.tools.wrk!,
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--timeout=20s",
    "-s",
    script,
    "-H",
    `Host: ${target.host}`,
    ...(options.header ? ["-H", options.header] : []),
    `http://127.0.0.1:${target.port}${path}`,
  ], (seconds + 20) * 1000);
  const line = /^\{"us".*\}$/m.exec(ending.stdout);
  if (!line) throw new Error(`wrk printed no result: ${(ending.stderr || ending.stdout).trim()}`);
  const told = JSON.parse(line[0]) as Record<"us" | "requests" | "bytes" | "failures", number>;
  return {
    seconds: told.us / 1e6,
    requests: told.requests,
    // wrk counts what it receives; of what it sends, the requests that were answered.
    bytes: bodyBytes > 0 ? told.requests * bodyBytes : told.bytes,
    failures: told.failures,
  };
}

async function runIperf(
  bench: Bench,
  port: number,
  seconds: number,
  streams: number,
  down: boolean,
): Promise<Load> {
  let told = "";
  for (let attempt = 0; attempt < 5; attempt++) {
    const ending = await bench.children.run([
      bench.tools.iperf3!,
      "-c",
      "127.0.0.1",
      "-p",
      String(port),
      "-t",
      String(seconds),
      "-P",
      String(streams),
      ...(down ? ["-R"] : []),
      "-J",
      "--connect-timeout",
      "5000",
    ], (seconds + 20) * 1000);
    const result = readIperf(ending.stdout);
    if (typeof result !== "string") {
      return { seconds: result.seconds, requests: 0, bytes: result.bytes, failures: 0 };
    }
    told = result;
    // The server serves one test at a time, and may still be clearing the last one away.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`iperf3 failed: ${told}`);
}

/** The receiver's count, which is the truth; or what went wrong. */
function readIperf(stdout: string): { bytes: number; seconds: number } | string {
  try {
    const report = JSON.parse(stdout) as {
      error?: string;
      end?: { sum_received?: { bytes: number; seconds: number } };
    };
    const sum = report.end?.sum_received;
    if (sum && sum.bytes > 0) return { bytes: sum.bytes, seconds: sum.seconds };
    return report.error ?? "nothing was received";
  } catch {
    return stdout.trim().slice(0, 200) || "no answer";
  }
}

async function runPaced(bench: Bench, row: Row, seconds: number): Promise<Load> {
  const target = row.web!;
  const command = scriptCommand(
    bench.tools,
    bench.tools.runtimes.deno ? "deno" : "bun",
    join(ROOT, "scripts/bench/paced.ts"),
    [String(target.port), target.host, String(bench.rate), String(seconds)],
  );
  const ending = await bench.children.run(command, (seconds + 20) * 1000);
  if (ending.code !== 0) throw new Error(`The paced client failed: ${ending.stderr.trim()}`);
  const told = JSON.parse(ending.stdout) as {
    requests: number;
    unanswered: number;
    p50Ms: number | null;
    p99Ms: number | null;
  };
  return {
    seconds,
    requests: told.requests,
    bytes: 0,
    p50Ms: told.p50Ms ?? undefined,
    p99Ms: told.p99Ms ?? undefined,
    failures: told.unanswered,
  };
}
