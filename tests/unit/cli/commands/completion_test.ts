import assert from "node:assert/strict";
import { completionCommand } from "../../../../lib/cli/commands/completion.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function run(args: string[], env: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { args, env } });
  const code = await main(runtime);
  return { code, stdout: runtime.host.stdout.text, stderr: runtime.host.stderr.text };
}

test("S28 completionCommand prints the script of the shell named, else of the one in SHELL", async () => {
  assert.match((await run(["completion", "zsh"])).stdout, /^#compdef sallyport/);
  assert.match((await run(["completion"], { SHELL: "/usr/bin/fish" })).stdout, /^# fish/);
  assert.match((await run(["completion"])).stdout, /^# bash/);
});

test("S29 completionCommand explains how to keep it, and refuses a shell it does not know", async () => {
  assert.match(completionCommand.description, /~\/\.bashrc: if command -v sallyport/);
  assert.match(completionCommand.description, /~\/\.zshrc/);
  const { code, stderr } = await run(["completion", "bsah"]);
  assert.equal(code, 1);
  assert.match(stderr, /There is no completion for "bsah": .*; did you mean "bash"\?/);
});
