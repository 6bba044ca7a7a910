/**
 * Brings lines to the terminal: only those that have changed, in one write, and no frame before the
 * last one was taken. The full-screen status draws on it.
 *
 * @module
 */
import type { Terminal } from "../../runtime/terminal.ts";
import { baseCode, type Colours, fitLine, type Line, lineCells, printLine } from "./line.ts";

/** Takes the screen: the other buffer, no cursor, and lines that are too wide stay lines. */
export const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/** Gives it back as it was; a frame that was cut off is not left open. */
export const LEAVE = "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/** The terminal shows what is between these two at once, where it knows them (synchronized output). */
const FRAME = ["\x1b[?2026h", "\x1b[?2026l"] as const;

/** What stands on a terminal. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #colours: Colours;
  #shown: string[] | undefined;
  #columns = 0;
  #rows = 0;
  #isBusy = false;
  #next: readonly Line[] | undefined;

  /**
   * Draws nothing yet.
   *
   * @param terminal opened with {@linkcode ENTER} and {@linkcode LEAVE}
   * @param colours which there are
   */
  constructor(terminal: Terminal, colours: Colours) {
    this.#terminal = terminal;
    this.#colours = colours;
  }

  /**
   * Shows these lines and nothing else. While the terminal is busy with a frame, only the latest waits.
   *
   * @param lines from the top; those beyond the bottom are not shown
   */
  draw(lines: readonly Line[]): void {
    if (this.#isBusy) {
      this.#next = lines;
      return;
    }
    const frame = this.#frame(lines);
    if (frame === "") return;
    this.#isBusy = true;
    void this.#terminal.write(FRAME[0] + frame + FRAME[1]).then(() => {
      this.#isBusy = false;
      const next = this.#next;
      this.#next = undefined;
      if (next) this.draw(next);
    });
  }

  /** Sends something that is not drawn: a bell, a text for the clipboard. */
  send(text: string): void {
    void this.#terminal.write(text);
  }

  /** Nothing of what was drawn can be relied on: the next frame is a whole one. */
  forget(): void {
    this.#shown = undefined;
  }

  #frame(lines: readonly Line[]): string {
    const { columns, rows } = this.#terminal;
    const base = baseCode(this.#colours);
    let frame = "";
    if (!this.#shown || columns !== this.#columns || rows !== this.#rows) {
      // The erased screen takes the background that is set.
      frame += `${base}\x1b[2J`;
      this.#shown = Array.from({ length: rows }, () => "");
      this.#columns = columns;
      this.#rows = rows;
    }
    for (let at = 0; at < rows; at++) {
      const line = fitLine(lines[at] ?? [], columns);
      const text = printLine(line, this.#colours);
      if (text === this.#shown[at]) continue;
      this.#shown[at] = text;
      // Behind a full line the cursor stands on its last cell, and erasing would take that.
      const rest = lineCells(line) < columns ? "\x1b[K" : "";
      frame += `\x1b[${at + 1};1H${base}${text}${rest}`;
    }
    return frame;
  }
}
