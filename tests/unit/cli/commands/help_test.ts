import assert from "node:assert/strict";
import { COMMANDS } from "../../../../lib/cli/commands/mod.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function print(...args: string[]) {
  const runtime = memoryRuntime({ host: { args } });
  const code = await main(runtime);
  return {
    code,
    stdout: runtime.host.stdout.text,
    stderr: runtime.host.stderr.text,
  };
}

test("helpCommand prints what --help prints, for the program and for each command", async () => {
  assert.deepEqual(await print("help"), await print("--help"));
  for (const { name } of COMMANDS) {
    assert.deepEqual(await print("help", name), await print(name, "--help"));
  }
});

test("helpCommand refuses a command that does not exist", async () => {
  const { code, stderr } = await print("help", "htpp");
  assert.equal(code, 1);
  assert.equal(stderr, 'ERROR:  Unknown command "htpp"; did you mean "http"?\n');
});
