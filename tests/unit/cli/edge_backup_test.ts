import assert from "node:assert/strict";
import { restore } from "../../../lib/cli/edge_backup.ts";
import type { Cli } from "../../../lib/cli/command.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("restore() copies a whole backup, and never over something", async () => {
  const runtime = memoryRuntime();
  const { files } = runtime.host;
  const cli = { runtime } as unknown as Cli;
  await assert.rejects(restore(cli, "/copy", "/data"), { code: "not_found" });
  await files.makeDir("/copy/certs");
  await files.write("/copy/sallyport.db", "db");
  await files.write("/copy/certs/ca.pem", "ca");
  await restore(cli, "/copy", "/data");
  assert.equal(await files.readText("/data/sallyport.db"), "db");
  assert.equal(await files.readText("/data/certs/ca.pem"), "ca");
  await assert.rejects(restore(cli, "/copy", "/data"), { code: "conflict" });
});
