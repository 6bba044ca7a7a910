/** @module */
import assert from "node:assert/strict";
import { Action } from "../../../../lib/ui/admin/action.ts";
import { ApiFailure } from "../../../../lib/ui/admin/api_client.ts";
import { test } from "../../../harness.ts";

test("Action.run() does a thing once at a time", async () => {
  const action = new Action();
  let finish = () => {};
  let times = 0;
  const work = () => {
    times++;
    return new Promise<void>((resolve) => finish = resolve);
  };
  const first = action.run(work);
  assert.equal(action.busy.value, true);
  assert.equal(await action.run(work), false, "a double click");
  finish();
  assert.equal(await first, true);
  assert.equal(action.busy.value, false);
  assert.equal(times, 1);
});

test("Action.run() keeps what went wrong until the next try", async () => {
  const action = new Action();
  const refusal = new ApiFailure(400, "Taken.", "ERR_NGROK_413");
  assert.equal(await action.run(() => Promise.reject(refusal)), false);
  assert.equal(action.failure.value, refusal);
  assert.equal(action.busy.value, false);
  assert.equal(await action.run(() => Promise.reject(new TypeError("a bug"))), false);
  assert.equal(action.failure.value?.message, "a bug");
  assert.equal(await action.run(() => Promise.resolve()), true);
  assert.equal(action.failure.value, undefined);
});
