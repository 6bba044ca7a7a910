import assert from "node:assert/strict";
import { openData } from "../../../lib/cli/edge_data.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("openData() refuses a folder in which no edge has kept anything", async () => {
  await assert.rejects(openData(memoryRuntime(), "/nothing"), {
    code: "not_found",
    message:
      'Cannot work on "/nothing": no edge has kept its data there; name its folder with --data',
  });
});
