import assert from "node:assert/strict";
import { diagnoseCommand } from "../../../../lib/cli/commands/diagnose.ts";
import { main } from "../../../../lib/cli/main.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("S128 diagnoseCommand explains itself, and has the short flags people know", async () => {
  const short = diagnoseCommand.flags.flatMap(({ name, short }) => short ? [[short, name]] : []);
  assert.deepEqual(short, [["6", "ipv6"], ["w", "write-report"], ["r", "region"]]);
  const runtime = memoryRuntime({ host: { args: ["diagnose", "--help"] } });
  assert.equal(await main(runtime), 0);
  assert.match(runtime.host.stdout.text, /-w, --write-report <path> +write a report in JSON/);
  assert.match(runtime.host.stdout.text, /Only hosts are contacted that the configuration/);
});
