/**
 * The law of the house (`.github/ARCHITECTURE.md`): imports go down, rooms of one floor never meet,
 * nothing imports in a circle, runtimes are named in their room alone, a package lives in its room.
 *
 * `deno task floors` runs it. The import graph comes from `deno info --json`, type-only imports
 * included.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { relative, sep } from "node:path";
import { codeOnly, places } from "./code_text.ts";
import { conclude, filesUnder, LIBRARY_DOORS, readProjectFile, ROOT } from "./files.ts";

/** The floor of every room. `mod.ts` and `cli.ts` are the roof: nothing imports them. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  runtime: 1,
  mux: 1,
  wire: 1,
  http: 1,
  ui: 1,
  policy: 2,
  inspect: 2,
  config: 2,
  store: 2,
  agent: 3,
  edge: 3,
  api: 4,
  compat: 4,
  cli: 5,
  roof: 6,
};

/** All that the rooms know of a runtime. */
const RUNTIME_CONTRACTS = [
  "lib/runtime/net.ts",
  "lib/runtime/host.ts",
  "lib/runtime/database.ts",
  "lib/runtime/codecs.ts",
  "lib/runtime/terminal.ts",
];

/** What a server writes and its page reads: types, and where they are asked for. */
const PAGE_CONTRACTS = ["lib/api/agent/shapes.ts"];

/** The rooms each package may be imported from; a new one comes with a decision record. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/cel": ["policy", "api"],
  "@bufbuild/re2": ["policy"],
  "@fishballpkg/acme": ["edge"],
  "@peculiar/x509": ["agent", "edge", "api"],
  "commander": ["cli"],
  "hono": ["api", "roof"],
  "kysely": ["store"],
  "@preact/signals": ["ui"],
  "preact": ["ui"],
  "reflect-metadata": ["agent", "edge", "api"],
  "string-width": ["cli"],
  "uqr": ["cli", "ui"],
  "yaml": ["config", "cli", "policy"],
  "zod": ["base"],
};

interface Forbidden {
  readonly what: RegExp;
  readonly instead: string;
  readonly allowed: (path: string) => boolean;
}

const inRuntime = (path: string) => path.startsWith("lib/runtime/");
/** The command line is a program, not a library: it may know Node's modules and the process. */
const inProgram = (path: string) => inRuntime(path) || path.startsWith("lib/cli/");
/** Pages run in a browser, whose timers are the only ones there. */
const keepsTime = (path: string) =>
  inRuntime(path) || path.startsWith("lib/ui/") || path === "lib/base/clock.ts";

/** Words that belong to one place. Matched in code alone, not in comments or strings. */
const FORBIDDEN: readonly Forbidden[] = [
  {
    what: /(?<![.\w$])(?:Deno|Bun)\b/g,
    instead: "runtimes are named in lib/runtime/ alone",
    allowed: inRuntime,
  },
  {
    what: /(?<![.\w$#])process\s*(?=[.[?])/g,
    instead: "the process is reached through Host",
    allowed: inProgram,
  },
  {
    what: /(?<![.\w$])console\b/g,
    instead: "the library is silent: take a Logger",
    allowed: (path) => path.startsWith("lib/cli/"),
  },
  {
    what: /(?<![.\w$#])(?:set|clear)(?:Timeout|Interval|Immediate)\b/g,
    instead: "timers are set through a Clock",
    allowed: keepsTime,
  },
  {
    what: /\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\s*\)/g,
    instead: "time is read from a Clock",
    allowed: keepsTime,
  },
  {
    what: /\bexport\s+default\b|\bdeclare\s+global\b/g,
    instead: "exports have names, and nothing global is declared",
    allowed: () => false,
  },
];

/** Who imports whom: paths relative to the root, or `npm:name` and `node:name`. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The room of a file; `roof` for the two doors of the program. */
export function roomOf(path: string): string {
  return path.startsWith("lib/") ? path.split("/")[1] : "roof";
}

/**
 * Judges one import.
 *
 * @param from a file, relative to the root
 * @param to a file, `npm:name` or `node:name`
 * @returns what is wrong with it, or `undefined`
 */
export function judgeImport(from: string, to: string): string | undefined {
  const room = roomOf(from);
  const floor = FLOORS[room];
  if (floor === undefined) {
    return `room "${room}" has no floor in scripts/floors.ts`;
  }
  if (to.startsWith("node:")) {
    return inProgram(from) ? undefined : "node: modules are imported in lib/runtime/ and lib/cli/";
  }
  if (to.startsWith("npm:")) {
    const rooms = PACKAGES[to.slice(4)];
    if (!rooms) {
      return "no decision record allows this package (scripts/floors.ts)";
    }
    return rooms.includes(room) ? undefined : `this package belongs to ${rooms.join(", ")}`;
  }
  const target = roomOf(to);
  if (target === "roof" && (room !== "roof" || to === "cli.ts")) {
    return "nothing imports the doors of the program";
  }
  // Browser code, whose packages the program does not have.
  if (target === "ui" && room !== "ui") return "pages are built (scripts/ui.ts), never imported";
  if (room === "ui" && PAGE_CONTRACTS.includes(to)) return undefined;
  const folder = to.slice(0, to.lastIndexOf("/"));
  if (
    to.slice(folder.length).startsWith("/_") && !from.startsWith(`${folder}/`)
  ) {
    return "a file whose name begins with _ is private to its folder";
  }
  if (target === room) {
    return to === `lib/${room}/mod.ts` ? "inside lib import the file, not the barrel" : undefined;
  }
  if (!(target in FLOORS)) {
    return `room "${target}" has no floor in scripts/floors.ts`;
  }
  if (FLOORS[target] === floor && !RUNTIME_CONTRACTS.includes(to)) {
    return "rooms of one floor never meet";
  }
  if (FLOORS[target] > floor) return "imports only go down";
  if (room === "roof") return undefined;
  if (target === "runtime" && !RUNTIME_CONTRACTS.includes(to)) {
    return "of a runtime only its contracts (net.ts, host.ts, database.ts) are known";
  }
  return to === `lib/${target}/mod.ts` ? "inside lib import the file, not the barrel" : undefined;
}

/**
 * Finds circles of imports.
 *
 * @returns each circle once, as its files in order
 */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  function visit(path: string) {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      cycles.push([...trail.slice(seenAt), path]);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  }
  for (const path of graph.keys()) visit(path);
  return cycles;
}

/**
 * Finds words that a file may not say.
 *
 * @param path relative to the root
 * @param source its text
 */
export function forbiddenWords(path: string, source: string): string[] {
  const code = codeOnly(source);
  return FORBIDDEN.filter(({ allowed }) => !allowed(path)).flatMap((
    { what, instead },
  ) => places(code, what).map(({ line, text }) => `${path}:${line}: "${text}": ${instead}`));
}

interface InfoModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
  }[];
}

/** The graph of these files, from Deno itself. */
function importGraph(paths: readonly string[]): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const path of paths) {
    if (graph.has(path)) continue;
    const text = execFileSync(process.execPath, ["info", "--json", path], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    for (
      const module of (JSON.parse(text) as { modules: InfoModule[] }).modules
    ) {
      if (!module.specifier.startsWith(pathToFileURL(ROOT).href)) continue;
      const targets = (module.dependencies ?? []).map((
        { specifier, code, type },
      ) => targetOf(code?.specifier ?? type?.specifier ?? specifier));
      graph.set(projectPath(module.specifier), [...new Set(targets)]);
    }
  }
  return graph;
}

function projectPath(url: string): string {
  return relative(ROOT, fileURLToPath(url)).split(sep).join("/");
}

function targetOf(specifier: string): string {
  if (specifier.startsWith("file:")) return projectPath(specifier);
  if (specifier.startsWith("node:")) return specifier;
  // npm:/zod@4.6.7/mini, npm:@scope/name@1.0.0; bare, where the package is a tool of tests/
  const name = /^(?:npm:\/?)?((?:@[^/@]+\/)?[^/@]+)/.exec(specifier);
  return `npm:${name?.[1] ?? specifier}`;
}

function main(): never {
  const paths = [
    "cli.ts",
    ...LIBRARY_DOORS,
    ...filesUnder("lib", ".ts"),
    ...filesUnder("lib", ".tsx"),
  ];
  const graph = importGraph(paths);
  const problems: string[] = [];
  for (const [from, targets] of graph) {
    for (const to of targets) {
      const verdict = judgeImport(from, to);
      if (verdict) problems.push(`${from} imports ${to}: ${verdict}`);
    }
  }
  const used = new Set([...graph.values()].flat());
  const declared = JSON.parse(readProjectFile("package.json"))
    .dependencies as Record<string, string>;
  for (const name of Object.keys(declared)) {
    if (!used.has(`npm:${name}`)) {
      problems.push(`package.json: nothing imports "${name}"`);
    }
  }
  for (const cycle of findCycles(graph)) {
    problems.push(`a circle of imports: ${cycle.join(" -> ")}`);
  }
  for (const path of paths) {
    problems.push(...forbiddenWords(path, readProjectFile(path)));
  }
  const edges = [...graph.values()].reduce(
    (sum, targets) => sum + targets.length,
    0,
  );
  conclude("floors", problems, `${graph.size} files, ${edges} imports`);
}

if (import.meta.main) main();
