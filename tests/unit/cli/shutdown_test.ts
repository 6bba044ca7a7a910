import assert from "node:assert/strict";
import { endWithin, GRACE_MS, watchSignals } from "../../../lib/cli/shutdown.ts";
import { FakeHost, fakeRuntime } from "../../fakes/host.ts";
import { test } from "../../harness.ts";

test("watchSignals() tells the first signal and the second", async () => {
  const host = new FakeHost();
  const signals = watchSignals(host);
  host.signal("SIGTERM");
  assert.equal(await signals.first, "SIGTERM");
  host.signal("SIGINT");
  assert.equal(await signals.second, "SIGINT");
  signals.dispose();
  assert.equal(host.listening, 0);
});

test("watchSignals() counts SIGHUP: a closed terminal ends the program in good order too", async () => {
  const host = new FakeHost();
  const signals = watchSignals(host);
  host.signal("SIGHUP");
  assert.equal(await signals.first, "SIGHUP");
  signals.dispose();
});

test("endWithin() waits for an orderly end", async () => {
  const runtime = fakeRuntime(new FakeHost());
  const signals = watchSignals(runtime.host);
  let end!: () => void;
  const ending = endWithin(
    runtime,
    signals,
    new Promise<void>((resolve) => end = resolve),
    GRACE_MS,
  );
  await runtime.clock.advance(GRACE_MS - 1);
  end();
  assert.equal(await ending, true);
  assert.equal(runtime.clock.pending, 0);
});

test("endWithin() gives up when the grace period is over", async () => {
  const runtime = fakeRuntime(new FakeHost());
  const signals = watchSignals(runtime.host);
  const ending = endWithin(runtime, signals, new Promise(() => {}), 5_000);
  await runtime.clock.advance(5_000);
  assert.equal(await ending, false);
});

test("endWithin() ends at once at a second signal", async () => {
  const runtime = fakeRuntime(new FakeHost());
  const signals = watchSignals(runtime.host);
  runtime.host.signal("SIGINT");
  const ending = endWithin(runtime, signals, new Promise(() => {}), 5_000);
  runtime.host.signal("SIGINT");
  assert.equal(await ending, false);
});

test("endWithin() takes a failed end for an end that was not reached", async () => {
  const runtime = fakeRuntime(new FakeHost());
  const signals = watchSignals(runtime.host);
  assert.equal(
    await endWithin(runtime, signals, Promise.reject(new Error("x")), 5_000),
    false,
  );
});
