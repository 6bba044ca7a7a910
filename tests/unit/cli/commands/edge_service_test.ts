import assert from "node:assert/strict";
import { SERVICE_COMMANDS } from "../../../../lib/cli/commands/edge_service.ts";
import { test } from "../../../harness.ts";

test("SERVICE_COMMANDS are all told where units lie", () => {
  assert.deepEqual(SERVICE_COMMANDS.map(({ name }) => name), [
    "edge install",
    "edge uninstall",
    "edge status",
  ]);
  for (const { flags } of SERVICE_COMMANDS) assert.ok(flags.some(({ name }) => name === "units"));
});
