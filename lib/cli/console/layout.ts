/**
 * The status as lines, for a terminal of any width: what stands where (spec agent J). Pure.
 *
 * @module
 */
import { VERSION } from "../../base/version.ts";
import { formatDuration, formatTime } from "../render.ts";
import { cellsOf, padToCells, wrapCells } from "./cells.ts";
import { type Line, type Span, span, type Tone } from "./line.ts";
import type { RequestRow } from "./requests.ts";
import type { EndpointRow, Phase, Status } from "./status.ts";

/** What is on the screen. */
export interface Picture {
  /** What the agent is doing. */
  readonly status: Status;
  /** The last requests, the newest first; `undefined` when nobody tells of them. */
  readonly requests: readonly RequestRow[] | undefined;
  /** Whether the edge is in this very program. */
  readonly isLocal: boolean;
  /** A sentence below the rows. */
  readonly hint: string | undefined;
  /** The time, milliseconds since 1970. */
  readonly nowMs: number;
}

/** Columns of the table of connections. */
const TABLE = ["ttl", "opn", "rt1", "rt5", "p50", "p90"] as const;

const PHASE_TONES: Readonly<Record<Phase, Tone>> = {
  connecting: "warn",
  online: "good",
  reconnecting: "bad",
  closing: "warn",
};

/**
 * The whole status.
 *
 * @param picture what is on the screen
 * @param columns how wide it is
 */
export function layOut(picture: Picture, columns: number): Line[] {
  const { status, hint } = picture;
  const notes = [status.banner, status.deprecation].filter((text) => text !== "");
  return [
    ...notes.flatMap((text) => [...paragraph(text, columns, "info"), []]),
    ...facts(picture, columns),
    [],
    ...connections(status, columns),
    ...(hint === undefined ? [] : [[], ...paragraph(hint, columns, "dim")]),
    ...messages(status, columns),
    ...requests(picture, columns),
  ];
}

function facts({ status, isLocal, nowMs }: Picture, columns: number): Line[] {
  const { phase, accountName, planName, region, latencyMs, expiresAtMs } = status;
  const rows: Line[] = [];
  const add = (label: string, value: string, tone?: Tone) => {
    rows.push(...row(label, [span(value, tone)], columns));
  };
  add("Session Status", session(status, nowMs), PHASE_TONES[phase]);
  if (expiresAtMs !== undefined) add("Session Expires", remaining(expiresAtMs - nowMs));
  if (accountName && !isLocal) {
    add("Account", planName ? `${accountName} (Plan: ${planName})` : accountName);
  }
  if (status.update !== undefined) add("Update", status.update, "info");
  add("Version", VERSION);
  if (isLocal) add("Edge", "in this program, for this machine alone");
  else {
    if (region) add("Region", region);
    add("Latency", latencyMs === undefined ? "-" : `${Math.round(latencyMs)}ms`);
  }
  if (status.webInterface !== undefined) add("Web Interface", status.webInterface);
  for (const endpoint of status.endpoints) rows.push(...forwarding(endpoint, columns));
  return rows;
}

/** The state, what is in its way, and how long nothing will be tried. */
function session({ phase, trouble, nextAttemptAtMs }: Status, nowMs: number): string {
  if (trouble === "") return phase;
  const waitMs = phase === "closing" ? 0 : (nextAttemptAtMs ?? 0) - nowMs;
  return `${phase} (${trouble})${waitMs >= 1_000 ? `, next attempt in ${remaining(waitMs)}` : ""}`;
}

function forwarding({ url, upstream, trouble }: EndpointRow, columns: number): Line[] {
  const place = [span(url, trouble ? "dim" : "bold"), span(" -> "), span(upstream)];
  const lines = row("Forwarding", place, columns);
  if (trouble) lines.push(...row("", [span(`offline: ${trouble}`, "bad")], columns));
  return lines;
}

function connections(status: Status, columns: number): Line[] {
  const { total, open, rate1, rate5, p50Ms, p90Ms } = status.connections();
  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  const values = [
    String(total),
    String(open),
    rate1.toFixed(2),
    rate5.toFixed(2),
    seconds(p50Ms),
    seconds(p90Ms),
  ];
  const label = labelCells(columns);
  const room = columns - label;
  const cells = Math.max(...values.map((value) => value.length + 1), room >= 48 ? 8 : 6);
  // On a narrow terminal the last columns are the ones to do without.
  const fit = Math.max(1, Math.floor(room / cells));
  const line = (title: string, texts: readonly string[], tone: Tone): Line => [
    span(padToCells(title, label)),
    span(texts.slice(0, fit).map((text) => text.padEnd(cells)).join("").trimEnd(), tone),
  ];
  return [line("Connections", TABLE, "dim"), line("", values, "plain")];
}

function messages(status: Status, columns: number): Line[] {
  if (status.messages.length === 0) return [];
  return [
    [],
    ...status.messages.flatMap(({ atMs, text, times }) => {
      const again = times > 1 ? ` (${times} times)` : "";
      return paragraph(`${formatTime(atMs)}  ${text}${again}`, columns, "warn");
    }),
  ];
}

function requests({ requests, status }: Picture, columns: number): Line[] {
  if (!requests) return [];
  const title = "HTTP Requests";
  const isEmpty = requests.length === 0;
  const hasHttp = status.endpoints.some(({ url }) => /^https?:/.test(url));
  if (isEmpty && !hasHttp) return [];
  return [
    [],
    [span(title, "bold")],
    [span("-".repeat(title.length), "dim")],
    ...(isEmpty ? [[span("none so far", "dim")]] : requestRows(requests, columns)),
  ];
}

/** Paths get room in steps, so that the columns behind them seldom move. */
const PATH_STEP = 20;

/** As wide as they need to be: on a wide terminal an answer stands near its question. */
function requestRows(requests: readonly RequestRow[], columns: number): Line[] {
  const longest = Math.max(...requests.map(({ path }) => cellsOf(path)));
  const pathCells = Math.max(2, Math.ceil(longest / PATH_STEP)) * PATH_STEP;
  return requests.map((one) => requestRow(one, pathCells, columns));
}

function requestRow(one: RequestRow, wantedCells: number, columns: number): Line {
  const { atMs, method, path, status, words, durationMs } = one;
  const isWide = columns >= 72;
  const time = isWide
    ? `${formatTime(atMs)}.${String(Math.floor(atMs % 1000)).padStart(3, "0")}`
    : columns >= 44
    ? formatTime(atMs)
    : "";
  const answer = status === undefined ? words : isWide ? `${status} ${words}` : String(status);
  const answerCells = columns >= 100 ? 36 : isWide ? 22 : 4;
  const took = isWide && durationMs !== undefined ? formatDuration(durationMs) : "";
  const head = time === "" ? 0 : time.length + 1;
  const room = columns - head - 8 - 1 - answerCells - (isWide ? 9 : 0);
  const spans: Span[] = [];
  if (head > 0) spans.push(span(`${time} `, "dim"));
  spans.push(span(padToCells(method, 7) + " "));
  const pathCells = isWide ? Math.min(room, wantedCells) : room;
  spans.push(span(padToCells(path, Math.max(1, pathCells)) + " "));
  spans.push(span(padToCells(answer, answerCells), toneOf(status)));
  if (isWide) spans.push(span(took.padStart(9), "dim"));
  return spans;
}

function toneOf(status: number | undefined): Tone {
  if (status === undefined) return "dim";
  if (status < 300) return "good";
  if (status < 400) return "info";
  return status < 500 ? "warn" : "bad";
}

/** The width of the labels: 30 where there is room; 0 puts them on lines of their own. */
function labelCells(columns: number): number {
  if (columns >= 76) return 30;
  return columns >= 50 ? 17 : 0;
}

/** A label and its value. What is too long goes on below: a URL that is cut is of no use. */
function row(label: string, value: readonly Span[], columns: number): Line[] {
  const indent = labelCells(columns);
  const blank = span(" ".repeat(indent || 2));
  const lines: Line[] = [];
  let line: Span[] = indent > 0 ? [span(padToCells(label, indent))] : [blank];
  if (indent === 0 && label !== "") lines.push([span(label, "dim")]);
  const room = Math.max(1, columns - cellsOf(blank.text));
  let used = 0;
  const next = () => {
    lines.push(line);
    line = [blank];
    used = 0;
  };
  for (const { text, tone } of value) {
    // A piece stays whole where a line of its own is enough for it.
    if (used > 0 && used + cellsOf(text) > room && text.trim() !== "->") next();
    const parts = wrapCells(text, room);
    parts.forEach((part, at) => {
      if (at > 0 || used + cellsOf(part) > room) next();
      const kept = used === 0 ? part.trimStart() : part;
      line.push(span(kept, tone));
      used += cellsOf(kept);
    });
  }
  lines.push(line);
  return lines;
}

/**
 * A sentence, broken at blanks where it can be.
 *
 * @param text the sentence
 * @param columns how wide it may be
 * @param tone how it is said
 */
export function paragraph(text: string, columns: number, tone: Tone): Line[] {
  const lines: Line[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (cellsOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push([span(line, tone)]);
    const parts = wrapCells(word, columns);
    lines.push(...parts.slice(0, -1).map((part) => [span(part, tone)]));
    line = parts[parts.length - 1];
  }
  lines.push([span(line, tone)]);
  return lines;
}

/** `1 h 59 min`, `4 min`, `12 s`. */
function remaining(ms: number): string {
  if (ms <= 0) return "now";
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
