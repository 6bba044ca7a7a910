import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { creditsCommand } from "../../../../lib/cli/commands/credits.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("creditsCommand prints who made this, and succeeds", async () => {
  assert.equal(creditsCommand.argument, undefined);
  const runtime = memoryRuntime({ host: { args: ["credits"] } });
  assert.equal(await main(runtime), 0);
  assert.match(runtime.host.stdout.text, /Sallyport authors/);
});
