/** @module */
import assert from "node:assert/strict";
import { IssueError } from "../../../../lib/edge/certificates/issuer.ts";
import { test } from "../../../harness.ts";

test("IssueError tells what the owner of a name can mend in DNS from what the operator must", () => {
  const kinds = ["dns", "caa", "connection", "unauthorized", "rateLimited", "serverInternal"];
  const errors = kinds.map((kind) => new IssueError("no", { kind }));
  assert.deepEqual(errors.map((error) => error.isDns), [true, true, true, true, false, false]);
  assert.equal(errors[0].code, "refused");
  assert.equal(new IssueError("no", { kind: "x", retryAfterMs: 7 }).retryAfterMs, 7);
});
