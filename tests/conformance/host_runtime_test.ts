/**
 * The host suite on the runtime that runs the tests, and what only a child process shows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, realpath, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { detectRuntime } from "../../lib/runtime/detect.ts";
import { test } from "../harness.ts";
import { hostSuite } from "./host_suite.ts";

const { host } = detectRuntime();
const runtime = host.runtime.name;

async function folder(): Promise<{ path: string; free: () => Promise<void> }> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "sallyport-host-")));
  return { path, free: () => rm(path, { recursive: true, force: true }) };
}

hostSuite({
  name: runtime,
  host,
  folder,
  setEnv(name, value) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  },
  raise: (signal) => void process.kill(process.pid, signal),
});

test(`${runtime}: files.write() keeps others out, and keeps a link a link`, async () => {
  if (host.os === "windows") return; // has neither permission bits nor links for everybody
  const { path, free } = await folder();
  await host.files.write(join(path, "secret"), "s");
  await host.files.append(join(path, "log"), "s");
  await host.files.write(join(path, "open"), "s", { mode: 0o644 });
  await host.files.makeDir(join(path, "dir"));
  const modeOf = async (name: string) => (await stat(join(path, name))).mode & 0o777;
  assert.deepEqual(
    [await modeOf("secret"), await modeOf("log"), await modeOf("open"), await modeOf("dir")],
    [0o600, 0o600, 0o644, 0o700],
  );
  await symlink(join(path, "open"), join(path, "link"));
  await host.files.write(join(path, "link"), "through the link");
  assert.equal(await host.files.readText(join(path, "open")), "through the link");
  await free();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tests/fakes/host_child.ts` on this very runtime. */
function child(
  args: readonly string[],
  options: { closeAfterBytes?: number } = {},
): Promise<Ended> {
  const program = fileURLToPath(new URL("../fakes/host_child.ts", import.meta.url));
  const before = runtime === "deno" ? ["run", "-A", "--quiet", "--no-lock"] : [];
  const started = spawn(process.execPath, [...before, program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  let stdout = "";
  let stderr = "";
  started.stdout.on("data", (data) => {
    stdout += data;
    const { closeAfterBytes } = options;
    if (closeAfterBytes !== undefined && stdout.length >= closeAfterBytes) started.stdout.destroy();
  });
  started.stderr.on("data", (data) => stderr += data);
  return new Promise((resolve, reject) => {
    started.once("error", reject);
    started.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

test(`${runtime}: args are what follows the program`, async () => {
  const ended = await child(["args", "http", "--flag", "two words", ""]);
  assert.deepEqual(ended, { code: 0, stdout: '["http","--flag","two words",""]', stderr: "" });
});

test(`${runtime}: flush() before exit() loses no output, and the exit code is kept`, async () => {
  const { code, stdout, stderr } = await child(["flood"]);
  assert.equal(code, 7);
  assert.equal(stderr, "flooded");
  const lines = stdout.split("\n");
  assert.equal(lines.length, 20_001);
  assert.equal(lines[19_999], `19999 ${"x".repeat(50)}`);
});

test(`${runtime}: a reader that goes away does not end the program`, async () => {
  const { code, stderr } = await child(["closed pipe"], { closeAfterBytes: 1 });
  assert.equal(code, 5, stderr);
  assert.equal(stderr, "");
});

test(`${runtime}: a timer of the clock does not keep the program alive`, async () => {
  assert.equal((await child(["timer"])).code, 0);
});

test(`${runtime}: keepAlive() does`, async () => {
  const { code, stdout } = await child(["kept"]);
  assert.deepEqual([code, stdout], [0, "waited"]);
});
