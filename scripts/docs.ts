/**
 * The documentation keeps its promises: every export has a doc comment (`deno doc --lint`), every
 * file says its job, links in the Markdown files lead somewhere, every flag the README shows exists,
 * and every requirement is shown by a test or answered. `deno task docs` runs it.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import process from "node:process";
import { conclude, filesUnder, LIBRARY_DOORS, readProjectFile, ROOT } from "./files.ts";
import { missingRequirements } from "./requirements.ts";

/** What `deno doc --lint` says about these files; what it says about packages is theirs. */
function undocumented(paths: readonly string[]): string[] {
  const { stderr, status, error } = spawnSync(process.execPath, [
    "doc",
    "--lint",
    ...paths,
  ], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (error) throw error;
  const found = stderr.split(/\n(?=error\[)/).flatMap((block) => {
    const problem = /^error\[([\w-]+)\]: (.*)\n\s*--> (.*):(\d+):\d+/.exec(
      block,
    );
    if (!problem) return [];
    const [, rule, message, path, line] = problem;
    const ours = path.startsWith(ROOT) && !path.includes("node_modules");
    if (!ours || (rule === "private-type-ref" && isForeign(path, message))) return [];
    return [`${path.slice(ROOT.length + 1)}:${line}: ${message}`];
  });
  const silent = status !== 0 && found.length === 0 &&
    !/documentation lint error/.test(stderr);
  return silent ? [`deno doc --lint ended with ${status}: ${stderr.slice(0, 2000)}`] : found;
}

/** Whether the "private" type that is complained about comes from a package: documented there. */
function isForeign(path: string, message: string): boolean {
  const name = /private type '([\w$]+)/.exec(message)?.[1] ?? "";
  const imports = readProjectFile(path.slice(ROOT.length + 1)).matchAll(
    /import\b([^;]*?)from "([^.][^"]*)"/g,
  );
  return [...imports].some(([, names]) => new RegExp(`\\b${name}\\b`).test(names));
}

/** Files that do not begin with what they are for. */
function withoutJob(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const comment = /^\s*\/\*\*([\s\S]*?)\*\//.exec(readProjectFile(path));
    return !comment || !/@module/.test(comment[1]) ||
      !/\w/.test(comment[1].split("@module")[0]);
  }).map((path) => `${path}:1: does not begin with a @module comment that says its job`);
}

/** The anchor GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim()
    .replace(/\s/g, "-");
}

function withoutFences(markdown: string): string {
  return markdown.replace(
    /^```[\s\S]*?^```/gm,
    (fence) => fence.replace(/[^\n]/g, ""),
  );
}

/** Relative links of a Markdown file that lead nowhere. */
function deadLinks(path: string): string[] {
  const text = withoutFences(readProjectFile(path));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [file, anchor] = link.split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(ROOT, target))) {
      return [`${path}: the link ${link} leads nowhere`];
    }
    if (anchor === undefined || !target.endsWith(".md")) return [];
    const headings = [
      ...withoutFences(readProjectFile(target)).matchAll(/^#+ +(.*)$/gm),
    ];
    const known = headings.some(([, heading]) => anchorOf(heading) === anchor);
    return known ? [] : [`${path}: ${target} has no heading #${anchor}`];
  });
}

/** Flags that the README gives to the program and that the program does not know. */
function unknownFlags(): string[] {
  const program = filesUnder("lib/cli", ".ts").map(readProjectFile).join("\n");
  const shown = [
    ...readProjectFile("README.md").matchAll(
      /(?:\bcli\.ts|\bsallyport)\b([^`\n#|]*)/g,
    ),
  ]
    .flatMap(([, rest]) => [...rest.matchAll(/(?<=\s)--([a-z][a-z-]*)/g)].map((match) => match[1]));
  return [...new Set(shown)]
    .filter((flag) =>
      !["help", "version"].includes(flag) &&
      !program.includes(`name: "${flag}"`)
    )
    .map((flag) => `README.md: the program has no flag --${flag}`);
}

function main(): never {
  // The pages are a program for a browser, made of packages that only the tools have: nobody
  // imports them, so their jobs are checked, but not each of their exports.
  const all = ["cli.ts", ...LIBRARY_DOORS, ...filesUnder("lib", ".ts")];
  const library = all.filter((path) => !path.startsWith("lib/ui/"));
  const documents = [
    "README.md",
    "CHANGELOG.md",
    ...filesUnder(".github", ".md"),
  ];
  const problems = [
    // Pages are for browsers, not for whoever imports the library, and deno doc lacks their packages.
    ...undocumented(library.filter((path) => !path.startsWith("lib/ui/"))),
    ...withoutJob([...library, ...filesUnder("lib", ".tsx")]),
    ...documents.flatMap(deadLinks),
    ...unknownFlags(),
    ...missingRequirements(),
  ];
  conclude(
    "docs",
    problems,
    `${all.length} files, ${documents.length} documents`,
  );
}

if (import.meta.main) main();
