/**
 * Measures what idle agents cost an edge: real sockets, real TLS, heartbeats on, the edge in one
 * process and all agents in another. `scripts/scale.ts` prints it, a journey holds a smaller number
 * of agents to bounds.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What is measured. */
export interface ScaleOptions {
  /** How many agents. */
  readonly agents: number;
  /** How often each side pings. */
  readonly heartbeatMs: number;
  /** How long they are watched doing nothing. */
  readonly idleMs: number;
}

/** What was found. */
export interface ScaleReport {
  /** `deno`, `bun` or `node`. */
  readonly runtime: string;
  /** Agents that are online, with an endpoint each. */
  readonly online: number;
  /** Agents that answered the edge's heartbeat. */
  readonly answered: number;
  /** Sessions that were lost, as either side saw it. */
  readonly lost: number;
  /** Answers of the edge to the agent that got fewest, in the idle time. */
  readonly fewestBeats: number;
  /** How long the idle time was. */
  readonly idleMs: number;
  /** From the first handshake to the last endpoint. */
  readonly connectMs: number;
  /** What one agent adds to the edge's resident memory. */
  readonly bytesPerAgent: number;
  /** The edge's resident memory with nobody there, and with all. */
  readonly rssBytes: readonly [number, number];
  /** Processor time of the edge in the idle time, in percent of one core. */
  readonly cpuPercent: number;
  /** Of the visits to some endpoints at the end, those that were answered. */
  readonly visits: string;
}

const TOKEN = "2scale0000000000000000000tokn_3Z9x8Y7w6V5u4T3s2R1q0P";

/** Endpoints that are visited at the end. */
const VISITS = 10;

type Facts = Record<string, number> & { readonly caPath: string };

/** Runs it; everything it started is gone when it settles. */
export async function measureScale(options: ScaleOptions): Promise<ScaleReport> {
  const dataDir = await mkdtemp(join(tmpdir(), "sallyport-scale-"));
  const parts: Part[] = [];
  const start = (script: string, ...args: string[]) => {
    const part = new Part(script, args);
    parts.push(part);
    return part;
  };
  try {
    const edge = start("edge.ts", dataDir, TOKEN);
    const at = await edge.next();
    const empty = await edge.ask();
    const agents = start(
      "agents.ts",
      `127.0.0.1:${at.agents}`,
      at.caPath,
      TOKEN,
      String(options.agents),
      String(options.heartbeatMs),
    );
    const { connectMs } = await agents.next();
    const before = await edge.ask();
    await agents.ask();
    const beganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, options.idleMs));
    const seen = await agents.ask();
    const after = await edge.ask();
    const idleMs = performance.now() - beganMs;
    const ca = await readFile(at.caPath, "utf8");
    let answeredVisits = 0;
    for (let count = 0; count < VISITS; count++) {
      const index = Math.floor((count * options.agents) / VISITS);
      if (await visit(at.https, `a${index}.tunnel.test`, ca) === "hello") answeredVisits++;
    }
    return {
      runtime: runtimeName(),
      online: Math.min(after.sessions, after.endpoints),
      answered: after.answered,
      lost: after.lost + seen.lost,
      fewestBeats: seen.fewestBeats,
      idleMs: Math.round(idleMs),
      connectMs,
      bytesPerAgent: Math.round((after.rssBytes - empty.rssBytes) / options.agents),
      rssBytes: [empty.rssBytes, after.rssBytes],
      cpuPercent: (after.cpuMs - before.cpuMs) / idleMs * 100,
      visits: `${answeredVisits}/${VISITS}`,
    };
  } finally {
    for (const part of parts.reverse()) await part.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The report in a few lines. */
export function describeScale(report: ScaleReport): string {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const { runtime, online, rssBytes: [empty, full] } = report;
  return [
    `${online} idle agents on one edge, ${runtime}`,
    `  memory    ${mib(empty)} MiB empty, ${mib(full)} MiB full: ` +
    `${(report.bytesPerAgent / 1024).toFixed(1)} KiB an agent`,
    `  processor ${report.cpuPercent.toFixed(1)} % of a core while idle`,
    `  connected in ${(report.connectMs / 1000).toFixed(1)} s, lost ${report.lost}`,
    `  heartbeats: ${report.answered} agents answered the edge; in ` +
    `${(report.idleMs / 1000).toFixed(0)} s each got at least ${report.fewestBeats} answers`,
    `  visits ${report.visits}`,
  ].join("\n");
}

function runtimeName(): string {
  const { deno, bun } = process.versions;
  return deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${process.versions.node}`;
}

function visit(port: number, host: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: "127.0.0.1",
      port,
      servername: host,
      headers: { host },
      ca,
      agent: false,
    }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => text += more);
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}

/** One of the processes: a line in, a line out. */
class Part {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #lines: string[] = [];
  readonly #waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  #stderr = "";

  constructor(script: string, args: readonly string[]) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const flags = process.versions.deno
      ? ["run", "-A", "--no-check", "--no-prompt", "--node-modules-dir=manual"]
      : [];
    this.#process = spawn(process.execPath, [...flags, file, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => this.#stderr += text);
    this.#process.stdin!.on("error", () => {}); // it is gone: `close` says so
    createInterface({ input: this.#process.stdout! }).on("line", (line) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(line);
      else this.#lines.push(line);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once("close", () => {
        resolve();
        const error = new Error(`${script} ended too early: ${this.#stderr}`);
        for (const { reject } of this.#waiting.splice(0)) reject(error);
      });
    });
  }

  /** What it says next. */
  async next(): Promise<Facts> {
    const line = this.#lines.shift() ??
      await new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    return JSON.parse(line) as Facts;
  }

  /** Asks for a report. */
  ask(): Promise<Facts> {
    this.#process.stdin!.write("report\n");
    return this.next();
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.#process.stdin!.end();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
