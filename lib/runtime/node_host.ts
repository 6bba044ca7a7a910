/**
 * The process and the machine on node:process and node:os, for all three runtimes. Nothing is looked
 * at before it is asked for: importing this needs no permission.
 *
 * @module
 */
import * as os from "node:os";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import type { TunnelError } from "../base/errors.ts";
import type { Host, Output, SignalName } from "./host.ts";
import { nodeFiles } from "./node_files.ts";
import { networkInterfaces } from "./node_names.ts";
import { ownProgram, restart, restartObstacle } from "./node_restart.ts";
import { runProgram } from "./node_run.ts";
import { openNodeTerminal, restoreNodeTerminal } from "./node_terminal.ts";
import { codeOf, translateError } from "./translate_errors.ts";

/** As long as a timer may wait: 2^31 - 1 ms. */
const LONGEST_MS = 2_147_483_647;

const SYSTEMS: Readonly<Record<string, Host["os"]>> = {
  linux: "linux",
  android: "linux",
  darwin: "darwin",
  win32: "windows",
  freebsd: "freebsd",
};

/** The names Go gives to processors, which the protocol uses. */
const PROCESSORS: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le",
  loong64: "loong64",
};

/**
 * The machine.
 *
 * @param name which runtime this is
 */
export function nodeHost(name: "deno" | "bun" | "node"): Host {
  return {
    runtime: { name, version: process.versions[name] ?? "" },
    os: SYSTEMS[process.platform] ?? "other",
    arch: PROCESSORS[process.arch] ?? process.arch,
    hostName: () => allowed(() => os.hostname()) ?? "",
    interfaces: () => allowed(networkInterfaces) ?? {},
    get args() {
      return process.argv.slice(2);
    },
    get pid() {
      return process.pid;
    },
    env: (variable) => env(variable),
    homeDir: () =>
      env("HOME") ?? env("USERPROFILE") ??
        (allowed(() => os.homedir()) || undefined),
    cwd: () => process.cwd(),
    files: nodeFiles,
    stdout: new NodeOutput(() => process.stdout),
    stderr: new NodeOutput(() => process.stderr),
    openTerminal: openNodeTerminal,
    restoreTerminal: restoreNodeTerminal,
    onSignal,
    get program() {
      return allowed(() => ownProgram(name));
    },
    get restartObstacle() {
      return restartObstacle(name);
    },
    restart: () => restart(name),
    exit: (code) => process.exit(code),
    run: runProgram,
    keepAlive() {
      const timer = setInterval(() => {}, LONGEST_MS);
      return () => clearInterval(timer);
    },
    residentBytes: () => allowed(() => process.memoryUsage().rss),
  };
}

function env(variable: string): string | undefined {
  return allowed(() => process.env[variable]) || undefined;
}

/** What `look` finds, or nothing where the runtime's permissions forbid to look. */
function allowed<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function onSignal(signal: SignalName, run: () => void): () => void {
  try {
    process.on(signal, run);
  } catch {
    return () => {}; // Windows has no such signal
  }
  return () => void process.off(signal, run);
}

/** The part of a node stream that a program prints to. */
interface PrintStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: "error", run: (error: Error) => void): unknown;
}

class NodeOutput implements Output {
  readonly #open: () => PrintStream;
  #stream: PrintStream | undefined;
  #pending = 0;
  #waiting: (() => void)[] = [];
  #failure: TunnelError | undefined;
  #isGone = false;

  constructor(open: () => PrintStream) {
    this.#open = open;
  }

  get failure(): TunnelError | undefined {
    return this.#failure;
  }

  get #target(): PrintStream {
    if (!this.#stream) {
      this.#stream = this.#open();
      this.#stream.on("error", (thrown) => this.#fail(thrown));
    }
    return this.#stream;
  }

  get isTty(): boolean {
    return this.#target.isTTY === true;
  }

  get columns(): number {
    return this.#target.columns || 80;
  }

  write(text: string): void {
    // Deno tells nobody any more how a write ended after one has failed.
    if (this.#isGone) return;
    this.#pending++;
    try {
      this.#target.write(text, (error) => {
        if (error) return this.#fail(error);
        if (--this.#pending <= 0) this.#settle();
      });
    } catch (thrown) {
      this.#fail(thrown); // Deno writes to a file at once
    }
  }

  /** Nothing that waits will be written. EPIPE says that the reader has gone, and with it whom to tell. */
  #fail(thrown: unknown): void {
    this.#isGone = true;
    if (codeOf(thrown) !== "EPIPE") this.#failure ??= translateError(thrown, "Cannot write");
    this.#settle();
  }

  #settle(): void {
    this.#pending = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  flush(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
