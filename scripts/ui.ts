// deno-lint-ignore-file no-console -- a script prints
/**
 * Builds the pages in `lib/ui/` into modules that the program serves them from, for the program has
 * no build step (`.github/decisions/0011-pages-are-committed.md`): `deno task ui`, or with `--check` to
 * only see whether what is committed is what would be built.
 *
 * The same sources give the same modules, byte for byte, on every machine: the tools are pinned, and
 * nothing of the machine gets in.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { readProjectFile, ROOT } from "./files.ts";

/** A page and what it is made of. */
interface Page {
  /** Names it, in the names of its files too. */
  readonly name: string;
  /** Where its sources are. */
  readonly folder: string;
  /** The module that is made of it. */
  readonly module: string;
  /** What the module exports. */
  readonly constant: string;
  /** Where the module finds `page.ts`. */
  readonly pageModule: string;
  /** What the packages inside ask for. */
  readonly legal: string;
}

/** What the packages inside ask for (MIT license). */
const LEGAL =
  "/*! Contains preact (c) 2015-present Jason Miller and @preact/signals (c) 2022-present Preact " +
  "Team, both under the MIT License: https://opensource.org/license/mit */";

const LEGAL_QR =
  "/*! Contains preact (c) 2015-present Jason Miller, @preact/signals (c) 2022-present Preact Team " +
  "and uqr (c) 2023-present Anthony Fu, with QR Code generator (c) Project Nayuki, all under the " +
  "MIT License: https://opensource.org/license/mit */";

const PAGES: readonly Page[] = [
  {
    name: "admin",
    folder: "lib/ui/admin",
    module: "lib/api/admin_assets.gen.ts",
    constant: "ADMIN_ASSETS",
    pageModule: "./page.ts",
    legal: LEGAL,
  },
  {
    name: "inspector",
    folder: "lib/ui/inspector",
    module: "lib/api/agent/inspector_assets.gen.ts",
    constant: "INSPECTOR_ASSETS",
    pageModule: "../page.ts",
    legal: LEGAL_QR,
  },
];

/** Where the files of a page are asked for; `lib/api/page.ts` says the same. */
const BASE = "/_sallyport/assets/";

/** One file of a page. */
export interface BuiltFile {
  /** Its name, with a hash of what is in it. */
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  /** What is in it. */
  readonly text: string;
}

/** A page as it is served. */
export interface BuiltPage {
  /** Path of the module. */
  readonly module: string;
  /** Its whole text. */
  readonly source: string;
  /** The files in it. */
  readonly files: readonly BuiltFile[];
}

/** Builds every page. */
export function buildPages(): BuiltPage[] {
  return PAGES.map(buildPage);
}

function buildPage({ name, folder, module, constant, pageModule, legal }: Page): BuiltPage {
  const styles = bundle(`${folder}/${name}.css`, "");
  const script = bundle(`${folder}/main.tsx`, legal);
  const files = [
    hashed(`${name}.css`, "text/css; charset=utf-8", styles),
    hashed(`${name}.js`, "text/javascript; charset=utf-8", script),
    hashed("mark.svg", "image/svg+xml", readProjectFile("lib/ui/kit/mark.svg").trim()),
  ];
  const page = readProjectFile(`${folder}/page.html`).replace(/\{\{(.*?)\}\}/g, (_, asked) => {
    const [stem, ending] = asked.split(".");
    const file = files.find((file) =>
      file.name.startsWith(`${stem}.`) && file.name.endsWith(ending)
    );
    if (!file) throw new Error(`${folder}/page.html asks for "${asked}", which is not built`);
    return BASE + file.name;
  });
  const source = `/**
 * Built from \`${folder}/\` by \`deno task ui\`: do not edit.
 *
 * @module
 */
import type { PageAssets } from "${pageModule}";

/** The page and its files. */
export const ${constant}: PageAssets = {
  page: ${JSON.stringify(page)},
  files: {
${files.map(fileEntry).join("\n")}
  },
};
`;
  return { module, source, files };
}

function fileEntry({ name, type, text }: BuiltFile): string {
  return `    ${JSON.stringify(name)}: {
      type: ${JSON.stringify(type)},
      text: ${JSON.stringify(text)},
    },`;
}

/** The name changes with the text, so that a browser may keep a file for ever. */
function hashed(name: string, type: string, text: string): BuiltFile {
  const [stem, ending] = name.split(".");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: `${stem}.${hash}.${ending}`, type, text };
}

/** One file out of an entry and all that it imports. */
function bundle(entry: string, legal: string): string {
  const { status, stdout, stderr, error } = spawnSync(esbuildPath(), [
    entry,
    "--bundle",
    "--minify",
    "--format=iife",
    "--charset=utf8",
    "--legal-comments=none",
    // The first browsers with light-dark(): those of the spring of 2024.
    "--target=es2022,chrome123,firefox120,safari17.5",
    "--jsx=automatic",
    "--jsx-import-source=preact",
    "--log-level=error",
    ...(legal === "" ? [] : [`--banner:js=${legal}`]),
  ], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    // Where install.mjs has not linked the packages yet.
    env: { ...process.env, NODE_PATH: join(ROOT, "tests", "node_modules") },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`esbuild ${entry} ended with ${status}:\n${stderr}`);
  return stdout.trimEnd();
}

/** The program itself: its JavaScript door leaves a service running, which tests take for a leak. */
function esbuildPath(): string {
  const { platform, arch } = process;
  const tools = createRequire(join(ROOT, "tests", "package.json"));
  const home = dirname(tools.resolve(`@esbuild/${platform}-${arch}/package.json`));
  return join(home, platform === "win32" ? "esbuild.exe" : "bin/esbuild");
}

function main(): void {
  const check = process.argv.includes("--check");
  for (const { module, source, files } of buildPages()) {
    if (check) {
      // Git may have given the file the line ends of the system.
      if (readProjectFile(module).replaceAll("\r\n", "\n") === source) continue;
      console.error(`${module}: is not what its sources make: run deno task ui`);
      process.exitCode = 1;
      continue;
    }
    writeFileSync(join(ROOT, module), source);
    for (const { name, text } of files) {
      const bytes = new TextEncoder().encode(text);
      console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} compressed`);
    }
  }
}

if (import.meta.main) main();
