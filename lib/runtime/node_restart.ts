/**
 * The program as a file, and its replacement by a new run of itself: execve(2), so that process id,
 * terminal and supervisor stay the same. `node_host.ts` hands both out.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { TunnelError } from "../base/errors.ts";
import type { OwnProgram } from "./host.ts";

/** Which runtime runs the program. */
export type RuntimeName = "deno" | "bun" | "node";

/** What Deno has beyond node's modules: not in the types of all runtimes. */
interface DenoParts {
  readonly build: { readonly os: string; readonly standalone?: boolean };
  readonly UnsafePointer: {
    of(bytes: Uint8Array): unknown;
    value(pointer: unknown): bigint | number;
  };
  readonly permissions: { querySync(wanted: { name: "ffi" }): { readonly state: string } };
  dlopen(path: string, symbols: Record<string, unknown>): {
    readonly symbols: { execve(...args: readonly Uint8Array[]): number };
  };
}

/** Where Bun mounts what is inside of a compiled program. */
const BUN_INSIDE = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

/**
 * The program as a file.
 *
 * @param name which runtime runs it
 */
export function ownProgram(name: RuntimeName): OwnProgram {
  const isCompiled = name === "deno"
    ? denoParts()?.build.standalone === true
    : name === "bun" && BUN_INSIDE.test(process.argv[1] ?? "");
  return { path: process.execPath, isCompiled };
}

/**
 * Why the program cannot be restarted; empty when it can.
 *
 * @param name which runtime runs it
 */
export function restartObstacle(name: RuntimeName): string {
  if (process.platform === "win32") {
    return "an agent on Windows cannot restart itself; stop it, and let its service start it again";
  }
  try {
    commandLine(name);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return "";
}

/**
 * Replaces the process.
 *
 * @param name which runtime runs it
 * @throws {TunnelError} usage when there is an obstacle; io_failed
 */
export function restart(name: RuntimeName): never {
  const obstacle = restartObstacle(name);
  if (obstacle !== "") throw new TunnelError("usage", `Cannot restart: ${obstacle}`);
  const words = commandLine(name);
  let found = "the operating system refused";
  try {
    if (name === "deno") denoExec(process.execPath, words);
    else (process as unknown as NodeExec).execve?.(process.execPath, words, process.env);
  } catch (thrown) {
    found = thrown instanceof Error ? thrown.message : String(thrown);
  }
  throw new TunnelError("io_failed", `Cannot restart "${process.execPath}": ${found}`);
}

/** Node since 22.15, and Bun. */
interface NodeExec {
  execve?(
    path: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): void;
}

/** The words the program was started with, the executable first. */
function commandLine(name: RuntimeName): readonly string[] {
  const { execPath, argv, execArgv } = process;
  const state = denoParts()?.permissions.querySync({ name: "ffi" }).state ?? "granted";
  if (name === "deno" && state !== "granted") {
    throw new Error("it runs without --allow-ffi, which Deno needs for that");
  }
  if (ownProgram(name).isCompiled) return [execPath, ...argv.slice(2)];
  if (name !== "deno") {
    if ((process as unknown as NodeExec).execve === undefined) {
      throw new Error(`${name} ${process.version} cannot replace its own process`);
    }
    return [execPath, ...execArgv, ...argv.slice(1)];
  }
  // Deno does not tell which permissions it was started with; Linux does.
  if (process.platform === "linux") {
    const words = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    if (words.length > 1) return words;
  }
  throw new Error("Deno does not tell here with which permissions the program was started");
}

function denoParts(): DenoParts | undefined {
  return (globalThis as unknown as { Deno?: DenoParts }).Deno;
}

/** The C library by its names, of glibc, musl and macOS. */
const C_LIBRARIES: readonly string[] = process.platform === "darwin"
  ? ["libSystem.dylib"]
  : ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Deno 2.9 has no `process.execve`: the C library's own. */
function denoExec(path: string, words: readonly string[]): void {
  const parts = denoParts();
  if (!parts) return;
  const kept: Uint8Array[] = [];
  const text = (word: string) => {
    const bytes = new TextEncoder().encode(`${word}\0`);
    kept.push(bytes);
    return bytes;
  };
  const list = (all: readonly string[]) => {
    const pointers = new BigUint64Array(all.length + 1);
    all.forEach((word, at) => {
      pointers[at] = BigInt(parts.UnsafePointer.value(parts.UnsafePointer.of(text(word))));
    });
    return new Uint8Array(pointers.buffer);
  };
  const env = Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
  let fault: unknown;
  for (const library of C_LIBRARIES) {
    try {
      const parameters = ["buffer", "buffer", "buffer"];
      const { symbols } = parts.dlopen(library, { execve: { parameters, result: "i32" } });
      symbols.execve(text(path), list(words), list(env));
      return; // it came back, so it was refused
    } catch (thrown) {
      fault = thrown;
    }
  }
  throw fault;
}
