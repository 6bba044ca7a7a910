import assert from "node:assert/strict";
import { serviceCommand } from "../../../../lib/cli/commands/service.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("S7 S58 serviceCommand has a verb for all that is done with a service", async () => {
  assert.deepEqual(serviceCommand.commands?.map(({ name }) => name), [
    "service install",
    "service start",
    "service stop",
    "service restart",
    "service status",
    "service uninstall",
    "service run",
  ]);
  const runtime = memoryRuntime({ host: { args: ["service"] } });
  assert.equal(await main(runtime), 0);
  assert.match(runtime.host.stdout.text, /uninstall +stop the service and remove it/);
  assert.doesNotMatch(runtime.host.stdout.text, /service itself runs/);
});
