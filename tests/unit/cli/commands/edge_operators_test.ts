import assert from "node:assert/strict";
import { EDGE_COMMANDS } from "../../../../lib/cli/commands/edge_operators.ts";
import { test } from "../../../harness.ts";

test("EDGE_COMMANDS all work on a data folder", () => {
  const leaves = EDGE_COMMANDS.flatMap((one) => one.commands ?? [one]);
  assert.ok(leaves.length >= 20);
  for (const { name, flags } of leaves) {
    assert.ok(flags.some((flag) => flag.name === "data"), name);
  }
});
