import assert from "node:assert/strict";
import { httpCommand } from "../../../../lib/cli/commands/http.ts";
import { test } from "../../../harness.ts";

test("httpCommand takes an address and the flags of an endpoint", () => {
  assert.equal(httpCommand.name, "http");
  assert.equal(httpCommand.argument?.optional, undefined);
  assert.equal(httpCommand.obeysConfig, true);
  const names = httpCommand.flags.map(({ name }) => name);
  const wanted = ["url", "name", "traffic-policy-file", "connect-url", "authtoken", "config"];
  for (const name of [...wanted, "upstream-protocol", "basic-auth", "domain"]) {
    assert.ok(names.includes(name), name);
  }
  const shown = httpCommand.flags.filter(({ deprecated }) => deprecated === undefined);
  assert.ok(!shown.some(({ name }) => name === "domain"), "flags of old are not recommended");
});
