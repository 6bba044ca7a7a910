import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { VERSION } from "../../lib/base/version.ts";
import { test } from "../harness.ts";
import { programWords, runProgram, selfName } from "./program.ts";

test("sallyport says its version and its help with no permission at all", async () => {
  for (
    const [args, pattern] of [
      [["version"], new RegExp(`^sallyport version ${VERSION}\n$`)],
      [["--version"], new RegExp(`^sallyport version ${VERSION}\n$`)],
      [[], /^sallyport - .*\n\nUSAGE:\n/],
      [["--help"], /^NAME:\n {2}sallyport - /],
      [["help", "edge"], /^NAME:\n {2}edge - /],
      [["http", "-h"], /^NAME:\n {2}http - /],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(args, {
      permissions: [],
    });
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    assert.match(stdout, pattern);
  }
});

test("sallyport answers a wrong command line with one sentence and exit code 1", async () => {
  for (
    const [args, sentence] of [
      [["htpp", "80"], 'Unknown command "htpp"; did you mean "http"?'],
      [
        ["http", "80", "--ulr", "x"],
        'Unknown flag "--ulr" for "sallyport http"; did you mean "--url"?',
      ],
      [
        ["http", "80", "-log=stdout"],
        'Long flags take two hyphens: write "--log" instead of "-log"',
      ],
      [
        ["http", "80", "--log-level=x"],
        'Invalid value "x" for --log-level: use debug, info, warn, error or crit',
      ],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(args);
    assert.deepEqual([code, stdout, stderr], [1, "", `ERROR:  ${sentence}\n`]);
  }
});

test("sallyport names what is missing and gives an example", async () => {
  const { code, stdout, stderr } = await runProgram(["http"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /^ERROR: {2}Missing <address>: .*\nERROR: {2}Example: sallyport http 8080\n$/,
  );
});

test("sallyport refuses addresses it cannot use before anything is started", async () => {
  for (
    const [args, pattern] of [
      [["http", "ftp://x"], /the scheme "ftp" is not supported/],
      [["http", "localhost:notaport"], /port "notaport" is not a number/],
      [["http", "::1:80"], /an IPv6 address needs brackets/],
      [["http", "file://relative"], /absolute path/],
      [["http", "99999"], /not between 1 and 65535/],
      [["tcp", "localhost"], /it needs a port/],
      [["tls", "https://localhost"], /"https" does not fit a tls endpoint/],
      [["http", "80", "--url", "https://h/path"], /cannot be part of it/],
      [["http", "80", "--url", "tcp://h:1"], /does not fit this endpoint/],
      [["http", "80", "--connect-url", "https://edge:443"], /it has no scheme/],
      [["edge", "--http", "nonsense"], /Invalid value "nonsense" for --http/],
      [["edge", "--tcp-ports", "9-1"], /Invalid value "9-1" for --tcp-ports/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(args);
    assert.deepEqual([code, stdout], [1, ""], `${args.join(" ")}\n${stderr}`);
    assert.match(stderr, /^ERROR: {2}\S/);
    assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /\n\s+at /);
  }
});

test("sallyport finds out at once that its log file cannot be written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  try {
    const path = join(folder, "no", "such", "folder.log");
    const { code, stdout, stderr } = await runProgram(["http", "80", "--log", path]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.ok(stderr.startsWith(`ERROR:  Cannot write the log file "${path}": `), stderr);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("S4 sallyport starts on the other runtimes too", async () => {
  const other = selfName() === "deno" ? "bun" : "deno";
  const { code, stdout } = await runProgram(["version"], { runtime: other });
  assert.deepEqual([code, stdout], [0, `sallyport version ${VERSION}\n`]);
});

test("the program ends with 1 when the disk its answer goes to is full, and with 0 when its reader leaves", () => {
  if (process.platform !== "linux") return; // the others have no /dev/full
  const [command, ...words] = programWords();
  const quoted = [command, ...words].map((word) => `'${word}'`).join(" ");
  const full = spawnSync("sh", ["-c", `${quoted} version > /dev/full`], { encoding: "utf8" });
  assert.deepEqual([full.status, full.stderr], [
    1,
    "ERROR:  Cannot write to standard output: no space left on the device (io_failed)\n",
  ]);
  const left = spawnSync("sh", ["-c", `{ ${quoted} help; echo $? >&2; } | true`], {
    encoding: "utf8",
  });
  assert.equal(left.stderr, "0\n");
});
