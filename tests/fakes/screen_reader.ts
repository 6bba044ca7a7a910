/**
 * What a terminal shows after what was written to it: as much of ECMA-48 as the full-screen status
 * uses, and an error for anything else.
 *
 * @module
 */
import { cellsOf } from "../../lib/cli/console/cells.ts";

/** A terminal that understands what it is sent. */
export class ScreenReader {
  /** Whether the other buffer is shown. */
  isAlternate = false;
  /** Whether the cursor can be seen. */
  hasCursor = true;
  /** How many frames came whole. */
  frames = 0;
  #cells: string[][] = [];
  #row = 0;
  #column = 0;
  #columns: number;
  #rows: number;

  /** An empty one. */
  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#clear();
  }

  /** Another size; what a terminal shows until it is drawn on again is anybody's guess. */
  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => "?"));
  }

  /** Reads what was written. */
  read(text: string): void {
    // deno-lint-ignore no-control-regex -- escape sequences are what is looked for
    const pieces = /\x1b\[(\??)([0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07|[^\x1b]+/gy;
    let read = 0;
    for (const [piece, mode, parameters, final] of text.matchAll(pieces)) {
      read += piece.length;
      if (piece.startsWith("\x1b]")) continue;
      if (final === undefined) this.#put(piece);
      else this.#obey(mode + final, parameters);
    }
    if (read !== text.length) {
      throw new Error(`unknown sequence at ${JSON.stringify(text.slice(read, read + 20))}`);
    }
  }

  /** The lines, without the blanks at their ends. */
  lines(): string[] {
    return this.#cells.map((row) => row.join("").trimEnd());
  }

  #clear(): void {
    this.#cells = Array.from(
      { length: this.#rows },
      () => Array.from({ length: this.#columns }, () => " "),
    );
  }

  #put(text: string): void {
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      const width = cellsOf(segment);
      // Lines do not wrap: what is too much is written over the last cell.
      const at = Math.min(this.#column, this.#columns - Math.max(1, width));
      const row = this.#cells[this.#row];
      row[at] = segment;
      for (let next = 1; next < width; next++) row[at + next] = "";
      this.#column = Math.min(at + width, this.#columns - 1 + 1);
    }
  }

  #obey(what: string, parameters: string): void {
    if (what === "m") return;
    if (what === "H") {
      const [row, column] = parameters.split(";").map(Number);
      this.#row = row - 1;
      this.#column = column - 1;
    } else if (what === "K" && parameters === "") {
      // Behind the last cell the cursor is still on it.
      const from = Math.min(this.#column, this.#columns - 1);
      this.#cells[this.#row].fill(" ", from);
    } else if (what === "J" && parameters === "2") this.#clear();
    else if (what === "?h" || what === "?l") this.#setMode(parameters, what === "?h");
    else throw new Error(`unknown sequence CSI ${parameters} ${what}`);
  }

  #setMode(mode: string, isOn: boolean): void {
    if (mode === "1049") {
      this.isAlternate = isOn;
      this.#clear();
    } else if (mode === "25") this.hasCursor = isOn;
    else if (mode === "2026") this.frames += isOn ? 0 : 1;
    else if (mode !== "7") throw new Error(`unknown mode ${mode}`);
  }
}
