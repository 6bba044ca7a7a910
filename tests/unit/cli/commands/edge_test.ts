import assert from "node:assert/strict";
import { edgeCommand } from "../../../../lib/cli/commands/edge.ts";
import { test } from "../../../harness.ts";

test("edgeCommand takes no argument, and logs to standard error unless told otherwise", () => {
  assert.equal(edgeCommand.argument, undefined);
  assert.equal(edgeCommand.logsTo, "stderr");
  assert.deepEqual(edgeCommand.flags.map(({ name }) => name), [
    "config",
    "domain",
    "data",
    "http",
    "https",
    "tls",
    "agents",
    "api",
    "acme",
    "acme-email",
    "acme-directory",
    "acme-dns-hook",
    "certificates",
    "metrics",
    "access-log",
    "access-log-format",
    "tcp-ports",
    "http-public-port",
    "https-public-port",
    "proxy-protocol-from",
  ]);
});
