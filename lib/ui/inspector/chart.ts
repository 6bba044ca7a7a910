/**
 * Places in the chart of the status page: a dot for each exchange, when it came and how long it took.
 * Times are drawn on a logarithmic scale, for a slow answer takes a thousand times as long as a fast
 * one. `scatter.tsx` draws it.
 *
 * @module
 */
import type { ExchangeSummary } from "../../api/agent/shapes.ts";
import { formatLatency } from "../kit/format.ts";
import { statusWord } from "./words.ts";

/** The box the dots are placed in. */
export const CHART_BOX = { width: 600, height: 160 } as const;

/** How far back it goes. */
export const CHART_MS = 5 * 60_000;

/** More dots would be a cloud. */
const MAX_DOTS = 400;

/** One exchange in the chart. */
export interface Dot {
  /** Which. */
  readonly id: string;
  /** From the left. */
  readonly x: number;
  /** From the top. */
  readonly y: number;
  /** How it went. */
  readonly kind: StatusKind;
  /** What it was. */
  readonly words: string;
}

/** How an exchange went, as colours tell it. */
export type StatusKind = "good" | "moved" | "warn" | "bad" | "open";

/** How an exchange went. */
export function statusKind(
  { status, state }: Pick<ExchangeSummary, "status" | "state">,
): StatusKind {
  if (state === "cut") return "bad";
  if (status === null) return "open";
  if (status >= 500) return "bad";
  if (status >= 400) return "warn";
  return status >= 300 ? "moved" : "good";
}

/** Where a duration stands: 1 ms at the bottom, 100 s at the top. */
export function durationY(ms: number): number {
  const decades = Math.log10(Math.min(Math.max(ms, 1), 100_000)) / 5;
  return Math.round((1 - decades) * CHART_BOX.height * 10) / 10;
}

/**
 * The dots of the newest exchanges.
 *
 * @param exchanges newest first
 * @param nowMs the right edge
 */
export function dotsOf(exchanges: readonly ExchangeSummary[], nowMs: number): Dot[] {
  const dots: Dot[] = [];
  for (const exchange of exchanges) {
    const ageMs = nowMs - Date.parse(exchange.started_at);
    if (ageMs > CHART_MS || dots.length === MAX_DOTS) break;
    if (exchange.duration_ms === null) continue;
    const x = Math.round((1 - Math.max(0, ageMs) / CHART_MS) * CHART_BOX.width * 10) / 10;
    dots.push({
      id: exchange.id,
      x,
      y: durationY(exchange.duration_ms),
      kind: statusKind(exchange),
      words: [
        `${exchange.method} ${exchange.target}`,
        statusWord(exchange),
        formatLatency(exchange.duration_ms),
      ].join(", "),
    });
  }
  return dots;
}
