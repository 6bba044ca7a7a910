import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { ACTIONS } from "../../../../lib/policy/actions/mod.ts";
import { PHASES } from "../../../../lib/policy/context.ts";

test("ACTIONS has each type once, each with a phase it may stand in", () => {
  const types = ACTIONS.map(({ type }) => type);
  assert.equal(new Set(types).size, types.length);
  for (const { type, phases } of ACTIONS) {
    assert.match(type, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(phases.length > 0 && phases.every((phase) => PHASES.includes(phase)), type);
  }
});
