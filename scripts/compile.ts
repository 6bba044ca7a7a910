// deno-lint-ignore-file no-console -- a script prints
/**
 * Builds the program as one file without a runtime beside it, into `dist/`.
 *
 * - `deno task compile`: for this machine, with Bun
 * - `deno task compile --all`: for every system, with Bun (fetches the base binaries of the others)
 * - `deno task compile --deno [--all]`: the same with `deno compile`, which fetches its base binary
 * - `deno task compile --portable`: one JavaScript file, `dist/sallyport.mjs`, for Node 20 or newer on
 *   whatever that runs on
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "./files.ts";

/** A kind of machine. */
export interface Target {
  /** In the names of files. */
  readonly name: string;
  /** What Bun calls it. */
  readonly bun: string;
  /** What Deno calls it; `undefined` where it has no base binary. */
  readonly deno?: string;
}

/** All kinds of machines that there are binaries for. */
export const TARGETS: readonly Target[] = [
  { name: "linux-x64", bun: "bun-linux-x64", deno: "x86_64-unknown-linux-gnu" },
  {
    name: "linux-arm64",
    bun: "bun-linux-arm64",
    deno: "aarch64-unknown-linux-gnu",
  },
  { name: "darwin-x64", bun: "bun-darwin-x64", deno: "x86_64-apple-darwin" },
  {
    name: "darwin-arm64",
    bun: "bun-darwin-arm64",
    deno: "aarch64-apple-darwin",
  },
  {
    name: "windows-x64",
    bun: "bun-windows-x64",
    deno: "x86_64-pc-windows-msvc",
  },
  { name: "windows-arm64", bun: "bun-windows-arm64" },
  { name: "freebsd-x64", bun: "bun-freebsd-x64" },
  { name: "freebsd-arm64", bun: "bun-freebsd-arm64" },
  // Alpine and its like; they need the packages libstdc++ and libgcc.
  { name: "linux-x64-musl", bun: "bun-linux-x64-musl" },
  { name: "linux-arm64-musl", bun: "bun-linux-arm64-musl" },
];

/** What Node 20 lacks of what the program uses. */
const OLD_NODES = `Promise.withResolvers ??= function () {
  const all = {};
  all.promise = new this((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
};
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let at = 0;
  for (const item of items) {
    const key = keyOf(item, at++);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
};`;

const DIST = join(ROOT, "dist");

/** Whether this machine is of that kind. */
export function isHost({ name }: Target): boolean {
  return name ===
    `${process.platform.replace("win32", "windows")}-${process.arch}`;
}

/** The name of the file. */
export function fileNameOf({ name }: Target, withDeno = false): string {
  return `sallyport${withDeno ? "-deno" : ""}-${name}${name.startsWith("windows") ? ".exe" : ""}`;
}

/**
 * Makes one file of the program.
 *
 * @param target for which kind of machine
 * @param file where
 * @param constants what takes the place of names: JSON texts by name
 * @param isQuick whether it may start slower, for being made in a third of the time
 */
export function buildWithBun(
  target: Target,
  file: string,
  constants: Readonly<Record<string, string>> = {},
  isQuick = false,
): void {
  run(target.name, [
    bunPath(),
    "build",
    // --bytecode halves the start; the bytecode knows no top-level await, so cli.ts has none.
    ...["--compile", ...isQuick ? [] : ["--minify", "--bytecode", "--format=esm"]],
    ...Object.entries(constants).flatMap(([name, value]) => ["--define", `${name}=${value}`]),
    // No --target for this machine: Bun then takes itself as the base and fetches nothing.
    ...isHost(target) ? [] : [`--target=${target.bun}`],
    ...["cli.ts", "--outfile", file],
  ]);
}

/**
 * Makes one JavaScript file of the program, which Node runs wherever it runs itself.
 *
 * @param file where
 */
export function buildPortable(file: string): void {
  run("portable", [
    ...[bunPath(), "build", "--target=node", "--minify-syntax", "--minify-whitespace"],
    ...[`--banner=#!/usr/bin/env node\n${OLD_NODES}`, "cli.ts", "--outfile", file],
  ]);
}

function buildWithDeno(target: Target, file: string): void {
  if (target.deno === undefined) throw new Error(`Deno has no base binary for ${target.name}`);
  const where = ["--target", target.deno, "--output", file];
  run(target.name, [process.execPath, "compile", "-A", ...where, "cli.ts"]);
}

function run(name: string, [command, ...args]: readonly string[]): void {
  // What a compiler prints is no output of the script that calls it.
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${name}: ${args[0]} ended with ${status}`);
}

function bunPath(): string {
  const named = process.env.SALLYPORT_TEST_BUN;
  if (named) return named;
  const require = createRequire(join(ROOT, "tests", "package.json"));
  return join(dirname(require.resolve("bun/package.json")), "bin", "bun.exe");
}

if (import.meta.main) {
  const withDeno = process.argv.includes("--deno");
  const known = TARGETS.filter(({ deno }) => !withDeno || deno !== undefined);
  const isPortable = process.argv.includes("--portable");
  const targets = process.argv.includes("--all") ? known : isPortable ? [] : known.filter(isHost);
  if (targets.length === 0 && !isPortable) {
    throw new Error(
      `there is no build for ${process.platform}-${process.arch}`,
    );
  }
  mkdirSync(DIST, { recursive: true });
  const announce = (file: string) =>
    console.log(`${file.slice(ROOT.length + 1)}: ${(statSync(file).size / 1e6).toFixed(0)} MB`);
  for (const target of targets) {
    const file = join(DIST, fileNameOf(target, withDeno));
    (withDeno ? buildWithDeno : buildWithBun)(target, file);
    announce(file);
  }
  if (isPortable || process.argv.includes("--all") && !withDeno) {
    const file = join(DIST, "sallyport.mjs");
    buildPortable(file);
    announce(file);
  }
}
