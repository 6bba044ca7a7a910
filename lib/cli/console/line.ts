/**
 * A line of the screen: pieces of text with what they mean; colours come last. Pure.
 *
 * @module
 */
import { cellsOf, cutToCells } from "./cells.ts";

/** What a piece of text means to the reader; `code` is a part of a QR code: light on dark. */
export type Tone = "plain" | "bold" | "dim" | "good" | "info" | "warn" | "bad" | "code";

/** A piece of a line. */
export interface Span {
  /** Without control characters. */
  readonly text: string;
  /** What it means. */
  readonly tone: Tone;
}

/** A line of the screen. */
export type Line = readonly Span[];

/** Which colours there are: none at all, the terminal's own background, or black. */
export type Colours = "none" | "transparent" | "black";

const CODES: Readonly<Record<Tone, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  good: "32",
  info: "36",
  warn: "33",
  bad: "31",
  code: "97;40",
};

/** A piece of text. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** The width of a line in cells. */
export function lineCells(line: Line): number {
  return line.reduce((sum, { text }) => sum + cellsOf(text), 0);
}

/** A line that is no wider than there is room. */
export function fitLine(line: Line, cells: number): Line {
  if (lineCells(line) <= cells) return line;
  const kept: Span[] = [];
  let room = cells;
  for (const piece of line) {
    const width = cellsOf(piece.text);
    if (width > room) {
      kept.push({ ...piece, text: cutToCells(piece.text, room) });
      return kept;
    }
    kept.push(piece);
    room -= width;
  }
  return kept;
}

/** What stands between pieces: every attribute off, and the background back. */
export function baseCode(colours: Colours): string {
  if (colours === "none") return "";
  // Black needs its own foreground: that of a light terminal is black.
  return colours === "black" ? "\x1b[0;37;40m" : "\x1b[0m";
}

/** A line as the terminal gets it; it begins and ends without attributes of its own. */
export function printLine(line: Line, colours: Colours): string {
  const base = baseCode(colours);
  return line.map(({ text, tone }) => {
    const code = CODES[tone];
    return base === "" || code === "" ? text : `\x1b[${code}m${text}${base}`;
  }).join("");
}
