/**
 * What the benchmark finds on this machine: load generators, servers to compare with, runtimes.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The root of the project. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A JavaScript runtime that can run the program. */
export type RuntimeName = "deno" | "bun" | "node";

/** What was found: paths of executables. */
export interface Tools {
  /** HTTP load. */
  readonly wrk: string | undefined;
  /** HTTPS load, HTTP/2 or not. */
  readonly h2load: string | undefined;
  /** Bulk load. */
  readonly iperf3: string | undefined;
  /** A relay to compare with. */
  readonly haproxy: string | undefined;
  /** The web server behind everything. */
  readonly nginx: string | undefined;
  /** The runtimes. */
  readonly runtimes: Readonly<Record<RuntimeName, string | undefined>>;
}

/** Looks for all tools. */
export function findTools(): Tools {
  return {
    wrk: onPath("wrk"),
    h2load: onPath("h2load"),
    iperf3: onPath("iperf3"),
    haproxy: onPath("haproxy"),
    nginx: onPath("nginx"),
    runtimes: { deno: runtime("deno"), bun: runtime("bun"), node: runtime("node") },
  };
}

/** One sentence per tool that is not there. */
export function missingTools(tools: Tools): string[] {
  const needs: [string | undefined, string][] = [
    [tools.wrk, "wrk is not here: no HTTP rows (Debian: apt-get install wrk)"],
    [tools.h2load, "h2load is not here: no HTTPS rows (Debian: apt-get install nghttp2-client)"],
    [tools.iperf3, "iperf3 is not here: no bulk rows (Debian: apt-get install iperf3)"],
    [tools.haproxy, "haproxy is not here: its rows are left out (Debian: apt-get install haproxy)"],
    [
      tools.nginx,
      "nginx is not here: a slower web server takes its place (Debian: apt-get install nginx-light)",
    ],
    [tools.runtimes.deno, "deno is not here: its rows are left out"],
    [
      tools.runtimes.bun,
      "bun is not here: its rows are left out (npm ci in tests/, or put it on the path)",
    ],
  ];
  return needs.filter(([found]) => found === undefined).map(([, sentence]) => sentence);
}

/**
 * The command line that runs a script of this project on a runtime.
 *
 * @param tools where the runtimes are
 * @param name the runtime
 * @param script its path
 * @param args its arguments
 * @param root the project the script belongs to
 */
export function scriptCommand(
  tools: Tools,
  name: RuntimeName,
  script: string,
  args: readonly string[],
  root: string = ROOT,
): string[] {
  const executable = tools.runtimes[name];
  if (executable === undefined) throw new Error(`${name} is not installed here`);
  if (name !== "deno") return [executable, script, ...args];
  // A folder of packages that is there is used as it is; without one Deno uses its own cache.
  const modules = existsSync(join(root, "node_modules", "commander")) ? "manual" : "none";
  return [executable, "run", "-A", "--no-prompt", `--node-modules-dir=${modules}`, script, ...args];
}

function runtime(name: RuntimeName): string | undefined {
  if (name === runningOn()) return process.execPath;
  const named = process.env[`SALLYPORT_TEST_${name.toUpperCase()}`];
  if (named) return named;
  try {
    // The launcher in .bin is a script of another runtime: take the program itself.
    const require = createRequire(join(ROOT, "tests", "package.json"));
    const folder = dirname(require.resolve(`${name}/package.json`));
    for (const place of [`bin/${name}.exe`, name]) {
      if (existsSync(join(folder, place))) return join(folder, place);
    }
  } catch {
    // Not installed beside the tests: look on the path.
  }
  return onPath(name);
}

function runningOn(): RuntimeName {
  if (process.versions.deno) return "deno";
  return process.versions.bun ? "bun" : "node";
}

function onPath(name: string): string | undefined {
  // Debian puts servers where only root's path looks.
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.filter((folder) => folder !== "").map((folder) => join(folder, name)).find(
    existsSync,
  );
}
