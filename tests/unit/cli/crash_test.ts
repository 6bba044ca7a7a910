import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { watchCrashes } from "../../../lib/cli/crash.ts";
import { test } from "../../harness.ts";

test("watchCrashes() rejects with the first error nobody caught", async () => {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    const source = new EventEmitter();
    const watch = watchCrashes(source);
    source.emit(event, new Error("first"));
    source.emit(event, new Error("second"));
    await assert.rejects(watch.crashed, { message: "first" });
    watch.dispose();
    assert.equal(source.listenerCount(event), 0);
  }
});
