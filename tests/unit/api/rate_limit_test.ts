import assert from "node:assert/strict";
import fc from "fast-check";
import { Concurrency, RateLimiter } from "../../../lib/api/rate_limit.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { test } from "../../harness.ts";

test("RateLimiter lets so many through in any interval of that length", async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter(clock, 3, 60_000);
  assert.equal(limiter.take("a"), 0);
  await clock.advance(10_000);
  assert.deepEqual([limiter.take("a"), limiter.take("a")], [0, 0]);
  assert.equal(limiter.take("a"), 50_000);
  assert.equal(limiter.take("b"), 0);
  await clock.advance(49_999);
  assert.equal(limiter.take("a"), 1);
  await clock.advance(1);
  assert.equal(limiter.take("a"), 0);
  assert.equal(limiter.take("a"), 10_000);
});

test("RateLimiter agrees with a list of all times, whatever the pace", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(400), { maxLength: 60 }),
      async (max, pauses) => {
        const clock = new FakeClock();
        const limiter = new RateLimiter(clock, max, 1_000);
        const accepted: number[] = [];
        for (const pause of pauses) {
          await clock.advance(pause);
          const recent = accepted.filter((atMs) => atMs > clock.steady() - 1_000);
          const wait = limiter.take("k");
          assert.equal(wait === 0, recent.length < max);
          if (wait === 0) accepted.push(clock.steady());
          else assert.equal(wait, recent[recent.length - max] + 1_000 - clock.steady());
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("RateLimiter forgets the key that asked least recently, and no limit counts nothing", () => {
  const limiter = new RateLimiter(new FakeClock(), 1, 60_000);
  for (let i = 0; i < 10_050; i++) limiter.take(`k${i}`);
  assert.equal(limiter.size, 10_000);
  assert.equal(limiter.take("k0"), 0);
  assert.ok(limiter.take("k10049") > 0);
  const none = new RateLimiter(new FakeClock(), 0, 60_000);
  for (let i = 0; i < 10; i++) assert.equal(none.take("a"), 0);
  assert.equal(none.size, 0);
});

test("Concurrency lets so many run at a time, for each account, and keeps nothing of the rest", () => {
  const running = new Concurrency(2);
  assert.deepEqual([running.enter("a"), running.enter("a"), running.enter("a")], [
    true,
    true,
    false,
  ]);
  assert.ok(running.enter("b"));
  running.leave("a");
  assert.ok(running.enter("a"));
  for (const account of ["a", "a", "b"]) running.leave(account);
  assert.equal(running.size, 0);
});
