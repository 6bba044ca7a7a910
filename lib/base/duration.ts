/**
 * Durations as configuration files and flags write them, in the form of the Go language: `10s`,
 * `1h30m`, `1.5h`. The schemas of agent, edge and traffic policy use them.
 *
 * @module
 */
import { type Schema, z } from "./schema.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a duration.
 *
 * @param text numbers with their units: `300ms`, `10s`, `1h30m`; `0` alone needs none
 * @returns milliseconds
 * @throws {SyntaxError} saying what is wrong with it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseDuration } from "./duration.ts";
 *
 * assert.equal(parseDuration("1m30s"), 90_000);
 * assert.throws(() => parseDuration("10"), /write "10s"/);
 * ```
 */
export function parseDuration(text: string): number {
  const fault = (found: string) => new SyntaxError(`"${text}" is no duration: ${found}`);
  const whole = text.trim();
  if (whole === "0" || whole === "+0") return 0;
  if (whole === "") throw fault('it is empty; write a number and a unit, as in "10s"');
  if (whole.startsWith("-")) throw fault("it must not be negative");
  if (/^\d+(?:\.\d+)?$/.test(whole)) throw fault(`the unit is missing; write "${whole}s"`);
  let sumMs = 0;
  let rest = whole.replace(/^\+/, "");
  while (rest !== "") {
    const part = /^(\d+(?:\.\d*)?|\.\d+)([a-zµμ]*)/i.exec(rest);
    if (!part) throw fault('write a number and a unit, as in "10s" or "1h30m"');
    const [all, amount, unit] = part;
    if (!Object.hasOwn(UNIT_MS, unit)) {
      throw fault(
        unit === ""
          ? `the unit after ${amount} is missing`
          : `the unit "${unit}" does not exist; use ms, s, m or h`,
      );
    }
    sumMs += Number(amount) * UNIT_MS[unit];
    rest = rest.slice(all.length);
  }
  // Sums of fractions carry dust: a millionth of a millisecond is the finest unit there is.
  return Math.round(sumMs * 1e6) / 1e6;
}

/**
 * The shortest way to write a duration that {@linkcode parseDuration} reads back.
 *
 * @param ms milliseconds, not negative
 */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % 1_000 !== 0) return `${ms}ms`;
  const [hours, rest] = [Math.floor(ms / UNIT_MS.h), ms % UNIT_MS.h];
  const [minutes, seconds] = [Math.floor(rest / UNIT_MS.m), (rest % UNIT_MS.m) / UNIT_MS.s];
  return (hours ? `${hours}h` : "") + (minutes ? `${minutes}m` : "") +
    (seconds ? `${seconds}s` : "");
}

/** Limits of a duration. */
export interface DurationBounds {
  /** The least, in milliseconds. @default {0} */
  readonly minMs?: number;
  /** The most, in milliseconds. @default {2147483647} which is 24 days, the longest timer there is */
  readonly maxMs?: number;
}

const LONGEST_MS = 2 ** 31 - 1;

/**
 * The schema of a duration in a document: text in, the same text out, checked.
 *
 * @param bounds its limits
 */
export function durationText(bounds: DurationBounds = {}): Schema<string> {
  const { minMs = 0, maxMs = LONGEST_MS } = bounds;
  return z.string().meta({ examples: ["10s", "1m30s"] }).superRefine((text, context) => {
    const message = durationFault(text, minMs, maxMs);
    if (message) context.addIssue({ code: "custom", message });
  });
}

function durationFault(text: string, minMs: number, maxMs: number): string | undefined {
  try {
    const ms = parseDuration(text);
    if (ms < minMs) return `"${text}" is too short: at least ${formatDuration(minMs)}`;
    if (ms > maxMs) return `"${text}" is too long: at most ${formatDuration(maxMs)}`;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return thrown.message;
    throw thrown;
  }
}
