/** @module */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { detectRuntime } from "../../../lib/runtime/detect.ts";
import { ownProgram, restart, restartObstacle } from "../../../lib/runtime/node_restart.ts";
import { test } from "../../harness.ts";

const { name } = detectRuntime().host.runtime;
const runtime = name as "deno" | "bun" | "node";
const child = fileURLToPath(new URL("../../fakes/host_child.ts", import.meta.url));

function run(permissions: readonly string[], args: readonly string[]) {
  const before = runtime === "deno" ? ["run", ...permissions, "--quiet", "--no-lock"] : [];
  return spawnSync(process.execPath, [...before, child, ...args], {
    encoding: "utf8",
    env: { ...process.env, NODE_NO_WARNINGS: "1", SALLYPORT_ROUND: "" },
  });
}

test("ownProgram() names the runtime's executable, which is not the program", () => {
  assert.deepEqual(ownProgram(runtime), { path: process.execPath, isCompiled: false });
});

test("restart() runs the same command line in the same process", () => {
  const obstacle = restartObstacle(runtime);
  if (obstacle !== "") {
    // Windows, or a Deno that is not on Linux: it says so and goes on.
    assert.throws(() => restart(runtime), {
      code: "usage",
      message: `Cannot restart: ${obstacle}`,
    });
    return;
  }
  const { stdout, stderr, status } = run(["-A"], ["restart", "two words", ""]);
  assert.equal(status, 0, stderr);
  const [first, second, rest] = stdout.split("\n");
  assert.match(first, /^\d+ \["two words",""\] 0$/);
  assert.equal(second, first.replace(/0$/, "1"));
  assert.equal(rest, "");
});

test("restartObstacle() names the permission that Deno wants", () => {
  if (runtime !== "deno" || process.platform === "win32") {
    return assert.equal(typeof restartObstacle(runtime), "string");
  }
  const { stdout, stderr, status } = run(["--allow-env", "--allow-read"], ["restart"]);
  assert.notEqual(status, 0);
  assert.match(stdout, /^\d+ \[\] 0\n$/);
  assert.match(stderr, /Cannot restart: it runs without --allow-ffi/);
});
