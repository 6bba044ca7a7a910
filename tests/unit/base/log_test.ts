import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { silentLogger } from "../../../lib/base/log.ts";

test("silentLogger says nothing at any level and its children are as silent", () => {
  for (const level of ["debug", "info", "warn", "error", "crit"] as const) {
    assert.equal(silentLogger.log(level, "hello", { id: 1 }), undefined);
  }
  assert.equal(silentLogger.child({ session: "s" }), silentLogger);
});
