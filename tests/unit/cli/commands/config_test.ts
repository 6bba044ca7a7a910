import assert from "node:assert/strict";
import { configCommand } from "../../../../lib/cli/commands/config.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("configCommand keeps a key and says where, never what", async () => {
  assert.deepEqual(configCommand.commands?.map(({ name }) => name), [
    "config add-authtoken",
    "config add-api-key",
  ]);
  const args = ["config", "add-api-key", "key_0123456789"];
  const runtime = memoryRuntime({ host: { args, env: { XDG_CONFIG_HOME: "/xdg" } } });
  assert.equal(await main(runtime), 0);
  const { stdout, files } = runtime.host;
  assert.equal(stdout.text, "Saved in /xdg/sallyport/sallyport.yml\n");
  assert.match(await files.readText("/xdg/sallyport/sallyport.yml"), /api_key: key_0123456789\n/);
});
