import assert from "node:assert/strict";
import { tlsCommand } from "../../../../lib/cli/commands/tls.ts";
import { test } from "../../../harness.ts";

test("tlsCommand takes an address and the flags of an endpoint", () => {
  assert.equal(tlsCommand.name, "tls");
  assert.equal(tlsCommand.argument?.optional, undefined);
  assert.deepEqual(tlsCommand.flags.map(({ name }) => name), [
    "url",
    "terminate-at",
    "crt",
    "key",
    "mutual-tls-cas",
    "name",
    "metadata",
    "pooling-enabled",
    "connect-url",
    "connect-cas",
    "authtoken",
    "config",
  ]);
});
