import assert from "node:assert/strict";
import { endWithin, GRACE_MS, watchSignals } from "../../../lib/cli/shutdown.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { memoryRuntime } from "../../../lib/runtime/memory.ts";
import { test } from "../../harness.ts";

test("watchSignals() tells the first signal and the second", async () => {
  const { host } = memoryRuntime();
  const signals = watchSignals(host);
  host.raise("SIGTERM");
  assert.equal(await signals.first, "SIGTERM");
  host.raise("SIGINT");
  assert.equal(await signals.second, "SIGINT");
  signals.dispose();
  assert.equal(host.raise("SIGINT"), false, "nobody listens any more");
});

test("watchSignals() counts SIGHUP: a closed terminal ends the program in good order too", async () => {
  const { host } = memoryRuntime();
  const signals = watchSignals(host);
  host.raise("SIGHUP");
  assert.equal(await signals.first, "SIGHUP");
  signals.dispose();
});

test("watchSignals() counts what is raised by hand like what the system sends", async () => {
  const { host } = memoryRuntime();
  const signals = watchSignals(host);
  signals.raise("SIGINT");
  host.raise("SIGTERM");
  assert.deepEqual([await signals.first, await signals.second], ["SIGINT", "SIGTERM"]);
  signals.dispose();
});

test("endWithin() waits for an orderly end", async () => {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock });
  const signals = watchSignals(runtime.host);
  let end!: () => void;
  const ending = endWithin(
    runtime,
    signals,
    new Promise<void>((resolve) => end = resolve),
    GRACE_MS,
  );
  await clock.advance(GRACE_MS - 1);
  end();
  assert.equal(await ending, true);
  assert.equal(clock.pending, 0);
});

test("endWithin() gives up when the grace period is over", async () => {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock });
  const signals = watchSignals(runtime.host);
  const ending = endWithin(runtime, signals, new Promise(() => {}), 5_000);
  await clock.advance(5_000);
  assert.equal(await ending, false);
});

test("endWithin() ends at once at a second signal", async () => {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock });
  const signals = watchSignals(runtime.host);
  runtime.host.raise("SIGINT");
  const ending = endWithin(runtime, signals, new Promise(() => {}), 5_000);
  runtime.host.raise("SIGINT");
  assert.equal(await ending, false);
});

test("endWithin() takes a failed end for an end that was not reached", async () => {
  const clock = new FakeClock();
  const runtime = memoryRuntime({ clock });
  const signals = watchSignals(runtime.host);
  assert.equal(await endWithin(runtime, signals, Promise.reject(new Error("x")), 5_000), false);
});
