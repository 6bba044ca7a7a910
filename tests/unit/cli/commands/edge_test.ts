import assert from "node:assert/strict";
import { edgeCommand } from "../../../../lib/cli/commands/edge.ts";
import { test } from "../../../harness.ts";

test("edgeCommand takes no argument, and logs to standard error unless told otherwise", () => {
  assert.equal(edgeCommand.argument, undefined);
  assert.equal(edgeCommand.logsTo, "stderr");
  const names = edgeCommand.flags.map(({ name }) => name);
  const wanted = ["config", "domain", "data", "http", "https", "tls", "agents", "api", "acme"];
  for (const name of [...wanted, "metrics", "access-log", "tcp-ports", "proxy-protocol-from"]) {
    assert.ok(names.includes(name), name);
  }
});
