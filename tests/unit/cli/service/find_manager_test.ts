import assert from "node:assert/strict";
import { findManager } from "../../../../lib/cli/service/find_manager.ts";
import { memoryRuntime } from "../../../../lib/runtime/memory.ts";
import { test } from "../../../harness.ts";

test("findManager() knows three managers, and says where there is none", async () => {
  for (
    const [os, name] of [["linux", "systemd"], ["darwin", "launchd"], [
      "windows",
      "Windows",
    ]] as const
  ) assert.equal((await findManager(memoryRuntime({ host: { os } }).host)).name, name);
  await assert.rejects(findManager(memoryRuntime({ host: { os: "freebsd" } }).host), {
    code: "usage",
    message: /no service manager known for freebsd/,
  });
});
