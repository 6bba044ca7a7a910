import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { policyFault } from "../../../lib/policy/fault.ts";

test("policyFault() is a refusal with a number and a cause", () => {
  const cause = new Error("why");
  const error = policyFault(2217, "Cannot use it", cause);
  assert.deepEqual([error.code, error.ngrokCode, error.message], [
    "refused",
    2217,
    "Cannot use it",
  ]);
  assert.equal(error.cause, cause);
});
