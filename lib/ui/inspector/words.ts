/**
 * Short words for what exchanges are, in lists and headings.
 *
 * @module
 */
import type { ExchangeSummary } from "../../api/agent/shapes.ts";
import { formatCount } from "../kit/format.ts";

/** What an exchange became, when that is more than a request and a response. */
export function kindWord({ kind, message_count: count }: ExchangeSummary): string {
  const word = { http: "", websocket: "WS", sse: "SSE", grpc: "gRPC" }[kind];
  return word && count > 0 ? `${word} ${formatCount(count)}` : word;
}

/** How it went, for a screen reader. */
export function statusWord({ status, state }: ExchangeSummary): string {
  if (state === "cut") return status === null ? "cut off" : `status ${status}, cut off`;
  return status === null ? "no response yet" : `status ${status}`;
}

/** Whether an address leads here from other machines too; those of `localhost` do not. */
export function isReachable(url: string): boolean {
  const { hostname } = new URL(url);
  return !/(?:^|\.)localhost$|^127\.|^\[::1\]$/.test(hostname);
}

/** The time of day where the reader is: `14:03:59`. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

/** The same with the day and thousandths: `2026-11-23 14:03:59.120`. */
export function fullTime(iso: string): string {
  const date = new Date(iso);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0")).join("-");
  return `${day} ${clockTime(iso)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
