/**
 * A terminal inside the process: keeps what is written to it, and a test types.
 *
 * @module
 */
import type { Terminal, TerminalOptions } from "./terminal.ts";

/** A terminal in memory. */
export class MemoryTerminal implements Terminal {
  /** See {@linkcode Terminal.columns}. */
  columns: number;
  /** See {@linkcode Terminal.rows}. */
  rows: number;
  /** All that was written. */
  text = "";
  /** How often a program wrote to it: each frame is one. */
  writes = 0;
  /** Whether a program has it. */
  isOpen = false;
  /** How often the program was stopped. */
  suspensions = 0;
  /** What `write` waits for: a terminal that takes its time. */
  delay: Promise<void> = Promise.resolve();
  #options: TerminalOptions | undefined;

  /**
   * Makes a terminal that nobody has opened.
   *
   * @param size its cells
   */
  constructor(size: { readonly columns: number; readonly rows: number }) {
    this.columns = size.columns;
    this.rows = size.rows;
  }

  /** A program takes it. */
  open(options: TerminalOptions): Terminal {
    this.#options = options;
    this.isOpen = true;
    this.text += options.enter;
    return this;
  }

  /** See {@linkcode Terminal.write}. */
  write(text: string): Promise<void> {
    this.text += text;
    this.writes++;
    return this.delay;
  }

  /** See {@linkcode Terminal.suspend}; {@linkcode MemoryTerminal.resume} brings the program back. */
  suspend(): void {
    this.suspensions++;
    this.text += this.#options?.leave ?? "";
  }

  /** See {@linkcode Terminal.close}. */
  close(): Promise<void> {
    if (this.isOpen) this.text += this.#options?.leave ?? "";
    this.isOpen = false;
    return Promise.resolve();
  }

  /** Somebody types. */
  type(text: string): void {
    if (this.isOpen) this.#options?.onInput(text);
  }

  /** Somebody drags the window's corner. */
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    if (this.isOpen) this.#options?.onResize();
  }

  /** Somebody says `fg`. */
  resume(): void {
    if (!this.isOpen) return;
    this.text += this.#options?.enter ?? "";
    this.#options?.onResume();
  }
}
