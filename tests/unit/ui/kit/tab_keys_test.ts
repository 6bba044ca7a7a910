/** @module */
import assert from "node:assert/strict";
import { tabForKey } from "../../../../lib/ui/kit/tab_keys.ts";
import { test } from "../../../harness.ts";

test("tabForKey() goes round with arrows, to both ends with Home and End, and leaves other keys", () => {
  assert.equal(tabForKey("ArrowRight", 0, 4), 1);
  assert.equal(tabForKey("ArrowRight", 3, 4), 0);
  assert.equal(tabForKey("ArrowLeft", 0, 4), 3);
  assert.equal(tabForKey("ArrowLeft", 2, 4), 1);
  assert.equal(tabForKey("Home", 2, 4), 0);
  assert.equal(tabForKey("End", 1, 4), 3);
  for (const key of ["Tab", "Enter", "a", "ArrowUp"]) {
    assert.equal(tabForKey(key, 1, 4), undefined, key);
  }
});
