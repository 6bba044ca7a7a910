// deno-lint-ignore-file no-console -- a script prints
/**
 * Builds the program as one file without a runtime beside it, into `dist/`.
 *
 * - `deno task compile`: for this machine, with Bun
 * - `deno task compile --all`: for every system, with Bun (fetches the base binaries of the others)
 * - `deno task compile --deno [--all]`: the same with `deno compile`, which fetches its base binary
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "./files.ts";

interface Target {
  readonly name: string;
  readonly bun: string;
  readonly deno: string;
}

const TARGETS: readonly Target[] = [
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
];

const DIST = join(ROOT, "dist");

function isHost({ name }: Target): boolean {
  return name ===
    `${process.platform.replace("win32", "windows")}-${process.arch}`;
}

function build(target: Target, withDeno: boolean): string {
  const ending = target.name.startsWith("windows") ? ".exe" : "";
  const file = join(
    DIST,
    `sallyport${withDeno ? "-deno" : ""}-${target.name}${ending}`,
  );
  // --bytecode halves the start; the bytecode knows no top-level await, so cli.ts has none.
  const flags = ["--compile", "--minify", "--bytecode", "--format=esm"];
  const [command, ...args] = withDeno
    ? [
      process.execPath,
      "compile",
      "-A",
      "--target",
      target.deno,
      "--output",
      file,
      "cli.ts",
    ]
    // No --target for this machine: Bun then takes itself as the base and fetches nothing.
    : isHost(target)
    ? [bunPath(), "build", ...flags, "cli.ts", "--outfile", file]
    : [
      bunPath(),
      "build",
      ...flags,
      `--target=${target.bun}`,
      "cli.ts",
      "--outfile",
      file,
    ];
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) {
    throw new Error(`${target.name}: ${args[0]} ended with ${status}`);
  }
  return file;
}

function bunPath(): string {
  const named = process.env.SALLYPORT_TEST_BUN;
  if (named) return named;
  const require = createRequire(join(ROOT, "tests", "package.json"));
  return join(dirname(require.resolve("bun/package.json")), "bin", "bun.exe");
}

if (import.meta.main) {
  const targets = process.argv.includes("--all") ? TARGETS : TARGETS.filter(isHost);
  if (targets.length === 0) {
    throw new Error(
      `there is no build for ${process.platform}-${process.arch}`,
    );
  }
  mkdirSync(DIST, { recursive: true });
  for (const target of targets) {
    const file = build(target, process.argv.includes("--deno"));
    console.log(
      `${file.slice(ROOT.length + 1)}: ${(statSync(file).size / 1e6).toFixed(0)} MB`,
    );
  }
}
