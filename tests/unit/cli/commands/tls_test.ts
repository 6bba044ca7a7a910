import assert from "node:assert/strict";
import { tlsCommand } from "../../../../lib/cli/commands/tls.ts";
import { test } from "../../../harness.ts";

test("tlsCommand takes an address and the flags of an endpoint", () => {
  assert.equal(tlsCommand.name, "tls");
  assert.equal(tlsCommand.argument?.optional, undefined);
  assert.equal(tlsCommand.obeysConfig, true);
  const names = tlsCommand.flags.map(({ name }) => name);
  const wanted = ["url", "name", "traffic-policy-file", "connect-url", "authtoken", "config"];
  for (const name of [...wanted, "cidr-deny", "hostname"]) assert.ok(names.includes(name), name);
  const shown = tlsCommand.flags.filter(({ deprecated }) => deprecated === undefined);
  assert.ok(!shown.some(({ name }) => name === "hostname"), "flags of old are not recommended");
});
