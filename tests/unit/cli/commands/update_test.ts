import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

async function run(...args: readonly string[]) {
  const { host, ...rest } = memoryRuntime({ host: { args: ["update", ...args] } });
  const code = await main({ host, ...rest });
  return { code, stdout: host.stdout.text, stderr: host.stderr.text };
}

test("update says what to configure when nobody publishes this program", async () => {
  const { code, stderr } = await run();
  assert.equal(code, 1);
  assert.match(stderr, /^ERROR: {2}Cannot look for updates: .*set update_url and update_key/);
});

test("S146 update knows three channels", async () => {
  const { code, stderr } = await run("--channel", "nightly");
  assert.equal(code, 1);
  assert.match(stderr, /"nightly" for --channel: use stable, beta or unstable$/m);
  assert.match((await run("--help")).stdout, /--channel <name>.*stable, beta, unstable/s);
});
