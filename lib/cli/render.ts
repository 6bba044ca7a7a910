/**
 * Pieces of what a person reads on the terminal: rows, sizes, times. Pure.
 *
 * @module
 */
import type { Output } from "../runtime/host.ts";
import { escapeControls } from "./log_line.ts";

/** Width of the label column (spec agent J). */
const LABEL_CELLS = 30;

/** A text that is painted where colours are wanted. */
export interface Paint {
  /** For what matters most. */
  bold(text: string): string;
  /** For what matters least. */
  dim(text: string): string;
  /** For what is well. */
  good(text: string): string;
  /** For what is not. */
  bad(text: string): string;
}

/** Paints for a person who likes colours, leaves text alone for everybody else. */
export function paintFor(output: Output, noColour: boolean): Paint {
  const wanted = output.isTty && !noColour;
  const paint = (code: number) => (text: string) => wanted ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { bold: paint(1), dim: paint(2), good: paint(32), bad: paint(33) };
}

/** `Label                         value`, without the line end. Foreign text cannot steer the terminal. */
export function row(label: string, value: string): string {
  return `${label.padEnd(LABEL_CELLS)}${value}`;
}

/** Left and right ends of a line. */
export function spread(left: string, right: string, columns: number): string {
  return left + " ".repeat(Math.max(2, columns - left.length - right.length)) +
    right;
}

/** A table whose columns are as wide as their longest cell, two blanks apart, each row a line. */
export function columnsOf(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of rows) {
    cells.forEach((cell, index) => widths[index] = Math.max(widths[index] ?? 0, cell.length));
  }
  return rows.map((cells) =>
    cells.map((cell, index) => cell.padEnd(widths[index])).join("  ").trimEnd() + "\n"
  ).join("");
}

/** Text from outside, made safe for a terminal. */
export function safe(text: string): string {
  return escapeControls(text);
}

/** `0 B`, `999 B`, `1.2 kB`, `34 MB`: two digits that count. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `3 ms`, `1.2 s`, `4 min`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `08:44:46`, local time. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((value) => String(value).padStart(2, "0")).join(":");
}
