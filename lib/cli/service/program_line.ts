/**
 * How this program is started again by somebody else: the words that a service manager is told.
 *
 * @module
 */
import type { OwnProgram } from "../../runtime/host.ts";

/**
 * How this program is started.
 *
 * @param program the executable
 * @param script what the runtime runs, unless the program is one with it
 * @param runtime which runtime
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { programLine } from "./program_line.ts";
 *
 * const bun = { path: "/bin/bun", isCompiled: false };
 * assert.deepEqual(programLine(bun, "/s/cli.ts", "bun"), ["/bin/bun", "/s/cli.ts"]);
 * const compiled = { path: "/bin/sallyport", isCompiled: true };
 * assert.deepEqual(programLine(compiled, "/$bunfs/root/cli", "bun"), ["/bin/sallyport"]);
 * ```
 */
export function programLine(
  { path, isCompiled }: OwnProgram,
  script: string | undefined,
  runtime: string,
): readonly string[] {
  if (isCompiled || script === undefined) return [path];
  return runtime === "deno" ? [path, "run", "-A", script] : [path, script];
}
