/**
 * The terminal on node:process, for all three runtimes: raw keys, size, and a way out that holds
 * when the program crashes, is stopped with Ctrl+Z, or comes back in the background.
 *
 * @module
 */
import { readFileSync, write, writeSync } from "node:fs";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import type { Terminal, TerminalOptions } from "./terminal.ts";

/** Standard output. */
const STDOUT = 1;

/** A terminal that has no room is asked again after so long. */
const RETRY_MS = 10;

/** How long the last frame may take to leave when the terminal is given back. */
const PATIENCE_MS = 500;

/** SIGTSTP does nothing to a program that no shell watches: then it goes on after so long. */
const UNSTOPPED_MS = 250;

/** How often a program that runs in the background looks whether it is in front again. */
const BACKGROUND_MS = 1_000;

let current: NodeTerminal | undefined;

/**
 * Opens the terminal of this process.
 *
 * @param options who hears from it
 * @returns nothing where there is none, or where it cannot be drawn on
 */
export function openNodeTerminal(options: TerminalOptions): Terminal | undefined {
  const { stdout } = process;
  // A serial line of old that says nothing of its size is no place for a screen either.
  if (current || !stdout.isTTY || !stdout.columns || !stdout.rows || isDumb()) return undefined;
  if (!isInFront()) return undefined;
  return current = new NodeTerminal(options);
}

/** Gives the terminal back, if it was opened. */
export async function restoreNodeTerminal(): Promise<void> {
  await current?.close();
}

function isDumb(): boolean {
  try {
    return process.env.TERM === "dumb";
  } catch {
    return false; // the runtime's permissions forbid to look
  }
}

/**
 * Whether the terminal is ours to change: a program in the background that tries is stopped by the
 * system (SIGTTOU). Only Linux says so in a file.
 */
function isInFront(): boolean {
  if (process.platform !== "linux") return true;
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    return isForeground(stat);
  } catch {
    return true; // no permission to look
  }
}

/**
 * Whether a process is in its terminal's foreground group.
 *
 * @param stat its line in /proc (proc(5)); the name, in brackets, may hold anything
 */
export function isForeground(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [, , group, , , foreground] = fields;
  return foreground === undefined || Number(foreground) <= 0 || group === foreground;
}

class NodeTerminal implements Terminal {
  readonly #options: TerminalOptions;
  readonly #decoder: TextDecoder = new TextDecoder();
  readonly #hasKeys: boolean = process.stdin.isTTY === true;
  #last: Promise<void> = Promise.resolve();
  #isOpen = true;
  #isAway = false;
  #isBroken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { stdin, stdout } = process;
    stdout.on("resize", this.#onResize);
    if (this.#hasKeys) {
      stdin.on("data", this.#onData);
      stdin.on("error", this.#onLost);
      stdin.resume();
    }
    process.on("exit", this.#onExit);
    if (process.platform !== "win32") {
      process.on("SIGTSTP", this.#onStop);
      process.on("SIGCONT", this.#onContinue);
    }
    this.#enter();
  }

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  write(text: string): Promise<void> {
    if (!this.#isOpen || this.#isAway || this.#isBroken) return Promise.resolve();
    return this.#last = this.#last.then(() => this.#put(text));
  }

  /** A thread of its own writes: a terminal that does not read (a lost ssh connection) must not stop traffic. */
  #put(text: string): Promise<void> {
    if (process.platform === "win32") {
      // The console wants characters, not bytes.
      return new Promise((resolve) => void process.stdout.write(text, () => resolve()));
    }
    const bytes = new TextEncoder().encode(text);
    return new Promise((resolve) => {
      const step = (from: number) => {
        if (from >= bytes.length || this.#isBroken) return resolve();
        write(STDOUT, bytes, from, bytes.length - from, null, (error, written) => {
          if (!error) return step(from + written);
          if (error.code === "EAGAIN") return void setTimeout(step, RETRY_MS, from);
          this.#isBroken = true;
          resolve();
        });
      };
      step(0);
    });
  }

  suspend(): void {
    if (!this.#isOpen || this.#isAway || process.platform === "win32") return;
    this.#isAway = true;
    void this.#settled().then(() => {
      if (!this.#isOpen) return;
      this.#leave();
      process.off("SIGTSTP", this.#onStop);
      // The next turn: a signal that has just lost its listener is the system's again by then.
      this.#timer = setTimeout(() => {
        this.#timer = setTimeout(this.#comeBack, UNSTOPPED_MS);
        process.kill(0, "SIGTSTP"); // like the terminal itself: the whole group
      }, 0);
    });
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return await this.#last;
    this.#isOpen = false;
    await this.#settled();
    if (current !== this) return; // the exit was faster
    this.#release();
    const { stdin, stdout } = process;
    stdout.off("resize", this.#onResize);
    stdin.off("data", this.#onData);
    if (this.#hasKeys) stdin.pause();
    process.off("exit", this.#onExit);
    if (process.platform === "win32") return;
    process.off("SIGTSTP", this.#onStop);
    process.off("SIGCONT", this.#onContinue);
  }

  /** When the last frame has left, or will not. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      void this.#last.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #release(): void {
    clearTimeout(this.#timer);
    current = undefined;
    if (!this.#isAway) this.#leave();
  }

  #enter(): void {
    this.#setRaw(true);
    this.#putNow(this.#options.enter);
  }

  #leave(): void {
    this.#putNow(this.#options.leave);
    this.#setRaw(false);
  }

  #setRaw(isRaw: boolean): void {
    if (!this.#hasKeys) return;
    try {
      process.stdin.setRawMode(isRaw);
    } catch {
      this.#isBroken = true; // the terminal has gone: SIGHUP is on its way
    }
  }

  /** Without a promise: at the end of a process nothing is waited for. */
  #putNow(text: string): void {
    if (this.#isBroken) return;
    if (process.platform === "win32") return void process.stdout.write(text);
    const bytes = new TextEncoder().encode(text);
    for (let from = 0, tries = 0; from < bytes.length && tries < 100;) {
      try {
        from += writeSync(STDOUT, bytes, from);
      } catch (thrown) {
        if ((thrown as { code?: string }).code !== "EAGAIN") return;
        tries++;
      }
    }
  }

  readonly #onData = (data: Uint8Array | string): void => {
    const text = typeof data === "string" ? data : this.#decoder.decode(data, { stream: true });
    if (!this.#isAway && text !== "") this.#options.onInput(text);
  };

  readonly #onLost = (): void => {
    this.#isBroken = true;
  };

  readonly #onResize = (): void => {
    if (!this.#isAway) this.#options.onResize();
  };

  readonly #onExit = (): void => {
    if (current === this) this.#release();
  };

  readonly #onStop = (): void => this.suspend();

  readonly #onContinue = (): void => {
    // SIGSTOP came unannounced: the shell has had the terminal meanwhile.
    this.#isAway = true;
    this.#comeBack();
  };

  readonly #comeBack = (): void => {
    clearTimeout(this.#timer);
    if (!this.#isOpen || !this.#isAway) return;
    if (!isInFront()) {
      this.#timer = setTimeout(this.#comeBack, BACKGROUND_MS);
      return;
    }
    this.#isAway = false;
    process.off("SIGTSTP", this.#onStop);
    process.on("SIGTSTP", this.#onStop);
    // Runtimes remember the mode they set, not the one the shell has set since.
    this.#setRaw(false);
    this.#enter();
    this.#options.onResume();
  };
}
