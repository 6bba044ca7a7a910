// deno-lint-ignore-file no-console -- a script prints
/**
 * Makes the package for npm in `dist/npm/`: JavaScript with declarations, for Node and Deno strip no
 * types below `node_modules`. Then it tries it: `deno task npm`, `npm publish dist/npm`.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./files.ts";

const OUT = join(ROOT, "dist", "npm");
const TESTS = join(ROOT, "tests");

/** The part of a package file that is about what is in the package. */
export interface Manifest {
  /** What can be imported, and from which file. */
  readonly exports: Readonly<Record<string, string>>;
  /** The programs, and their files. */
  readonly bin: Readonly<Record<string, string>>;
  /** What npm runs. */
  readonly scripts?: unknown;
  /** What is packed. */
  readonly files?: unknown;
}

/**
 * The package file of the built package.
 *
 * @param manifest that of the sources
 */
export function builtManifest({ scripts: _, files: __, ...manifest }: Manifest): object {
  const built = (path: string, ending: string) => path.replace(/\.ts$/, ending);
  const exports = Object.entries(manifest.exports).map(([name, path]) => [
    name,
    { types: built(path, ".d.ts"), default: built(path, ".js") },
  ]);
  const bin = Object.entries(manifest.bin).map(([name, path]) => [name, built(path, ".js")]);
  return { ...manifest, exports: Object.fromEntries(exports), bin: Object.fromEntries(bin) };
}

/** Programs to be tried with the package, and what they print. */
const TRIAL = `
import { serve } from "./mod.js";
import ngrok from "./ngrok.js";
import { serve as serveApp } from "./hono.js";
import { sallyport } from "./vite.js";
import { createServer, get } from "node:http";

const tunnel = await serve(() => new Response("hello"));
const { host, port } = new URL(tunnel.url);
const text = await new Promise((resolve, reject) => {
  get({ host: "127.0.0.1", port, headers: { host }, agent: false }, async (response) => {
    resolve((await response.toArray()).join(""));
  }).on("error", reject);
});
await tunnel.close();
const listener = await ngrok.forward(9);
await ngrok.kill();
console.log(text, listener.url().startsWith("http://"), typeof serveApp, sallyport().name);
`;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}: ${stdout}`);
  return stdout.trim();
}

/** Compiles everything that can be imported. */
function compile(manifest: Manifest): void {
  const settings = join(ROOT, "dist", "npm.json");
  const doors = [...Object.values(manifest.exports), ...Object.values(manifest.bin)];
  writeFileSync(
    settings,
    JSON.stringify({
      extends: join(TESTS, "tsconfig.node.json"),
      compilerOptions: {
        // Node 22 knows no "using"
        target: "es2023",
        noEmit: false,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir: ROOT,
        outDir: OUT,
        typeRoots: [join(TESTS, "node_modules", "@types")],
      },
      files: doors.map((path) => join(ROOT, path)),
      include: [],
    }),
  );
  run("node", [join(TESTS, "node_modules/typescript/bin/tsc"), "-p", settings], ROOT);
  for (const path of Object.values(manifest.bin)) {
    const file = join(OUT, path.replace(/\.ts$/, ".js"));
    writeFileSync(file, `#!/usr/bin/env node\n${readFileSync(file, "utf8")}`, { mode: 0o755 });
  }
}

/** Its dependencies are found in the folder of the sources, above it. */
function tryIt(): void {
  const file = join(OUT, "trial.mjs");
  writeFileSync(file, TRIAL);
  const node = process.env.SALLYPORT_TEST_NODE ?? "node";
  for (
    const [name, command, ...args] of [["Node", node], ["Deno", process.execPath, "run", "-A"]]
  ) {
    const said = run(command, [...args, file], OUT);
    if (said !== "hello true function sallyport") throw new Error(`on ${name} it said "${said}"`);
    console.log(`tried on ${name}`);
  }
  rmSync(file);
}

if (import.meta.main) {
  const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  compile(manifest);
  writeFileSync(
    join(OUT, "package.json"),
    `${JSON.stringify(builtManifest(manifest), undefined, 2)}\n`,
  );
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE"]) {
    copyFileSync(join(ROOT, name), join(OUT, name));
  }
  tryIt();
  console.log(`npm publish ${OUT}`);
}
