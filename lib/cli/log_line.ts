/**
 * How one log line looks: `logfmt`, `json` and `term` as scripts written for the ngrok agent expect
 * them (spec agent K). Pure; `log.ts` writes the lines.
 *
 * @module
 */
import { loggedError, TunnelError } from "../base/errors.ts";
import type { LogFields, LogLevel } from "../base/log.ts";

/** How lines look. `term` is for eyes and becomes `logfmt` where no person is looking. */
export type LogFormat = "term" | "logfmt" | "json";

/** The formats, as the flag spells them. */
export const LOG_FORMATS: readonly LogFormat[] = ["term", "logfmt", "json"];

/** The levels, most talkative first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "crit"];

/** What is said, before it has a form. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** How much it matters. */
  readonly level: LogLevel;
  /** What happened. */
  readonly message: string;
  /** The rest, in the order it is printed. A missing error is written `err=nil`. */
  readonly fields: LogFields;
}

/** The four letters that stand for a level on every line. */
const SHORT: Record<LogLevel, string> = {
  debug: "dbug",
  info: "info",
  warn: "warn",
  error: "eror",
  crit: "crit",
};

/** ANSI colours of the levels, those the ngrok agent's users know. */
const COLOUR: Record<LogLevel, number> = {
  debug: 36,
  info: 32,
  warn: 33,
  error: 31,
  crit: 35,
};

/** Where the fields begin on a terminal, so that they stand below each other. */
const TERM_MESSAGE_CELLS = 40;

/**
 * `t=2026-11-23T08:44:46+0000 lvl=info msg="started tunnel" name=web`, without the line end. Time
 * is UTC. Control characters are escaped: what a visitor sends cannot steer a terminal.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatLogfmt } from "./log_line.ts";
 *
 * assert.equal(
 *   formatLogfmt({ atMs: 0, level: "info", message: "open config file", fields: { err: undefined } }),
 *   't=1970-01-01T00:00:00+0000 lvl=info msg="open config file" err=nil',
 * );
 * ```
 */
export function formatLogfmt(record: LogRecord): string {
  const time = new Date(record.atMs).toISOString().slice(0, 19);
  let line = `t=${time}+0000 lvl=${SHORT[record.level]} msg=${quote(record.message)}`;
  for (const key of Object.keys(record.fields)) {
    line += ` ${key}=${quote(text(record.fields[key]))}`;
  }
  return line;
}

/** One JSON object, keys sorted, `t` in RFC 3339 with nanoseconds (UTC), without the line end. */
export function formatJson(record: LogRecord): string {
  const whole: Record<string, unknown> = {
    ...record.fields,
    t: new Date(record.atMs).toISOString().replace("Z", "000000Z"),
    lvl: SHORT[record.level],
    msg: record.message,
  };
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(whole).sort()) sorted[key] = whole[key] ?? null;
  return JSON.stringify(sorted, plain);
}

/**
 * `INFO[11-23|08:44:46] started tunnel            name=web`, for eyes: local time, without the line end.
 *
 * @param record what is said
 * @param colour whether ANSI colours are wanted
 */
export function formatTerm(record: LogRecord, colour: boolean): string {
  const paint = (said: string) => colour ? `\x1b[${COLOUR[record.level]}m${said}\x1b[0m` : said;
  const at = new Date(record.atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const keys = Object.keys(record.fields);
  const message = escapeControls(record.message);
  let line = `${paint(SHORT[record.level].toUpperCase())}[${day}|${time}] `;
  line += keys.length > 0 ? message.padEnd(TERM_MESSAGE_CELLS) : message;
  for (const key of keys) {
    line += ` ${paint(key)}=${quote(text(record.fields[key]))}`;
  }
  return line;
}

/** A value as text. `nil` is "none" and `[a b]` a list, as the ngrok agent writes them. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "nil";
  if (typeof value === "string") return value;
  if (value instanceof Error) return sentence(value);
  if (Array.isArray(value)) return `[${value.map(text).join(" ")}]`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object") return JSON.stringify(value, plain);
  return String(value);
}

/** What JSON cannot say, said. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Error) return sentence(value);
  return value;
}

function sentence(error: Error): string {
  return error instanceof TunnelError ? loggedError(error) : error.message;
}

function quote(value: string): string {
  if (value === "") return '""';
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (!/[\x00-\x20"=\\\x7f-\x9f]/.test(value)) return value;
  return `"${escapeControls(value.replace(/["\\]/g, "\\$&"))}"`;
}

/** The text with every control character written as an escape: it cannot steer a terminal. */
export function escapeControls(value: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return value.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
