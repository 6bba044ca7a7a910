/** @module */
import assert from "node:assert/strict";
import { hashOf, sectionOf, SECTIONS } from "../../../../lib/ui/admin/sections.ts";
import { test } from "../../../harness.ts";

test("sectionOf() reads what hashOf() writes, and anything else as the first part", () => {
  for (const section of SECTIONS) assert.equal(sectionOf(hashOf(section)), section);
  for (const hash of ["", "#", "#/", "#/nonsense", "#/agents/5"]) {
    assert.equal(sectionOf(hash), "endpoints", hash);
  }
});
