/**
 * Starts the real program as its own process, on the runtime that runs the tests or on another one,
 * and waits for what it prints. Journeys call it.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How long a program may take for anything: generous, for the machine may be busy. */
const LIMIT_MS = 60_000;

/** A runtime that can run the program; `self` is the one that runs the tests. */
export type RuntimeName = "deno" | "bun" | "node" | "self";

/** How a program is started. */
export interface ProgramOptions {
  /** On which runtime. @default {"self"} */
  readonly runtime?: RuntimeName;
  /** Added to a clean environment: no `SALLYPORT_*` or `NGROK_*` of the caller gets in. */
  readonly env?: Readonly<Record<string, string>>;
  /** Permission flags, on Deno alone. @default {["-A"]} */
  readonly permissions?: readonly string[];
  /** Where relative paths start. @default the root of the project */
  readonly cwd?: string;
  /** The compiled program to run in place of the source. */
  readonly compiled?: string;
}

/** How a program ended. */
export interface ProgramExit {
  /** The exit code; `null` when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
  /** All it printed to standard output. */
  readonly stdout: string;
  /** All it printed to standard error. */
  readonly stderr: string;
}

/** A JSON log line. */
export type JsonLine = Record<string, unknown>;

/** What a program can be sent. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL" | "SIGSTOP" | "SIGCONT";

/** A program that was started. */
export interface Program {
  /** Its process id. */
  readonly pid: number;
  /** What it printed to standard output so far. */
  readonly stdout: string;
  /** What it printed to standard error so far. */
  readonly stderr: string;
  /** How it ended; never rejects. */
  readonly exited: Promise<ProgramExit>;
  /** Waits until what it printed (standard output, then standard error) matches. Rejects when it ends first. */
  waitForText(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** Waits for the first line of standard output that is a JSON object and passes. Rejects when the program ends first. */
  waitForJsonLine(passes: (line: JsonLine) => boolean, limitMs?: number): Promise<JsonLine>;
  /** Sends a signal. */
  signal(name: Signal): void;
  /** Asks it to end (SIGINT), and makes it end when it does not. */
  stop(limitMs?: number): Promise<ProgramExit>;
}

/**
 * Starts `sallyport` with these arguments.
 *
 * @example
 * ```ts ignore
 * const edge = startProgram(["edge", "--data", dir, "--log", "stdout", "--log-format", "json"]);
 * try {
 *   const ready = await edge.waitForJsonLine((line) => line.msg === "edge ready");
 * } finally {
 *   await edge.stop();
 * }
 * ```
 */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): Program {
  const { command, prefix } = commandLine(options.runtime ?? "self", options.permissions ?? ["-A"]);
  const words = options.compiled === undefined
    ? [command, ...prefix, join(ROOT, "cli.ts")]
    : [options.compiled];
  const child = spawn(words[0], [...words.slice(1), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new RunningProgram(child, args);
}

/** The words that start `sallyport`, for a script that does so; by default on the runtime that runs the tests. */
export function programWords(
  script = "cli.ts",
  runtime: RuntimeName = "self",
): readonly string[] {
  const { command, prefix } = commandLine(runtime, ["-A"]);
  return [command, ...prefix, join(ROOT, script)];
}

/** Runs `sallyport` with these arguments to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions & { readonly limitMs?: number } = {},
): Promise<ProgramExit> {
  const program = startProgram(args, options);
  const timer = setTimeout(() => program.signal("SIGKILL"), options.limitMs ?? LIMIT_MS);
  try {
    return await program.exited;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the program can be run on this runtime here. */
export function hasRuntime(name: RuntimeName): boolean {
  return name === "self" || name === selfName() || executable(name) !== undefined;
}

/** The runtime that runs the tests. */
export function selfName(): "deno" | "bun" | "node" {
  if (process.versions.deno) return "deno";
  return process.versions.bun ? "bun" : "node";
}

function commandLine(runtime: RuntimeName, permissions: readonly string[]) {
  const name = runtime === "self" ? selfName() : runtime;
  const command = name === selfName() ? process.execPath : executable(name);
  if (!command) throw new Error(`${name} is not installed here`);
  const prefix: string[] = [];
  if (name === "deno") {
    // A folder of packages that is there is used as it is; without one Deno uses its own cache.
    const modules = existsSync(join(ROOT, "node_modules", "commander")) ? "manual" : "none";
    prefix.push("run", "--no-prompt", `--node-modules-dir=${modules}`, ...permissions);
  }
  return { command, prefix };
}

/** The executable of a runtime: named by the environment, or installed beside the tests, or on the path. */
function executable(name: "deno" | "bun" | "node"): string | undefined {
  const named = process.env[`SALLYPORT_TEST_${name.toUpperCase()}`];
  if (named) return named;
  if (name !== "node") {
    try {
      // The package's own launcher in .bin is a script of another runtime: take the program itself.
      const require = createRequire(join(ROOT, "tests", "package.json"));
      const folder = dirname(require.resolve(`${name}/package.json`));
      for (const place of [`bin/${name}.exe`, name, `${name}.exe`]) {
        const file = join(folder, place);
        if (existsSync(file)) return file;
      }
    } catch {
      // Not installed beside the tests: look on the path.
    }
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const separator = process.platform === "win32" ? ";" : ":";
  for (const folder of (process.env.PATH ?? "").split(separator)) {
    const file = join(folder, name + suffix);
    if (folder && existsSync(file)) return file;
  }
  return undefined;
}

function cleanEnvironment(): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(SALLYPORT|NGROK)_/.test(name)) {
      env[name] = value;
    }
  }
  env.XDG_CONFIG_HOME = join(tmpdir(), "sallyport-journeys-no-config");
  return env;
}

interface Waiter {
  check(): boolean;
  fail(error: Error): void;
}

class RunningProgram implements Program {
  readonly #child: ChildProcess;
  readonly #args: readonly string[];
  readonly #waiters = new Set<Waiter>();
  readonly exited: Promise<ProgramExit>;
  #ended: ProgramExit | undefined;
  #stdout = "";
  #stderr = "";

  constructor(child: ChildProcess, args: readonly string[]) {
    this.#child = child;
    this.#args = args;
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#stderr += `\n(could not be started: ${error.message})\n`;
        this.#finish(resolve, null, null);
      });
      child.once("close", (code, signal) => this.#finish(resolve, code, signal));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  waitForText(pattern: RegExp, limitMs = LIMIT_MS): Promise<RegExpExecArray> {
    return this.#waitFor(
      () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr) ?? undefined,
      String(pattern),
      limitMs,
    );
  }

  waitForJsonLine(passes: (line: JsonLine) => boolean, limitMs = LIMIT_MS): Promise<JsonLine> {
    let readTo = 0;
    return this.#waitFor(
      () => {
        for (;;) {
          const end = this.#stdout.indexOf("\n", readTo);
          if (end < 0) return undefined;
          const line = parseLine(this.#stdout.slice(readTo, end));
          readTo = end + 1;
          if (line && passes(line)) return line;
        }
      },
      `a JSON line that passes ${passes}`,
      limitMs,
    );
  }

  signal(name: Signal): void {
    if (this.#ended || this.#child.pid === undefined) return;
    try {
      // Deno 2.9's child.kill() reports the signal as the cause of death even of a program that
      // caught it and ended with a code of its own.
      process.kill(this.#child.pid, name);
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== "ESRCH") throw thrown; // it was faster
    }
  }

  async stop(limitMs = 15_000): Promise<ProgramExit> {
    if (this.#ended) return this.#ended;
    this.signal("SIGINT");
    const timer = setTimeout(() => this.signal("SIGKILL"), limitMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #waitFor<T>(find: () => T | undefined, what: string, limitMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          const found = find();
          if (found === undefined) return false;
          done();
          resolve(found);
          return true;
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => waiter.fail(this.#complaint(`did not print ${what} within ${limitMs} ms`)),
        limitMs,
      );
      this.#waiters.add(waiter);
      if (!waiter.check() && this.#ended) {
        waiter.fail(this.#complaint(`ended without printing ${what}`));
      }
    });
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter.check();
  }

  #finish(resolve: (exit: ProgramExit) => void, code: number | null, signal: string | null): void {
    if (this.#ended) return;
    this.#ended = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
    this.#wake();
    for (const waiter of [...this.#waiters]) {
      waiter.fail(
        this.#complaint(
          `ended (exit code ${code}, signal ${signal}) too early`,
        ),
      );
    }
    resolve(this.#ended);
  }

  #complaint(what: string): Error {
    return new Error(
      `sallyport ${
        this.#args.join(" ")
      } ${what}\n--- stdout\n${this.#stdout}\n--- stderr\n${this.#stderr}`,
    );
  }
}

function parseLine(text: string): JsonLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as JsonLine : undefined;
  } catch {
    return undefined;
  }
}
