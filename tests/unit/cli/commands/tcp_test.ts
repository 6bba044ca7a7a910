import assert from "node:assert/strict";
import { tcpCommand } from "../../../../lib/cli/commands/tcp.ts";
import { test } from "../../../harness.ts";

test("tcpCommand takes an address and the flags of an endpoint", () => {
  assert.equal(tcpCommand.name, "tcp");
  assert.equal(tcpCommand.argument?.optional, undefined);
  assert.deepEqual(tcpCommand.flags.map(({ name }) => name), [
    "url",
    "name",
    "metadata",
    "pooling-enabled",
    "connect-url",
    "connect-cas",
    "authtoken",
    "config",
  ]);
});
