/**
 * Measurements to one table: a line a row with the medians of all rounds, below it what it is of the
 * rows it is compared with; then the goals.
 *
 * @module
 */
import type { Row } from "./rows.ts";
import type { HopRole, Sample } from "./works.ts";

/** All samples of all rounds, by row and work. */
export class Results {
  readonly #samples = new Map<string, Sample[]>();

  /** Adds one. */
  add(row: string, work: string, sample: Sample): void {
    const key = `${row} ${work}`;
    const found = this.#samples.get(key);
    if (found) found.push(sample);
    else this.#samples.set(key, [sample]);
  }

  /** The samples of one row and work. */
  of(row: string, work: string): readonly Sample[] {
    return this.#samples.get(`${row} ${work}`) ?? [];
  }
}

interface Column {
  /** Over several columns. */
  readonly group: string;
  /** Of this one. */
  readonly title: string;
  /** What a row has here. */
  readonly value: (results: Results, row: string) => number | undefined;
  /** Digits after the point. */
  readonly digits: number;
  /** Ratios mean something here. */
  readonly ratio: boolean;
}

const STREAM_WORKS = ["up1", "down1", "up64", "down64"];
const BODY_WORKS = ["body-up1", "body-down1", "body-up64", "body-down64"];
const HTTP_WORKS = ["http1", "http32", "http256"];
const MEGA = 1e6;

const COLUMNS: readonly Column[] = [
  ...HTTP_WORKS.map((work) => rate("1 KB req/s", `c=${work.slice(4)}`, work)),
  rate("new conn", "req/s", "churn"),
  rate("HTTPS 1 KB req/s", "1.1 c=32", "https32"),
  rate("HTTPS 1 KB req/s", "2 c=4 m=8", "h2-32"),
  added("p50", (sample) => sample.p50Ms),
  added("p99", (sample) => sample.p99Ms),
  ...STREAM_WORKS.map((work) => speed("TCP streams MB/s", work)),
  ...BODY_WORKS.map((work) => speed("HTTP bodies MB/s", work)),
  {
    group: "CPU seconds",
    title: "/GB 1",
    value: (results, row) => cpuPerGb(results, row, ["up1", "down1", "body-up1", "body-down1"]),
    digits: 2,
    ratio: true,
  },
  {
    group: "CPU seconds",
    title: "/GB 64",
    value: (results, row) => cpuPerGb(results, row, ["up64", "down64", "body-up64", "body-down64"]),
    digits: 2,
    ratio: true,
  },
  {
    group: "CPU seconds",
    title: "/10k req",
    value: (results, row) =>
      median(results.of(row, "http32").map((one) => one.cpuSeconds / one.requests * 1e4)),
    digits: 2,
    ratio: true,
  },
  memory("edge"),
  memory("agent"),
];

function rate(group: string, title: string, work: string): Column {
  return {
    group,
    title,
    value: (results, row) => median(results.of(row, work).map((one) => one.requests / one.seconds)),
    digits: 0,
    ratio: true,
  };
}

function speed(group: string, work: string): Column {
  const [, way, streams] = /(up|down)(\d+)$/.exec(work)!;
  return {
    group,
    title: `${way} ${streams}`,
    value: (results, row) => speedOf(results, row, work),
    digits: 0,
    ratio: true,
  };
}

function speedOf(results: Results, row: string, work: string): number | undefined {
  return median(results.of(row, work).map((one) => one.bytes / one.seconds / MEGA));
}

/** Beyond what the row without anything in between has. */
function added(title: string, pick: (sample: Sample) => number | undefined): Column {
  const own = (results: Results, row: string) =>
    median(results.of(row, "latency").map(pick).filter((one) => one !== undefined));
  return {
    group: "added ms",
    title,
    value(results, row) {
      const mine = own(results, row);
      const direct = own(results, "direct");
      if (mine === undefined || direct === undefined || row === "direct") return mine;
      return mine - direct;
    },
    digits: 2,
    ratio: false,
  };
}

function cpuPerGb(results: Results, row: string, works: readonly string[]): number | undefined {
  const samples = works.flatMap((work) => results.of(row, work)).filter((one) => one.bytes > 0);
  return median(samples.map((one) => one.cpuSeconds / (one.bytes / 1e9)));
}

function memory(role: HopRole): Column {
  return {
    group: "peak MB at 64",
    title: role,
    value: (results, row) => peakMb(results, row, role),
    digits: 0,
    ratio: false,
  };
}

/** The most a hop held while 64 streams were busy, in any round. */
function peakMb(results: Results, row: string, role: HopRole): number | undefined {
  const works = [...STREAM_WORKS, ...BODY_WORKS].filter((work) => work.endsWith("64"));
  const peaks = works.flatMap((work) => results.of(row, work))
    .map((one) => one.peakBytes[role]).filter((one) => one !== undefined);
  return peaks.length > 0 ? Math.max(...peaks) / MEGA : undefined;
}

/** The middle; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The table as text.
 *
 * @param rows in order
 * @param results of all rounds
 */
export function renderTable(rows: readonly Row[], results: Results): string {
  const columns = COLUMNS.filter((column) =>
    rows.some((row) => column.value(results, row.name) !== undefined)
  );
  const lines: string[][] = [];
  for (const row of rows) {
    const values = columns.map((column) => column.value(results, row.name));
    lines.push([row.name, ...values.map((value, at) => format(value, columns[at].digits))]);
    for (const name of row.against.filter((other) => rows.some((one) => one.name === other))) {
      const cells = columns.map((column, at) => {
        const other = column.value(results, name);
        if (!column.ratio || values[at] === undefined || !other) return "";
        return `×${format(values[at] / other, 2)}`;
      });
      if (cells.some((cell) => cell !== "")) lines.push([`  of ${name}`, ...cells]);
    }
  }
  const titles = ["", ...columns.map((column) => column.title)];
  const groups = ["", ...columns.map((column) => column.group)];
  return layOut(titles, groups, lines);
}

function layOut(titles: string[], groups: string[], lines: string[][]): string {
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...lines.map((line) => line[at].length))
  );
  let groupLine = " ".repeat(widths[0]);
  for (let at = 1; at < groups.length;) {
    let end = at;
    while (end < groups.length && groups[end] === groups[at]) end++;
    // A group's title may be wider than its columns: the last of them makes room.
    const room = () => widths.slice(at, end).reduce((sum, width) => sum + width + 2, -2);
    if (room() < groups[at].length) widths[end - 1] += groups[at].length - room();
    groupLine += "  " + groups[at].padEnd(room());
    at = end;
  }
  const print = (cells: string[]) =>
    cells.map((cell, at) => at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))
      .join("  ").trimEnd();
  return [groupLine.trimEnd(), print(titles), ...lines.map(print)].join("\n");
}

function format(value: number | undefined, digits: number): string {
  if (value === undefined) return "-";
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Of the same runtime's relay. */
const BULK_GOAL = 0.85;
const REQUESTS_GOAL = 0.7;
/** Of what passes without inspection. */
const INSPECTION_GOAL = 0.75;
const MEMORY_GOAL_MB = 160;

/**
 * What was aimed at and what was reached, a line each.
 *
 * @param rows in order
 * @param results of all rounds
 */
export function renderGoals(rows: readonly Row[], results: Results): string[] {
  const lines: string[] = [];
  for (const row of rows) {
    const relay = row.against.find((name) => name.startsWith("relay-"));
    if (relay === undefined) continue;
    const ratios = (works: readonly string[], value: typeof speedOf) =>
      works.map((work) => {
        const mine = value(results, row.name, work);
        const other = value(results, relay, work);
        return mine !== undefined && other ? mine / other : undefined;
      }).filter((one) => one !== undefined);
    const streams = ratios(row.bulkPort === undefined ? BODY_WORKS : STREAM_WORKS, speedOf);
    judge(lines, `${row.name}: bulk of ${relay}`, streams, BULK_GOAL, "at least");
    const requests = ratios(
      HTTP_WORKS,
      (all, name, work) => median(all.of(name, work).map((one) => one.requests / one.seconds)),
    );
    judge(lines, `${row.name}: req/s of ${relay}`, requests, REQUESTS_GOAL, "at least");
    const unseen = rows.find(({ name }) =>
      name !== row.name && name === row.name.replace("-http", "-unseen")
    );
    if (unseen) {
      const rates = HTTP_WORKS.map((work) => {
        const [on, off] = [row, unseen].map(({ name }) =>
          median(results.of(name, work).map((one) => one.requests / one.seconds))
        );
        return on !== undefined && off ? on / off : undefined;
      }).filter((one) => one !== undefined);
      judge(lines, `${row.name}: req/s of ${unseen.name}`, rates, INSPECTION_GOAL, "at least");
    }
    const peaks = (["edge", "agent"] as const).map((role) => peakMb(results, row.name, role))
      .filter((one) => one !== undefined);
    judge(lines, `${row.name}: peak MB, edge and agent`, peaks, MEMORY_GOAL_MB, "at most");
  }
  return lines;
}

function judge(
  lines: string[],
  what: string,
  values: readonly number[],
  goal: number,
  side: "at least" | "at most",
): void {
  if (values.length === 0) return;
  const pass = values.every((value) => side === "at least" ? value >= goal : value <= goal);
  const shown = values.map((value) => format(value, side === "at least" ? 2 : 0)).join(" ");
  lines.push(`${pass ? "pass" : "MISS"}  ${what}: ${shown} (goal: ${side} ${goal})`);
}
