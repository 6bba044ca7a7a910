import assert from "node:assert/strict";
import { mustRun, needsAdministrator, runTool } from "../../../../lib/cli/service/run_tool.ts";
import { type MemoryHostOptions, memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

function machine(code: number, output: string, more: Partial<MemoryHostOptions> = {}) {
  const asked: unknown[] = [];
  const run: MemoryHostOptions["run"] = (program, args, { env }) => {
    asked.push([program, args, env]);
    return Promise.resolve({ code, output });
  };
  const args = ["service", "start"];
  return { host: memoryRuntime({ host: { run, args, ...more } }).host, asked };
}

test("runTool() asks for English, whatever the user speaks", async () => {
  const { host, asked } = machine(3, "inactive");
  assert.deepEqual(await runTool(host, ["systemctl", "is-active", "x"]), {
    code: 3,
    output: "inactive",
  });
  assert.deepEqual(asked, [["systemctl", ["is-active", "x"], { LC_ALL: "C" }]]);
});

test("S64 mustRun() tells who is no administrator what to do, on each system", async () => {
  for (
    const said of [
      "Failed to start x.service: Access denied",
      "Failed to reload daemon: Interactive authentication required.",
      "Boot-out failed: 1: Operation not permitted",
    ]
  ) {
    await assert.rejects(mustRun(machine(1, said).host, ["systemctl"], "Cannot start"), {
      code: "permission_denied",
      message:
        'Cannot start: "systemctl" needs the rights of an administrator; repeat the command with sudo: sudo sallyport service start',
    });
  }
  for (const said of ["[SC] OpenSCManager FAILED 5:", "System error 5 has occurred."]) {
    const { host } = machine(5, said, { os: "windows" });
    await assert.rejects(mustRun(host, ["net.exe"], "Cannot start"), {
      code: "permission_denied",
      message: /open a terminal by "Run as administrator"/,
    });
  }
});

test("mustRun() says what the tool said, and that systemd is not there", async () => {
  await mustRun(machine(0, "anything").host, ["sc.exe"], "Cannot start");
  await assert.rejects(mustRun(machine(1, "one\n\ntwo\n").host, ["sc.exe", "x"], "Cannot start"), {
    code: "refused",
    message: 'Cannot start: "sc.exe x" ended with code 1: one; two',
  });
  const container =
    "System has not been booted with systemd as init system (PID 1). Can't operate.";
  await assert.rejects(mustRun(machine(1, container).host, ["systemctl"], "Cannot start"), {
    code: "refused",
    message: /systemd does not run on this machine.*sallyport start --all/,
  });
});

test("needsAdministrator() repeats the command as it was typed", () => {
  const { host } = machine(0, "", { args: ["service", "install", "--config", "a.yml"] });
  assert.match(
    needsAdministrator(host, "Cannot install", "/etc/x").message,
    /"\/etc\/x" needs .*: sudo sallyport service install --config a\.yml$/,
  );
});
