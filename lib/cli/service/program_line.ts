/**
 * How this program is started again by somebody else: the words that a service manager is told.
 *
 * @module
 */
import process from "node:process";
import type { Host, OwnProgram } from "../../runtime/host.ts";

/**
 * How this program is started.
 *
 * @param program the executable
 * @param script what the runtime runs, unless the program is one with it
 * @param runtime which runtime
 * @param hasModules whether the packages lie beside the script, so that Deno need not get them
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
  hasModules = false,
): readonly string[] {
  if (isCompiled || script === undefined) return [path];
  if (runtime !== "deno") return [path, script];
  return [path, "run", "-A", ...hasModules ? ["--node-modules-dir=manual"] : [], script];
}

/**
 * The words that start the program which runs now.
 *
 * @param host the machine
 */
export async function ownLine(host: Host): Promise<readonly string[]> {
  const { execPath, argv: [, script] } = process;
  const program = host.program ?? { path: execPath, isCompiled: false };
  const isFile = script !== undefined && /[/\\]/.test(script) && !script.includes("://");
  const modules = isFile ? script.replace(/[^/\\]*$/, "node_modules/commander") : undefined;
  const hasModules = modules !== undefined && await host.files.stat(modules) !== undefined;
  return programLine(program, script, host.runtime.name, hasModules);
}
