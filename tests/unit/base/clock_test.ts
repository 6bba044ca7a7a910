import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import {
  abortError,
  type Clock,
  deadline,
  FakeClock,
  sleep,
  systemClock,
} from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";

const withCode = (code: string) => (error: unknown) =>
  error instanceof TunnelError && error.code === code;

test("FakeClock stands still until it is advanced", async () => {
  const clock = new FakeClock(5_000);
  assert.equal(clock.now(), 5_000);
  assert.equal(clock.steady(), 5_000);
  await clock.advance(250);
  assert.equal(clock.now(), 5_250);
  assert.equal(clock.steady(), 5_250);
});

test("FakeClock fires timers in order of time, then of setting, each at its own reading", async () => {
  const delays = fc.array(fc.nat(50), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      delays,
      fc.array(fc.nat(20), { maxLength: 8 }),
      async (waits, steps) => {
        const clock = new FakeClock(0);
        const fired: { index: number; atMs: number }[] = [];
        waits.forEach((waitMs, index) =>
          clock.after(waitMs, () => fired.push({ index, atMs: clock.now() }))
        );
        for (const step of steps) await clock.advance(step);
        const untilMs = steps.reduce((sum, step) => sum + step, 0);
        const due = waits.map((atMs, index) => ({ index, atMs }))
          .filter(({ atMs }) => atMs <= untilMs && steps.length > 0)
          .sort((a, b) => a.atMs - b.atMs || a.index - b.index);
        assert.deepEqual(fired, due);
        assert.equal(clock.pending, waits.length - due.length);
      },
    ),
  );
});

test("FakeClock fires what a timer sets on its way when that falls due too", async () => {
  const clock = new FakeClock(0);
  const beats: number[] = [];
  function beat() {
    beats.push(clock.now());
    clock.after(10, beat);
  }
  clock.after(10, beat);
  await clock.advance(35);
  assert.deepEqual(beats, [10, 20, 30]);
  assert.equal(clock.pending, 1);
});

test("FakeClock lets promises settle between two timers", async () => {
  const clock = new FakeClock(0);
  const order: string[] = [];
  clock.after(1, () => {
    Promise.resolve().then(() => Promise.resolve()).then(() => order.push("settled"));
  });
  clock.after(2, () => order.push("second"));
  await clock.advance(2);
  assert.deepEqual(order, ["settled", "second"]);
});

test("FakeClock.after() treats a negative delay as none and never fires Infinity", async () => {
  const clock = new FakeClock(0);
  let fired = 0;
  clock.after(-5, () => fired++);
  clock.after(Infinity, () => fired += 100);
  await clock.advance(0);
  assert.equal(fired, 1);
  await clock.advance(1e15);
  assert.equal(fired, 1);
});

test("FakeClock.after() gives a timer that can be cancelled, twice and late without harm", async () => {
  const clock = new FakeClock(0);
  let fired = 0;
  const cancelled = clock.after(5, () => fired++);
  const late = clock.after(5, () => fired++);
  cancelled.cancel();
  cancelled.cancel();
  assert.equal(clock.pending, 1);
  await clock.advance(10);
  late.cancel();
  assert.equal(fired, 1);
});

test("FakeClock.turnEnd() runs after the code that asked, without time passing", async () => {
  const clock = new FakeClock(0);
  const order: string[] = [];
  clock.turnEnd(() => order.push("turn end"));
  order.push("turn");
  await Promise.resolve();
  assert.deepEqual(order, ["turn", "turn end"]);
});

test("systemClock reads the time and fires a timer once", async () => {
  const before = Date.now();
  const steadyBefore = systemClock.steady();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  assert.ok(systemClock.now() >= before);
  assert.ok(systemClock.steady() >= steadyBefore);
});

test("systemClock.after() does not fire what was cancelled", async () => {
  let fired = false;
  systemClock.after(0, () => fired = true).cancel();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  assert.equal(fired, false);
});

test("systemClock.after() does not fire a delay too long for the platform's timers at once", async () => {
  let fired = 0;
  const timers = [2 ** 31, 2 ** 40, Infinity].map((delayMs) =>
    systemClock.after(delayMs, () => fired++)
  );
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  for (const timer of timers) timer.cancel();
  assert.equal(fired, 0);
});

test("systemClock.turnEnd() runs before any timer", async () => {
  const order: string[] = [];
  const timer = new Promise<void>((resolve) =>
    systemClock.after(0, () => {
      order.push("timer");
      resolve();
    })
  );
  systemClock.turnEnd(() => order.push("turn end"));
  await timer;
  assert.deepEqual(order, ["turn end", "timer"]);
});

test("sleep() settles when its time has passed and leaves nothing behind", async () => {
  const clock = new FakeClock(0);
  const controller = new AbortController();
  let woke = false;
  const slept = sleep(clock, 100, controller.signal).then(() => woke = true);
  await clock.advance(99);
  assert.equal(woke, false);
  await clock.advance(1);
  await slept;
  controller.abort();
  assert.equal(clock.pending, 0);
});

test("sleep() ends early with aborted when its signal fires, and takes its timer back", async () => {
  const clock = new FakeClock(0);
  const controller = new AbortController();
  const slept = sleep(clock, 100, controller.signal);
  controller.abort("stop");
  await assert.rejects(
    slept,
    (error: TunnelError) => error.code === "aborted" && error.cause === "stop",
  );
  assert.equal(clock.pending, 0);
});

test("sleep() does not begin when its signal has fired already", async () => {
  const clock = new FakeClock(0);
  await assert.rejects(
    sleep(clock, 100, AbortSignal.abort()),
    withCode("aborted"),
  );
  assert.equal(clock.pending, 0);
});

test("deadline() gives the result of work that is in time and takes its timer back", async () => {
  const clock = new FakeClock(0);
  assert.equal(
    await deadline(clock, Promise.resolve(7), 100, "It did not answer"),
    7,
  );
  assert.equal(clock.pending, 0);
});

test("deadline() passes on the failure of the work itself", async () => {
  const clock = new FakeClock(0);
  const failure = new Error("no");
  await assert.rejects(
    deadline(clock, Promise.reject(failure), 100, "It did not answer"),
    (error) => error === failure,
  );
  assert.equal(clock.pending, 0);
});

test("deadline() rejects with timed_out in a full sentence, and a late failure harms nobody", async () => {
  const clock = new FakeClock(0);
  const work = Promise.withResolvers<void>();
  const limited = deadline(clock, work.promise, 100, '"db" did not answer');
  const rejected = assert.rejects(limited, {
    code: "timed_out",
    message: '"db" did not answer within 100 ms',
  });
  await clock.advance(100);
  await rejected;
  work.reject(new Error("late"));
  await clock.advance(1);
});

test("abortError() hands a TunnelError reason through and wraps every other", () => {
  const reason = new TunnelError("timed_out", "Too late");
  assert.equal(abortError(AbortSignal.abort(reason)), reason);
  const wrapped = abortError(AbortSignal.abort("bye"));
  assert.equal(wrapped.code, "aborted");
  assert.equal(wrapped.cause, "bye");
});

test("a Clock of one's own fits sleep()", async () => {
  const asked: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, run) {
      asked.push(delayMs);
      queueMicrotask(run);
      return { cancel: () => {} };
    },
  };
  await sleep(clock, 60_000);
  assert.deepEqual(asked, [60_000]);
});
