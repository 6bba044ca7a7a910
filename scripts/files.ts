// deno-lint-ignore-file no-console -- a script prints
/**
 * The files of the project, as the checks see them.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The root of the project. */
export const ROOT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The files in the root that a program imports. */
export const LIBRARY_DOORS: readonly string[] = [
  "mod.ts",
  "ngrok.ts",
  "ngrok_module.ts",
  "hono.ts",
  "vite.ts",
];

/**
 * All files under a folder of the project, `node_modules` excepted.
 *
 * @param folder relative to the root
 * @param ending how the name ends
 * @returns paths relative to the root, with slashes, sorted
 */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), {
    recursive: true,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !path.includes("node_modules/"))
    .sort();
}

/** The text of a file of the project. */
export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/**
 * Prints what a check found and ends the process accordingly.
 *
 * @param name of the check
 * @param problems one line each
 * @param looked what was looked at, for the line that says that all is well
 */
export function conclude(
  name: string,
  problems: readonly string[],
  looked: string,
): never {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error(`${name}: ${problems.length} problems`);
  } else console.log(`${name}: ${looked}, nothing to complain about`);
  process.exit(problems.length > 0 ? 1 : 0);
}
