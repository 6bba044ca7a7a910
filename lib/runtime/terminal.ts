/**
 * The contract of a terminal that a program draws on as a whole and hears keys from. The status of
 * the command line opens one; whatever happens, the terminal is left as it was.
 *
 * @module
 */

/** How a terminal is opened, and who hears from it. */
export interface TerminalOptions {
  /** Written when the program takes the terminal: at first, and when it comes back to the foreground. */
  readonly enter: string;
  /** Written when it gives the terminal back: at the end, at a crash, and while it is stopped. */
  readonly leave: string;
  /** Gets what was typed, as the terminal sends it: Ctrl+C is `\x03`. */
  readonly onInput: (text: string) => void;
  /** The terminal has another size. */
  readonly onResize: () => void;
  /** The program was away and is back: nothing of what it drew is left. */
  readonly onResume: () => void;
}

/** A terminal that was opened. */
export interface Terminal {
  /** Its width in cells. */
  readonly columns: number;
  /** Its height in cells. */
  readonly rows: number;
  /** Writes text; settles (never rejects) when the terminal has taken it. While the program is away it is dropped. */
  write(text: string): Promise<void>;
  /** Stops the program as Ctrl+Z does, where the system knows that. */
  suspend(): void;
  /** Gives the terminal back. Idempotent. */
  close(): Promise<void>;
}
