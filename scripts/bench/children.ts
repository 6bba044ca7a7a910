/**
 * The processes of a benchmark: started, watched through /proc, and none left behind. Every other
 * file of the benchmark starts its processes here.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

/** The kernel counts processor time in ticks of this many a second (USER_HZ, fixed on Linux). */
const TICKS_PER_SECOND = 100;

/** Output that is kept of one process. */
const MAX_OUTPUT_CHARS = 1024 * 1024;

/** How a process is started. */
export interface StartOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. */
  readonly cwd?: string;
}

/** How a process ended. */
export interface Ending {
  /** The exit code, `null` after a signal. */
  readonly code: number | null;
  /** All it printed to standard output. */
  readonly stdout: string;
  /** All it printed to standard error. */
  readonly stderr: string;
}

/** A process that runs. */
export class Child {
  /** Its id. */
  readonly pid: number;
  /** How it ended; never rejects. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #what: string;
  readonly #lines = new Set<(line: string) => void>();
  #stdout = "";
  #stderr = "";
  #partial = "";
  #over = false;

  /**
   * @param process just started
   * @param what it is, for messages
   */
  constructor(process: ChildProcess, what: string) {
    this.#process = process;
    this.#what = what;
    this.pid = process.pid ?? -1;
    process.stdout?.setEncoding("utf8").on("data", (text: string) => this.#onText(text));
    process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_OUTPUT_CHARS);
    });
    this.ended = new Promise((resolve) => {
      const end = (code: number | null) => {
        this.#over = true;
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      };
      process.once("error", (error) => {
        this.#stderr += error.message;
        end(null);
      });
      process.once("close", end);
    });
  }

  /** Whether it still runs. */
  get running(): boolean {
    return !this.#over;
  }

  #onText(text: string): void {
    this.#stdout = (this.#stdout + text).slice(-MAX_OUTPUT_CHARS);
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      for (const check of [...this.#lines]) check(line);
    }
  }

  /**
   * Waits for a JSON line of standard output.
   *
   * @param passes whether it is the one
   * @param limitMs how long to wait
   * @throws {Error} when the process ends or the limit passes before it
   */
  async jsonLine(
    passes: (line: Record<string, unknown>) => boolean,
    limitMs = 30_000,
  ): Promise<Record<string, unknown>> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let check: (line: string) => void = () => {};
    const found = new Promise<Record<string, unknown>>((resolve, reject) => {
      check = (text) => {
        const line = parseJson(text);
        if (line && passes(line)) resolve(line);
      };
      this.#lines.add(check);
      for (const text of this.#stdout.split("\n")) check(text);
      timer = setTimeout(
        () => reject(this.#complaint(`was not ready within ${limitMs} ms`)),
        limitMs,
      );
      void this.ended.then(() => reject(this.#complaint("ended before it was ready")));
    });
    try {
      return await found;
    } finally {
      clearTimeout(timer);
      this.#lines.delete(check);
    }
  }

  #complaint(found: string): Error {
    const output = (this.#stderr || this.#stdout).trim().split("\n").slice(-12).join("\n");
    return new Error(`${this.#what} ${found}${output ? `\n${output}` : ""}`);
  }

  /** Ends it now. */
  kill(): void {
    if (!this.#over) this.#process.kill("SIGKILL");
  }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** All processes of one benchmark. */
export class Children {
  readonly #running = new Set<Child>();

  /** Starts a process that stays. */
  start(command: readonly string[], options: StartOptions = {}): Child {
    const spawned = spawn(command[0], command.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const child = new Child(spawned, command.join(" "));
    this.#running.add(child);
    void child.ended.then(() => this.#running.delete(child));
    return child;
  }

  /** Runs a process to its end, or kills it after the limit. */
  async run(
    command: readonly string[],
    limitMs: number,
    options: StartOptions = {},
  ): Promise<Ending> {
    const child = this.start(command, options);
    const timer = setTimeout(() => child.kill(), limitMs);
    try {
      return await child.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all of them. */
  killAll(): void {
    for (const child of this.#running) child.kill();
  }
}

/** Processor seconds a process has used so far, all threads, user and system; 0 where it cannot be told. */
export function cpuSeconds(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may hold anything (proc(5)).
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** The most memory a process held since {@linkcode resetPeak}, in bytes; `undefined` where it cannot be told. */
export function peakBytes(pid: number): number | undefined {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** Makes {@linkcode peakBytes} start again at what the process holds now. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5"); // proc(5): resets the peak resident set size
  } catch {
    // Not Linux, or not ours: the peak then counts from the start of the process.
  }
}
