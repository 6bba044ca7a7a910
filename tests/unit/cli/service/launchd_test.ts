import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { AGENT_PLIST_PATH, formatPlist, launchd } from "../../../../lib/cli/service/launchd.ts";
import type { ServiceFacts } from "../../../../lib/cli/service/manager.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

const FACTS: ServiceFacts = {
  program: ["/opt/a&b/deno", "run", "-A", "/opt/a&b/cli.ts"],
  configs: ["/Users/me/Library/Application Support/sallyport/sallyport.yml"],
  user: "me",
  writes: [],
  usesTmp: false,
};

test("S59 S60 S69 S74 formatPlist() writes the property list with the paths of program and configuration", () => {
  const wanted = new URL("../../../vectors/service/com.sallyport.agent.plist", import.meta.url);
  assert.equal(formatPlist(FACTS), readFileSync(wanted, "utf8"));
});

test("launchd.readLine() reads back what the property list runs", async () => {
  const { host } = memoryRuntime({ host: { files: { [AGENT_PLIST_PATH]: formatPlist(FACTS) } } });
  assert.deepEqual(await launchd.readLine(host), [
    ...FACTS.program,
    "service",
    "run",
    "--config",
    FACTS.configs[0],
  ]);
  assert.equal(await launchd.readLine(memoryRuntime().host), undefined);
});

test("S81 launchd.readState() knows a service that is not loaded, that runs, and that ended with 5", () => {
  assert.deepEqual(launchd.readState({ code: 113, output: 'Could not find service "x"' }), {
    isRunning: false,
    words: "not running",
    exitCode: 0,
  });
  const running = "system/com.sallyport.agent = {\n\tstate = running\n\n\tlast exit code = 0\n}";
  assert.equal(launchd.readState({ code: 0, output: running }).isRunning, true);
  const failed = "\tstate = spawn scheduled\n\tlast exit code = 5: Input/output error\n";
  assert.deepEqual(launchd.readState({ code: 0, output: failed }), {
    isRunning: false,
    words: "spawn scheduled",
    exitCode: 5,
  });
});
