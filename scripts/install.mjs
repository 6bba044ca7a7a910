// deno-lint-ignore-file no-console -- a script prints
/**
 * Installs what the tests and scripts need, in the two folders that have a package.json: the
 * program's own dependencies at the root, the tools (Deno, Bun, Node 22, TypeScript …) in `tests/`.
 * Does nothing when both are up to date. Plain JavaScript, for it must run on Node 20 with nothing
 * installed. `npm test` calls it; `npm run setup` runs it alone.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CHROMIUM_ADVICE, findChromium, installChromium } from "./chromium.mjs";
import { installTools } from "./debian.mjs";

/** The root of the project. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The first Node that runs TypeScript as it is. */
const NODE_MINIMUM = [22, 18];

/** Installs both folders when their lock files have changed since the last time. */
export function install() {
  installFolder(ROOT);
  installFolder(join(ROOT, "tests"));
  linkTools();
  installTools();
  if (!installChromium()) console.log(`chromium: not available here: ${CHROMIUM_ADVICE}`);
}

/**
 * Finds a runtime: named by the environment (`SALLYPORT_TEST_DENO` …), or installed in `tests/`.
 *
 * @param {"deno" | "bun" | "node"} name
 * @returns {{ path: string, version: string } | undefined} nothing when it cannot be had here
 */
export function findRuntime(name) {
  const modules = join(ROOT, "tests", "node_modules");
  const platform = process.platform === "win32" ? "win" : process.platform;
  const places = {
    deno: ["deno/deno", "deno/deno.exe"],
    bun: ["bun/bin/bun.exe"],
    node: [
      `node-${platform}-${process.arch}/bin/node`,
      `node-${platform}-${process.arch}/bin/node.exe`,
    ],
  }[name].map((place) => join(modules, place));
  const named = process.env[`SALLYPORT_TEST_${name.toUpperCase()}`];
  if (name === "node") places.unshift(process.execPath);
  if (named) places.unshift(named);
  for (const path of places) {
    if (path !== named && !existsSync(path)) continue;
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const version = status === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined;
    if (version && (name !== "node" || isNewEnough(version))) return { path, version };
  }
  return undefined;
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]);
}

function installFolder(folder) {
  const hash = createHash("sha256");
  for (const name of ["package.json", "package-lock.json"]) {
    hash.update(readFileSync(join(folder, name)));
  }
  const wanted = hash.digest("hex");
  const stamp = join(folder, "node_modules", ".sallyport-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log(`installing ${folder === ROOT ? "dependencies" : "test tools"} …`);
  // Not `npm ci`: it refuses a lock file made where the packages of other platforms were not to be
  // had, and it empties node_modules under the feet of whatever else runs there.
  runNpm(folder, ["install", "--no-save", "--no-fund", "--no-audit"]);
  if (folder !== ROOT) mendLaunchers(folder);
  writeFileSync(stamp, wanted);
}

function runNpm(folder, args) {
  const npm = process.env.npm_execpath;
  const [command, ...prefix] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const { status, stdout, stderr, error } = spawnSync(command, [...prefix, ...args], {
    cwd: folder,
    encoding: "utf8",
    shell: command === "npm" && process.platform === "win32",
  });
  if (status === 0) return;
  console.error(`${stdout ?? ""}${stderr ?? ""}`);
  throw error ?? new Error(`npm ${args.join(" ")} ended with ${status} in ${folder}`);
}

/** Where npm was told to run no install scripts, the two runtimes' own scripts are run here. */
function mendLaunchers(folder) {
  for (const [name, script] of [["deno", "install.cjs"], ["bun", "install.js"]]) {
    if (findRuntime(name)) continue;
    const home = join(folder, "node_modules", name);
    spawnSync(process.execPath, [script], { cwd: home, stdio: "inherit" });
  }
}

/**
 * What `lib/` needs of the tools: Node's types, for Deno, when it uses the installed packages, looks
 * for them in the root folder alone; and what the pages in `lib/ui/` are made of. They are linked,
 * so that whoever runs the program downloads none of it.
 */
function linkTools() {
  for (const name of ["@types/node", "preact", "@preact/signals"]) {
    const link = join(ROOT, "node_modules", name);
    if (existsSync(join(link, "package.json"))) continue;
    rmSync(link, { force: true, recursive: true });
    mkdirSync(dirname(link), { recursive: true });
    const target = join(ROOT, "tests", "node_modules", name);
    const windows = process.platform === "win32";
    symlinkSync(
      windows ? target : relative(dirname(link), target),
      link,
      windows ? "junction" : "dir",
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // npm runs this after each install at the root, for it drops what it does not know.
  if (process.argv[2] === "--types") linkTools();
  else {
    install();
    for (const name of ["deno", "bun", "node"]) {
      const runtime = findRuntime(name);
      console.log(runtime ? `${name} ${runtime.version}` : `${name}: not available here`);
    }
    const browser = findChromium();
    if (browser) console.log(`browser ${browser}`);
  }
}
