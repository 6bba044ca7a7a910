import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceFacts } from "../../../../lib/cli/service/manager.ts";
import {
  AGENT_UNIT,
  AGENT_UNIT_PATH,
  formatAgentUnit,
  systemd,
} from "../../../../lib/cli/service/systemd.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { findTool, toolAdvice } from "../../../../scripts/debian.mjs";
import { test } from "../../../harness.ts";

const FACTS: ServiceFacts = {
  program: ["/opt/my programs/sallyport"],
  configs: ["/etc/sallyport/sallyport.yml"],
  user: "me",
  writes: ["/var/log/sallyport"],
  usesTmp: false,
};

test("S59 S60 S65 S74 formatAgentUnit() writes the unit with the paths of program and configuration", () => {
  const wanted = new URL("../../../vectors/service/sallyport.service", import.meta.url);
  assert.equal(formatAgentUnit(FACTS), readFileSync(wanted, "utf8"));
});

test("formatAgentUnit() leaves /tmp to who finds a service there, and root its name", () => {
  const unit = formatAgentUnit({ ...FACTS, user: undefined, usesTmp: true });
  assert.match(unit, /^PrivateTmp=no$/m);
  assert.ok(!unit.includes("User="));
});

test("S65 formatAgentUnit() is a unit that systemd takes, and finds hardly exposed", () => {
  const tool = findTool("systemd-analyze");
  assert.ok(tool, toolAdvice("systemd-analyze"));
  const folder = mkdtempSync(join(tmpdir(), "sallyport-unit-"));
  try {
    const path = join(folder, AGENT_UNIT);
    writeFileSync(path, formatAgentUnit({ ...FACTS, program: ["/bin/true"], user: "daemon" }));
    const verified = spawnSync(tool, ["verify", path], { encoding: "utf8" });
    assert.deepEqual([verified.status, verified.stderr], [0, ""]);
    const program = ["/bin/true", "run", "-A", "/s/cli.ts"];
    writeFileSync(path, formatAgentUnit({ ...FACTS, program, user: "daemon" }));
    const deno = spawnSync(tool, ["verify", path], { encoding: "utf8" });
    assert.deepEqual([deno.status, deno.stderr], [0, ""]);
    const judged = spawnSync(tool, ["security", "--offline=true", path], { encoding: "utf8" });
    const score = /exposure level for .*: ([\d.]+)/.exec(judged.stdout)?.[1];
    assert.ok(Number(score) < 2.5, `${score}\n${judged.stdout}${judged.stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("systemd.readLine() reads back what the unit runs", async () => {
  const { host } = memoryRuntime({
    host: { files: { [AGENT_UNIT_PATH]: formatAgentUnit(FACTS) } },
  });
  assert.deepEqual(await systemd.readLine(host), [
    "/opt/my programs/sallyport",
    "service",
    "run",
    "--config",
    "/etc/sallyport/sallyport.yml",
  ]);
  assert.equal(await systemd.readLine(memoryRuntime().host), undefined);
});

test("S81 systemd.readState() knows the exit code of a service that is about to be started again", () => {
  const output = "ActiveState=activating\nSubState=auto-restart\nExecMainStatus=5\n";
  assert.deepEqual(systemd.readState({ code: 0, output }), {
    isRunning: false,
    words: "activating (auto-restart)",
    exitCode: 5,
  });
  const nothing = systemd.readState({ code: 1, output: "Failed to connect to bus" });
  assert.deepEqual(nothing, { isRunning: false, words: "unknown", exitCode: 0 });
});
