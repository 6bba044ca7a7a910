import assert from "node:assert/strict";
import { httpCommand } from "../../../../lib/cli/commands/http.ts";
import { test } from "../../../harness.ts";

test("httpCommand takes an address and the flags of an endpoint", () => {
  assert.equal(httpCommand.name, "http");
  assert.equal(httpCommand.argument?.optional, undefined);
  assert.deepEqual(httpCommand.flags.map(({ name }) => name), [
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
