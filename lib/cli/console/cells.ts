/**
 * How much room a text takes on a terminal, and how it is made to fit: wide characters, emoji and
 * marks count as terminals show them. Pure.
 *
 * @module
 */
import stringWidth from "string-width";
import { escapeControls } from "../log_line.ts";

const SEGMENTER = new Intl.Segmenter();

/** Printable ASCII, most of what there is: one cell each. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The width of a text in cells. */
export function cellsOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/**
 * A text that is no wider than there is room; `…` stands for what was cut off.
 *
 * @param text without control characters
 * @param cells the room
 */
export function cutToCells(text: string, cells: number): string {
  if (cells <= 0) return "";
  // A cell takes a UTF-16 unit at least: whoever sends a megabyte does not get it measured.
  const head = text.length > cells * 64 ? text.slice(0, cells * 64) : text;
  if (head === text && cellsOf(text) <= cells) return text;
  const [kept = ""] = pieces(head, cells - 1);
  return kept + "…";
}

/**
 * A text in lines that are no wider than there is room, broken anywhere.
 *
 * @param text without control characters
 * @param cells the room, one at least
 * @returns one line at least
 */
export function wrapCells(text: string, cells: number): string[] {
  if (cellsOf(text) <= cells) return [text];
  return pieces(text, Math.max(1, cells));
}

/** A text with blanks behind it, up to a width; one that is wider is cut. */
export function padToCells(text: string, cells: number): string {
  const cut = cutToCells(text, cells);
  return cut + " ".repeat(Math.max(0, cells - cellsOf(cut)));
}

function pieces(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const { segment } of SEGMENTER.segment(text)) {
    const width = cellsOf(segment);
    if (used + width > cells && line !== "") {
      lines.push(line);
      line = "";
      used = 0;
    }
    if (width > cells) continue; // no line is wide enough for it
    line += segment;
    used += width;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** Text from outside, which can neither steer the terminal nor turn round what stands beside it. */
export function printable(text: string): string {
  // Marks that change the direction of text (Unicode TR9 section 2), and separators of lines.
  return escapeControls(text).replace(
    /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
