/**
 * What a diagnosis found: the document that `--write-report` writes, and the text a person reads.
 *
 * @module
 */
import { DIAGNOSE_CODES, type DiagnoseCode } from "./codes.ts";

/** How a check ended. */
export type CheckStatus = "ok" | "warn" | "error";

/** Something that is wrong. */
export interface Finding {
  /** Its number, printed as `ERR_NGROK_n`; absent for what has none. */
  readonly code?: DiagnoseCode;
  /** What was tried, what was found. */
  readonly err: string;
  /** What mostly is behind it. */
  readonly causes: readonly string[];
  /** What else identifies it: `hostname`, `resolver`, `address`. */
  readonly facts: Readonly<Record<string, string>>;
}

/** One stage of the way. */
export interface Check {
  /** `Name Resolution`, `TCP` … */
  readonly name: string;
  /** How it ended. */
  readonly status: CheckStatus;
  /** How long it took. */
  readonly durationMs: number;
  /** What was found where nothing is wrong: addresses, versions. */
  readonly detail: string;
  /** Errors and warnings. */
  readonly findings: readonly Finding[];
}

/** Stages that build on each other: after one that failed there are no more. */
export interface CheckGroup {
  /** The heading. */
  readonly title: string;
  /** In their order. */
  readonly checks: readonly Check[];
  /** Where the edge says it is, once it has. */
  readonly region?: string;
  /** The round trip of a heartbeat, once there was one. */
  readonly latencyMs?: number;
}

/** The document. */
export interface DiagnoseReport {
  /** Which program wrote it. */
  readonly version: string;
  /** When, RFC 3339. */
  readonly startedAt: string;
  /** Whether nothing failed. */
  readonly ok: boolean;
  /** What was tried. */
  readonly groups: readonly CheckGroup[];
  /** The configuration without its secrets. */
  readonly config: unknown;
  /** The machine. */
  readonly host: Readonly<Record<string, unknown>>;
  /** Environment variables that are set and matter: their names alone. */
  readonly environment: readonly string[];
}

const MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: "[ OK ]",
  warn: "[ WARN ]",
  error: "[ ERROR ]",
};

/** Where the marks end. */
const WIDTH = 72;

/** One group as lines: its title, and each stage with its mark at the right. */
export function formatGroup({ title, checks }: CheckGroup): string {
  const lines = checks.map(({ name, status, detail }) => {
    const left = `  ${name}${detail === "" ? "" : `: ${detail}`}`;
    const mark = MARKS[status];
    return left.padEnd(Math.max(WIDTH - mark.length, left.length + 1)) + mark;
  });
  return [title, ...lines].join("\n") + "\n";
}

/** The end of the text: how good it is, or everything that is wrong. */
export function formatConclusion(groups: readonly CheckGroup[]): string {
  const all = groups.flatMap(({ title, checks }) =>
    checks.flatMap(({ name, status, findings }) =>
      findings.map((finding) => ({ where: `${title}, ${name}`, status, finding }))
    )
  );
  const list = (status: CheckStatus, heading: string) => {
    const found = all.filter((one) => one.status === status);
    if (found.length === 0) return "";
    return [heading, ...found.map((one) => formatFinding(one.where, one.finding))].join("\n") +
      "\n\n";
  };
  const listed = list("warn", "Warnings:") + list("error", "Errors:");
  return listed + lastLine(groups, all.some(({ status }) => status === "error"));
}

function lastLine(groups: readonly CheckGroup[], hasFailed: boolean): string {
  if (hasFailed) return "ERROR:  The diagnosis found errors: they are listed above\n";
  const fastest = groups.filter(({ latencyMs }) => latencyMs !== undefined)
    .sort((a, b) => a.latencyMs! - b.latencyMs!)[0];
  if (!fastest) return "Nothing is wrong with what could be tested\n";
  const region = fastest.region ? `region: ${fastest.region}, ` : "";
  return `Connected to the edge (${region}latency: ${fastest.latencyMs!.toFixed(1)} ms)\n`;
}

function formatFinding(where: string, { code, err, causes, facts }: Finding): string {
  const lines = [
    `  ${where}`,
    ...code === undefined ? [] : [`    What:     ${DIAGNOSE_CODES[code]}`],
    `    Err:      ${err.split(/\r?\n/).filter((line) => line.trim() !== "").join(" ")}`,
    ...Object.entries(facts).map(([key, value]) => `    ${`${key}:`.padEnd(9)} ${value}`),
    ...code === undefined ? [] : [`    Code:     ERR_NGROK_${code}`],
    ...causes.length === 0
      ? []
      : ["    Possible causes:", ...causes.map((one) => `      - ${one}`)],
  ];
  return lines.join("\n");
}
