/**
 * Opens a file in the editor of the user and waits until it is closed. `sallyport config edit` calls
 * it.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { TunnelError } from "../base/errors.ts";
import type { Host } from "../runtime/host.ts";

/**
 * The words that start an editor: `$VISUAL`, `$EDITOR`, else the one that systems have.
 *
 * @param host the machine
 */
export function editorOf(host: Host): readonly string[] {
  const chosen = host.env("VISUAL") ?? host.env("EDITOR");
  if (chosen?.trim()) return chosen.trim().split(/\s+/);
  return [host.os === "windows" ? "notepad" : "nano"];
}

/**
 * Edits a file. No shell is involved: a path means itself, whatever characters it has.
 *
 * @param words what {@linkcode editorOf} gave
 * @param path the file
 * @throws {TunnelError} not_found when there is no such editor; io_failed when it failed
 */
export function edit(words: readonly string[], path: string): Promise<void> {
  const [program, ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, path], { stdio: "inherit" });
    child.on("error", (cause: Error & { code?: string }) => {
      const isMissing = cause.code === "ENOENT";
      reject(
        new TunnelError(
          isMissing ? "not_found" : "io_failed",
          `Cannot start the editor "${program}": ${
            isMissing ? "there is no such program; set EDITOR to one" : cause.message
          }`,
          { cause },
        ),
      );
    });
    child.on("exit", (code, signal) => {
      if (code === 0) return resolve();
      const how = signal ? `was ended by ${signal}` : `ended with ${code}`;
      reject(
        new TunnelError("io_failed", `The editor "${program}" ${how}: the file is as it left it`),
      );
    });
  });
}
