import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { actionFailed } from "../../../lib/policy/outcome.ts";

test("actionFailed() names the action and blames the edge", () => {
  const { status, ngrokCode, message, fault } = actionFailed("basic-auth");
  assert.deepEqual([status, ngrokCode, fault], [500, 2300, "edge"]);
  assert.match(message, /action basic-auth/);
});
