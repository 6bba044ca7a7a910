/**
 * Other programs on node:child_process, for all three runtimes. `node_host.ts` hands it out.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import type { RunOptions, RunResult } from "./host.ts";

/** What is kept of what a program prints. */
const MAX_OUTPUT_BYTES = 65_536;

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "not_found",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
};

/** Runs a program: see `Host.run`. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const fail = (thrown: unknown) => {
    const { code, message } = thrown as { code?: string; message?: string };
    const found = code === "ENOENT" ? "there is no such program" : message ?? String(thrown);
    const name = CODES[code ?? ""] ?? (isDenied(thrown) ? "permission_denied" : "io_failed");
    reject(new TunnelError(name, `Cannot run "${program}": ${found}`, { cause: thrown }));
  };
  try {
    const child = spawn(program, [...args], {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let output = "";
    const hear = (chunk: Uint8Array) => {
      output = (output + new TextDecoder().decode(chunk)).slice(-MAX_OUTPUT_BYTES);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, options.timeoutMs);
    child.on("error", (thrown) => {
      clearTimeout(timer);
      fail(thrown);
    });
    child.on("exit", () => {
      clearTimeout(timer);
      if (!isLate) return;
      // What it has started itself may hold on to its output for ever.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(
        new TunnelError(
          "timed_out",
          `Cannot wait for "${program}" any longer: it ran for ${options.timeoutMs} ms`,
        ),
      );
    });
    child.on("close", (code) => {
      if (!isLate) resolve({ code: code ?? -1, output });
    });
  } catch (thrown) {
    fail(thrown);
  }
  return promise;
}

/** Deno says a missing permission in a class of its own. */
function isDenied(thrown: unknown): boolean {
  return thrown instanceof Error && ["NotCapable", "PermissionDenied"].includes(thrown.name);
}
