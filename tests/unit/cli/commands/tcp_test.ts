import assert from "node:assert/strict";
import { tcpCommand } from "../../../../lib/cli/commands/tcp.ts";
import { test } from "../../../harness.ts";

test("tcpCommand takes an address and the flags of an endpoint", () => {
  assert.equal(tcpCommand.name, "tcp");
  assert.equal(tcpCommand.argument?.optional, undefined);
  assert.equal(tcpCommand.obeysConfig, true);
  const names = tcpCommand.flags.map(({ name }) => name);
  const wanted = ["url", "name", "traffic-policy-file", "connect-url", "authtoken", "config"];
  for (const name of [...wanted, "cidr-allow", "remote-addr"]) {
    assert.ok(names.includes(name), name);
  }
  const shown = tcpCommand.flags.filter(({ deprecated }) => deprecated === undefined);
  assert.ok(!shown.some(({ name }) => name === "remote-addr"), "flags of old are not recommended");
});
