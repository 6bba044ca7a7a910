// deno-lint-ignore-file no-console -- a script prints
/**
 * The whole test suite on every runtime there is: `npm test [-- [--runtime=deno,bun,node] [part of a path …]]`.
 * Plain JavaScript, for it must run on Node 20 with nothing installed; it installs what it needs.
 *
 * Counts come from the reports the runtimes write (JUnit), never from what they print. The complete
 * output of each runtime is kept in `.cache/test/`; what failed is printed.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { findRuntime, install, ROOT } from "./install.mjs";

/** Nothing hangs for ever, not even a broken test run. */
const LIMIT_MS = 20 * 60_000;

const LOGS = join(ROOT, ".cache", "test");

/** So many tests of a runtime may need their second try; with more the machine is no excuse. */
const UNSTEADY = 3;

/** Deno and Bun must be there; Node is a bonus. */
const REQUIRED = ["deno", "bun"];

const COMMANDS = {
  deno: (
    report,
  ) => ["test", "-A", "--no-check", "--node-modules-dir=manual", `--junit-path=${report}`],
  bun: (report) => ["test", "--timeout=120000", "--reporter=junit", `--reporter-outfile=${report}`],
  node: (report) => [
    "--test",
    // A process for each file: let them overlap even on two cores, where Node would not.
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
  ],
};

const options = parseArguments(process.argv.slice(2));
install();
const files = testFiles(options.filters);
const runtimes = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, findRuntime(name)]));
mkdirSync(LOGS, { recursive: true });

const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of options.runtimes) {
  const result = await runOn(name, runtimes[name]);
  for (const key of Object.keys(total)) total[key] += result[key];
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function parseArguments(args) {
  const filters = [];
  let chosen = Object.keys(COMMANDS);
  for (const arg of args) {
    if (arg.startsWith("--runtime=")) chosen = arg.slice("--runtime=".length).split(",");
    else if (arg.startsWith("-")) stop(`unknown option ${arg}`);
    else filters.push(arg);
  }
  const unknown = chosen.find((name) => !(name in COMMANDS));
  if (unknown !== undefined) {
    stop(`unknown runtime "${unknown}": ${Object.keys(COMMANDS).join(", ")}`);
  }
  // Named by hand, a runtime is no bonus any more.
  if (args.some((arg) => arg.startsWith("--runtime="))) REQUIRED.push(...chosen);
  return { filters, runtimes: chosen };
}

function testFiles(filters) {
  const found = readdirSync(join(ROOT, "tests"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith("_test.ts"))
    .map((entry) =>
      `./${relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)).split(sep).join("/")}`
    )
    .filter((path) => !path.includes("/node_modules/"))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort();
  if (found.length === 0) stop(`no test file matches ${filters.join(" ") || "tests/**/*_test.ts"}`);
  return found;
}

async function runOn(name, runtime) {
  const nothing = { passed: 0, failed: 0, skipped: 0 };
  if (!runtime) {
    console.log(`${name}: not available here`);
    return REQUIRED.includes(name) ? { ...nothing, failed: 1 } : nothing;
  }
  console.log(`${name} ${runtime.version}: ${files.length} files …`);
  const report = join(LOGS, `${name}.xml`);
  const log = join(LOGS, `${name}.log`);
  const notes = join(LOGS, `${name}.unsteady`);
  for (const old of [report, notes]) rmSync(old, { force: true });
  const startedMs = Date.now();
  const { code, late } = await run(runtime.path, [...COMMANDS[name](report), ...files], log, notes);
  const { failures, ...result } = readReport(report);
  for (const { title, text } of failures) {
    printPart(`not ok: ${name}: ${title}`, text.split("\n").slice(0, 40));
  }
  const unsteady = readNotes(notes).filter(({ title }) =>
    failures.every((one) => one.title !== title)
  );
  for (const { title, text } of unsteady) {
    printPart(`ok the second time: ${name}: ${title}`, text.split("\n").slice(0, 40));
  }
  if (late) failures.push({});
  // A file that does not load, a crash, a leak after the last test: the exit code knows.
  if ((code !== 0 || result.passed === 0) && failures.length === 0) failures.push({});
  if (failures.some((failure) => failure.title === undefined)) {
    const why = late ? `still running after ${LIMIT_MS / 60_000} minutes` : `ended with ${code}`;
    printPart(`not ok: ${name} ${why}`, withoutPasses(readFileSync(log, "utf8")).slice(-60));
  }
  if (unsteady.length > UNSTEADY) failures.push(...unsteady);
  result.passed -= unsteady.length > UNSTEADY ? unsteady.length : 0;
  result.failed = failures.length;
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `${name} ${runtime.version}: ${result.passed} ok, ${result.failed} not ok, ${seconds} s; ` +
      `all of it in ${relative(ROOT, log)}`,
  );
  return result;
}

function run(command, args, log, notes) {
  const env = { ...process.env, NO_COLOR: "1", SALLYPORT_TEST_UNSTEADY: notes };
  delete env.FORCE_COLOR;
  for (const [name, runtime] of Object.entries(runtimes)) {
    if (runtime) env[`SALLYPORT_TEST_${name.toUpperCase()}`] = runtime.path;
  }
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    const file = createWriteStream(log);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, LIMIT_MS);
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    child.on("error", (error) => file.write(`${error.message}\n`));
    child.on("close", (code) => {
      clearTimeout(timer);
      file.end(() => resolve({ code, late }));
    });
  });
}

/** What failed the first time, as tests/harness.ts wrote it. */
function readNotes(path) {
  let lines = "";
  try {
    lines = readFileSync(path, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return lines.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Counts the cases of a JUnit report; Node leaves ">" in attributes as it is. */
function readReport(path) {
  const result = { passed: 0, failed: 0, skipped: 0, failures: [] };
  let xml = "";
  try {
    xml = readFileSync(path, "utf8");
  } catch {
    return result; // the run died before it could report: its exit code says so
  }
  for (
    const [, attributes, body = ""] of xml.matchAll(
      /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
    )
  ) {
    const title = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "?");
    const failure =
      /<(?:failure|error)\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/.exec(
        body,
      );
    if (failure) {
      const message = /\bmessage="([^"]*)"/.exec(failure[1])?.[1] ?? "";
      result.failures.push({ title, text: unescape(failure[2]?.trim() || message) });
    } else if (/<skipped\b/.test(body)) result.skipped++;
    else result.passed++;
  }
  return result;
}

function unescape(text) {
  const names = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return names[name] ?? whole;
  });
}

function printPart(title, lines) {
  console.log(title);
  for (const line of lines) console.log(`  | ${line}`);
}

/** What a log says besides that tests have passed. */
function withoutPasses(text) {
  const passed = /^\(pass\)|\.\.\. ok \(|^✔|^running \d+ tests?|^\s*$/;
  return text.split("\n").filter((line) => !passed.test(line));
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
