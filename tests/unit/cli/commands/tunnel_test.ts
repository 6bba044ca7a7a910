import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { tunnelCommand } from "../../../../lib/cli/commands/tunnel.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("tunnelCommand is hidden, takes labels, and says what became of them", async () => {
  assert.equal(tunnelCommand.hidden, true);
  const args = [
    "tunnel",
    "--label",
    "edge=a",
    "--label",
    "b=c",
    "--inspect",
    "--crt=c",
    "--key=k",
    "80",
  ];
  const runtime = memoryRuntime({ host: { args } });
  assert.equal(await main(runtime), 1);
  assert.match(runtime.host.stderr.text, /Edges ended; .*\nERROR:\nERROR: {2}ERR_NGROK_399\n$/);
});
