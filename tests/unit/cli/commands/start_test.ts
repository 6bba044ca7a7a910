import assert from "node:assert/strict";
import { startCommand } from "../../../../lib/cli/commands/start.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function refusal(args: string[], files: Record<string, string> = {}) {
  const runtime = memoryRuntime({ host: { args: ["start", ...args], files } });
  assert.equal(await main(runtime), 1);
  return runtime.host.stderr.text;
}

test("startCommand completes the names of the configuration", () => {
  assert.equal(startCommand.argument?.completes, "endpoints");
  assert.equal(startCommand.argument?.optional, true);
  assert.equal(startCommand.obeysConfig, true);
});

test("S25 startCommand refuses what it cannot start, and says what it could", async () => {
  const files = { "/c.yml": "version: 3\nendpoints: [{name: web, upstream: {url: 80}}]\n" };
  const config = ["--config", "/c.yml"];
  assert.match(await refusal([...config], files), /Say at least one name to start/);
  assert.match(
    await refusal(["wbe", ...config], files),
    /did you mean "web"\?\nERROR: {2}\/c.yml has "web"\n/,
  );
  assert.match(await refusal(["web", "--all", ...config], files), /exclude each other/);
  assert.match(await refusal(["--all"]), /"sallyport start --none" starts the session alone/);
  assert.match(await refusal(["x", "--config", "/none.yml"]), /Error reading configuration file/);
});
