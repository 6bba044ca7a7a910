/** @module */
import assert from "node:assert/strict";
import { certificatesCommand } from "../../../../lib/cli/commands/edge_certificates.ts";
import { edgeCommand } from "../../../../lib/cli/commands/edge.ts";
import { parse } from "../../../../lib/cli/parse.ts";
import { test } from "../../../harness.ts";

test("edge certificates lists and revokes, on the data folder that is named", () => {
  const line = ["edge", "certificates", "revoke", "agents", "--data", "/d"];
  const request = parse(line, [edgeCommand], () => undefined);
  assert.ok(request.kind === "run");
  assert.equal(request.command.name, "edge certificates revoke");
  assert.equal(request.input.argument, "agents");
  assert.equal(request.input.flag("data"), "/d");
  assert.deepEqual(certificatesCommand.commands?.map(({ name }) => name), [
    "edge certificates list",
    "edge certificates revoke",
  ]);
});
