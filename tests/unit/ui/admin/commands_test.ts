/** @module */
import assert from "node:assert/strict";
import { agentCommand } from "../../../../lib/ui/admin/commands.ts";
import { test } from "../../../harness.ts";

const EDGE = { domain: "t.example", version: "1", started_at_ms: 0 };

test("agentCommand() says where to, whom to trust, and with what", () => {
  const edge = { ...EDGE, connect_address: "connect.t.example:443", has_ca: true };
  assert.equal(
    agentCommand(edge, "abc"),
    "sallyport http 8080 --connect-url connect.t.example:443 --connect-cas sallyport-ca.pem --authtoken abc",
  );
  assert.equal(
    agentCommand({ ...EDGE, connect_address: null, has_ca: false }),
    "sallyport http 8080 --authtoken <authtoken>",
  );
});
