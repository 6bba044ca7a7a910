/**
 * How fast the tunnel is, against what else could stand in its place. Prints one table; all numbers
 * of a table come from one run, round after round through all rows, so that only ratios between rows
 * mean something. Everything stays on this machine's loopback.
 *
 * Run by hand: `deno run -A scripts/bench.ts [--only WORK,…] [--rows ROW,…] [--seconds N] [--rounds N]
 * [--rate N] [--against FOLDER]`. A ROW or WORK is a name, or a part of several.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { makeRelayCertificate } from "./bench/certificates.ts";
import { Children } from "./bench/children.ts";
import { planRows, type Row, type RowParts } from "./bench/rows.ts";
import { renderGoals, renderTable, Results } from "./bench/table.ts";
import { findTools, missingTools, type Tools } from "./bench/tools.ts";
import { startUpstreams } from "./bench/upstreams.ts";
import { type Bench, measure, type Work, WORKS } from "./bench/works.ts";

/** What the user asked for. */
interface Wishes {
  readonly works: readonly Work[];
  readonly rowNames: readonly string[] | undefined;
  readonly seconds: number;
  readonly rounds: number;
  readonly rate: number;
  readonly otherTree: string | undefined;
}

/** A load must be over before the next begins: what is in flight drains. */
const PAUSE_MS = 150;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function readWishes(): Wishes {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rows: { type: "string" },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      rate: { type: "string", default: "1000" },
      against: { type: "string" },
    },
  });
  const only = values.only?.split(",");
  const workNames = WORKS.map((work) => work.name);
  return {
    works: WORKS.filter((work) => !only || isAmong(work.name, only, workNames)),
    rowNames: values.rows?.split(","),
    seconds: positive("--seconds", values.seconds),
    rounds: positive("--rounds", values.rounds),
    rate: positive("--rate", values.rate),
    otherTree: values.against && resolve(values.against),
  };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 100_000) return value;
  throw new Error(`Cannot use ${flag} "${text}": it is not a whole number from 1 to 100000`);
}

/** Whether one of the words is this name, or a part of it and no other name whole. */
function isAmong(name: string, words: readonly string[], names: readonly string[]): boolean {
  return words.some((word) => names.includes(word) ? word === name : name.includes(word));
}

async function startRows(parts: RowParts, wishes: Wishes): Promise<Row[]> {
  const rows: Row[] = [];
  const plans = planRows(parts.tools, wishes.otherTree);
  const names = plans.map((plan) => plan.name);
  for (const plan of plans) {
    // Node's rows are run only when it is named.
    const words = wishes.rowNames ?? ["direct", "relay", "haproxy", "sallyport"];
    const isWanted = isAmong(plan.name, words, names) &&
      (!plan.name.includes("node") || words.some((word) => word.includes("node")));
    if (!plan.possible || !isWanted) continue;
    try {
      rows.push(await plan.start(parts));
    } catch (thrown) {
      say(`Row ${plan.name} is left out: ${messageOf(thrown)}`);
    }
  }
  return rows;
}

function canDo(row: Row, work: Work, tools: Tools): boolean {
  if (work.needs === "bulk") return row.bulkPort !== undefined && tools.iperf3 !== undefined;
  if (work.needs === "secure") return row.secure !== undefined && tools.h2load !== undefined;
  return row.web !== undefined && (tools.wrk !== undefined || work.name === "latency");
}

async function oneRound(
  bench: Bench,
  rows: readonly Row[],
  works: readonly Work[],
  seconds: number,
  results: Results | undefined,
): Promise<void> {
  for (const work of works) {
    for (const row of rows) {
      if (!canDo(row, work, bench.tools)) continue;
      try {
        const sample = await measure(bench, work, row, seconds);
        if (sample.failures > 0) {
          say(`${row.name}, ${work.name}: ${sample.failures} of ${sample.requests} failed`);
        }
        results?.add(row.name, work.name, sample);
      } catch (thrown) {
        say(`${row.name}, ${work.name}: ${messageOf(thrown)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function run(children: Children, folder: string, wishes: Wishes): Promise<void> {
  const tools = findTools();
  const machine = `${cpus().length} cores, load average ${loadavg()[0].toFixed(2)} at the start`;
  const parts = {
    children,
    tools,
    folder,
    upstreams: await startUpstreams(children, tools, folder),
    certificate: await makeRelayCertificate(folder),
  };
  const rows = await startRows(parts, wishes);
  const bench: Bench = { children, tools, folder, rate: wishes.rate };
  say(`Warm-up: ${rows.map((row) => row.name).join(", ")}`);
  const warmUp = WORKS.filter((work) =>
    ["http32", "https32", "h2-32", "up64", "down64", "body-down64"].includes(work.name)
  )
    .filter((work) => wishes.works.some((wished) => wished.needs === work.needs));
  await oneRound(bench, rows, warmUp, 1, undefined);

  const results = new Results();
  const loads: string[] = [];
  for (let round = 1; round <= wishes.rounds; round++) {
    loads.push(loadavg()[0].toFixed(2));
    say(`Round ${round} of ${wishes.rounds}, load average ${loads.at(-1)}`);
    await oneRound(bench, rows, wishes.works, wishes.seconds, results);
  }
  const report = [
    `${machine}; ${wishes.rounds} rounds of ${wishes.seconds} s, load average at their starts ` +
    loads.join(", "),
    "",
    renderTable(rows, results),
    "",
    ...missingTools(tools),
    ...renderGoals(rows, results),
    `Medians; added ms at ${wishes.rate} req/s over what direct takes; up is towards the service;`,
    "CPU of both hops; /GB of streams where the row carries them, of HTTP bodies otherwise.",
  ];
  process.stdout.write(report.join("\n") + "\n");
}

async function main(): Promise<number> {
  const children = new Children();
  const folder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  const cleanUp = () => {
    children.killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      cleanUp();
      process.exit(130);
    });
  }
  try {
    await run(children, folder, readWishes());
    return 0;
  } catch (thrown) {
    say(messageOf(thrown));
    return 1;
  } finally {
    cleanUp();
  }
}

process.exit(await main());
