/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { TOAST_MS, Toasts } from "../../../../lib/ui/kit/toasts.ts";
import { test } from "../../../harness.ts";

test("Toasts: good news leave by themselves, bad news stay until they are dismissed", async () => {
  const clock = new FakeClock();
  const toasts = new Toasts(clock);
  const said = () => toasts.list.value.map(({ problem }) => problem.message);
  toasts.good("Done.");
  toasts.bad({ message: "No.", code: "ERR_NGROK_413" });
  assert.deepEqual(said(), ["Done.", "No."]);
  await clock.advance(TOAST_MS);
  assert.deepEqual(said(), ["No."]);
  assert.equal(toasts.list.value[0].problem.code, "ERR_NGROK_413");
  toasts.dismiss(toasts.list.value[0].id);
  assert.deepEqual(said(), []);
  assert.equal(clock.pending, 0);
});

test("Toasts: the oldest make room, and dismissing them again harms nobody", async () => {
  const clock = new FakeClock();
  const toasts = new Toasts(clock);
  for (let count = 1; count <= 6; count++) toasts.good(`News ${count}`);
  assert.deepEqual(toasts.list.value.map(({ problem }) => problem.message), [
    "News 3",
    "News 4",
    "News 5",
    "News 6",
  ]);
  await clock.advance(TOAST_MS);
  assert.deepEqual(toasts.list.value, []);
});
