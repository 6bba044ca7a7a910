/** @module */
import assert from "node:assert/strict";
import { adminKey } from "../../../../lib/ui/admin/admin_keys.ts";
import { test } from "../../../harness.ts";

const free = { isHeld: false, isWriting: false };

test("adminKey() finds, goes to parts, and leaves all else alone", () => {
  assert.equal(adminKey({ ...free, key: "/" }), "find");
  assert.equal(adminKey({ ...free, key: "1" }), "endpoints");
  assert.equal(adminKey({ ...free, key: "4" }), "domains");
  for (const key of ["0", "9", "a", "Escape"]) assert.equal(adminKey({ ...free, key }), undefined);
  assert.equal(adminKey({ ...free, key: "/", isWriting: true }), undefined);
  assert.equal(adminKey({ ...free, key: "1", isHeld: true }), undefined);
});
