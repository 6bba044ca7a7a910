/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../../../../lib/base/clock.ts";
import { Breaker, type BreakerOptions } from "../../../../lib/policy/actions/circuit_breaker.ts";
import type { ExchangeEnd } from "../../../../lib/policy/context.ts";
import { test } from "../../../harness.ts";
import { compileAction, requestContext, testServices } from "../testing.ts";

const OPTIONS: BreakerOptions = {
  errorThreshold: 0.5,
  volumeThreshold: 4,
  windowMs: 10_000,
  trippedMs: 10_000,
};
const OK: ExchangeEnd = { status: 200, forwarded: true };
const BAD: ExchangeEnd = { status: 503, forwarded: true };
const DEAD: ExchangeEnd = { status: undefined, forwarded: true };

/** Lets one request through that ends at once. */
function request(breaker: Breaker, end: ExchangeEnd): boolean {
  const pass = breaker.enter();
  if (typeof pass === "number") return false;
  pass(end);
  return true;
}

function tripped(clock: FakeClock, options: BreakerOptions = OPTIONS): Breaker {
  const breaker = new Breaker(clock, options);
  for (let i = 0; i < 4; i++) request(breaker, BAD);
  assert.equal(typeof breaker.enter(), "number");
  return breaker;
}

test("Breaker trips when enough requests of a window have failed, and not sooner", () => {
  const breaker = new Breaker(new FakeClock(), OPTIONS);
  for (const end of [OK, BAD, DEAD]) assert.equal(request(breaker, end), true);
  assert.equal(request(breaker, OK), true);
  // 2 of 4.
  assert.equal(request(breaker, OK), false);
});

test("Breaker stays closed below its share, however many requests there are", () => {
  const breaker = new Breaker(new FakeClock(), OPTIONS);
  for (let i = 0; i < 100; i++) {
    assert.equal(request(breaker, OK), true);
    assert.equal(request(breaker, i % 2 ? BAD : OK), true);
  }
});

test("Breaker with a share of 0 trips on the first failure, not on success", () => {
  const breaker = new Breaker(new FakeClock(), {
    ...OPTIONS,
    errorThreshold: 0,
    volumeThreshold: 1,
  });
  for (let i = 0; i < 10; i++) assert.equal(request(breaker, OK), true);
  assert.equal(request(breaker, BAD), true);
  assert.equal(request(breaker, OK), false);
});

test("Breaker forgets what is older than its window, part by part", async () => {
  const clock = new FakeClock(0);
  const breaker = new Breaker(clock, OPTIONS);
  for (let i = 0; i < 3; i++) request(breaker, BAD);
  await clock.advance(10_000);
  for (let i = 0; i < 3; i++) assert.equal(request(breaker, BAD), true);
  await clock.advance(9_000);
  // The last three are still in the window.
  assert.equal(request(breaker, BAD), true);
  assert.equal(request(breaker, OK), false);
});

test("Breaker lets one request try after a while; success closes it with a clean window", async () => {
  const clock = new FakeClock();
  const breaker = tripped(clock);
  await clock.advance(9_999);
  assert.equal(breaker.enter(), 1);
  await clock.advance(1);
  const trial = breaker.enter();
  assert.equal(typeof trial, "function");
  assert.equal(typeof breaker.enter(), "number", "one at a time");
  if (typeof trial === "function") trial(OK);
  for (let i = 0; i < 3; i++) assert.equal(request(breaker, BAD), true);
  assert.equal(request(breaker, OK), true);
});

test("Breaker opens again when the request that tries fails", async () => {
  const clock = new FakeClock();
  const breaker = tripped(clock);
  await clock.advance(10_000);
  assert.equal(request(breaker, DEAD), true);
  assert.equal(breaker.enter(), 10_000);
  await clock.advance(10_000);
  assert.equal(request(breaker, OK), true);
  assert.equal(request(breaker, OK), true);
});

test("Breaker does not wait for ever for a request that hangs", async () => {
  const clock = new FakeClock();
  const breaker = tripped(clock);
  await clock.advance(10_000);
  const hangs = breaker.enter();
  await clock.advance(9_999);
  assert.equal(breaker.enter(), 1);
  await clock.advance(1);
  assert.equal(request(breaker, OK), true);
  // What the first one says when it is cut at last is of another time.
  if (typeof hangs === "function") hangs(DEAD);
  assert.equal(request(breaker, OK), true);
});

test("Breaker counts a service that is frozen, but not visitors who hang up", async () => {
  const clock = new FakeClock();
  const breaker = new Breaker(clock, OPTIONS);
  const left: ExchangeEnd = { status: undefined, forwarded: true, visitorLeft: true };
  for (let i = 0; i < 100; i++) assert.equal(request(breaker, left), true);
  const waiting = Array.from({ length: 4 }, () => breaker.enter());
  await clock.advance(10_000);
  for (const pass of waiting) if (typeof pass === "function") pass(left);
  assert.equal(request(breaker, OK), false, "they waited for a whole window");
});

test("Breaker takes no account of requests that another action answered", async () => {
  const clock = new FakeClock();
  const breaker = new Breaker(clock, OPTIONS);
  for (let i = 0; i < 100; i++) request(breaker, { status: undefined, forwarded: false });
  assert.equal(request(breaker, OK), true);
  const open = tripped(clock);
  await clock.advance(10_000);
  assert.equal(request(open, { status: undefined, forwarded: false }), true);
  assert.equal(request(open, OK), true, "the next one tries instead");
  assert.equal(request(open, OK), true);
});

test("Breaker takes no account of what began before it tripped", () => {
  const breaker = new Breaker(new FakeClock(), OPTIONS);
  const slow = breaker.enter();
  for (let i = 0; i < 4; i++) request(breaker, BAD);
  if (typeof slow === "function") slow(OK);
  assert.equal(request(breaker, OK), false);
});

test("Breaker lets everything through to a service that works, whenever requests come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(30_000), { maxLength: 60 }), async (waits) => {
      const clock = new FakeClock();
      const breaker = new Breaker(clock, OPTIONS);
      for (const wait of waits) {
        await clock.advance(wait);
        assert.equal(request(breaker, OK), true);
      }
    }),
    { numRuns: 30 },
  );
});

test("circuit-breaker answers 503 with 3202 and when to come back", async () => {
  const clock = new FakeClock();
  const policy = await compileAction(
    "on_http_request",
    "circuit-breaker",
    { error_threshold: 0.5, volume_threshold: 1, tripped_duration: "90s", window_duration: "1s" },
    "https",
    testServices({ clock }),
  );
  const first = requestContext();
  assert.equal(policy.onHttpRequest!(first), undefined);
  first.listeners[0](BAD);
  await clock.advance(500);
  const outcome = await policy.onHttpRequest!(requestContext());
  assert.ok(outcome?.do === "fail");
  assert.equal(outcome.problem.status, 503);
  assert.equal(outcome.problem.ngrokCode, 3202);
  assert.deepEqual(outcome.problem.headers, [["Retry-After", "90"]]);
});

test("circuit-breaker that is not enforced does nothing", async () => {
  const policy = await compileAction("on_http_request", "circuit-breaker", { enforce: false });
  const context = requestContext();
  assert.equal(policy.onHttpRequest?.(context), undefined);
  assert.equal(context.listeners.length, 0);
});

test("circuit-breaker refuses settings out of bounds, naming them", async () => {
  const wrong: readonly [Record<string, unknown>, RegExp][] = [
    [{ error_threshold: 1.1 }, /error_threshold/],
    [{ volume_threshold: 0 }, /volume_threshold/],
    [{ window_duration: "3m" }, /window_duration.*too long/],
    [{ tripped_duration: "10ms" }, /tripped_duration.*too short/],
    [{ tripped_duration: "10" }, /tripped_duration.*unit is missing/],
    [{ num_buckets: 5 }, /num_buckets/],
  ];
  for (const [config, message] of wrong) {
    await assert.rejects(compileAction("on_http_request", "circuit-breaker", config), {
      ngrokCode: 2203,
      message,
    });
  }
});
