/** @module */
import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { DEFAULT_EDGE_LIMITS } from "../../../lib/edge/config.ts";
import { addressGroup, type Attempt, GuessBrake } from "../../../lib/edge/guessing.ts";
import { test } from "../../harness.ts";

let count = 0;

/** A guess that nobody made before. */
function guess(address: string, name = `name${++count}`): Attempt {
  return { address, name, sha256: `hash${++count}` };
}

test("GuessBrake answers the first wrong tokens at once, then later and later, up to a bound", () => {
  const brake = new GuessBrake(new FakeClock(), DEFAULT_EDGE_LIMITS);
  const delays = Array.from({ length: 12 }, () => brake.failed(guess("192.0.2.1")));
  assert.deepEqual(delays, [0, 0, 0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  assert.equal(brake.failed(guess("192.0.2.2")), 0);
});

test("GuessBrake counts for the name of a token too, wherever the guesses come from", () => {
  const brake = new GuessBrake(new FakeClock(), DEFAULT_EDGE_LIMITS);
  const delays = Array.from({ length: 7 }, (_, i) => brake.failed(guess(`192.0.2.${i}`, "known")));
  assert.deepEqual(delays, [0, 0, 0, 0, 0, 250, 500]);
});

test("GuessBrake stops looking for a while, and for twice as long when the guessing goes on", async () => {
  const clock = new FakeClock();
  const brake = new GuessBrake(clock, DEFAULT_EDGE_LIMITS);
  for (let i = 0; i < 19; i++) brake.failed(guess("192.0.2.1"));
  assert.equal(brake.lockedMs(guess("192.0.2.1")), 0);
  brake.failed(guess("192.0.2.1"));
  assert.equal(brake.lockedMs(guess("192.0.2.1")), 60_000);
  assert.equal(brake.lockedMs(guess("192.0.2.2")), 0);
  await clock.advance(60_000);
  assert.equal(brake.lockedMs(guess("192.0.2.1")), 0);
  brake.failed(guess("192.0.2.1"));
  assert.equal(brake.lockedMs(guess("192.0.2.1")), 120_000);
  for (let i = 0; i < 20; i++) brake.failed(guess("192.0.2.1"));
  assert.equal(brake.lockedMs(guess("192.0.2.1")), DEFAULT_EDGE_LIMITS.guessForgetMs);
});

test("GuessBrake forgets who has not guessed for long", async () => {
  const clock = new FakeClock();
  const brake = new GuessBrake(clock, DEFAULT_EDGE_LIMITS);
  for (let i = 0; i < 10; i++) brake.failed(guess("192.0.2.1"));
  await clock.advance(DEFAULT_EDGE_LIMITS.guessForgetMs);
  assert.equal(brake.failed(guess("192.0.2.1")), 0);
});

test("GuessBrake lets an address show a token it has shown before, and that one alone", async () => {
  const clock = new FakeClock();
  const brake = new GuessBrake(clock, DEFAULT_EDGE_LIMITS);
  const good = guess("192.0.2.1", "mine");
  brake.succeeded(good);
  for (let i = 0; i < 30; i++) brake.failed(guess("192.0.2.1", "mine"));
  assert.equal(brake.lockedMs(good), 0);
  assert.ok(brake.lockedMs({ ...good, sha256: "another" }) > 0);
  assert.ok(brake.lockedMs({ ...good, address: "192.0.2.9" }) > 0);
  await clock.advance(24 * 3_600_000);
  for (let i = 0; i < 20; i++) brake.failed(guess("192.0.2.1", "mine"));
  assert.ok(brake.lockedMs(good) > 0);
});

test("GuessBrake does not let a success wash off what was guessed before", () => {
  const brake = new GuessBrake(new FakeClock(), DEFAULT_EDGE_LIMITS);
  for (let i = 0; i < 6; i++) brake.failed(guess("192.0.2.1"));
  brake.succeeded(guess("192.0.2.1"));
  assert.equal(brake.failed(guess("192.0.2.1")), 500);
});

test("GuessBrake never locks when it is told so", () => {
  const brake = new GuessBrake(new FakeClock(), { ...DEFAULT_EDGE_LIMITS, maxGuesses: 0 });
  for (let i = 0; i < 100; i++) brake.failed(guess("192.0.2.1"));
  assert.equal(brake.lockedMs(guess("192.0.2.1")), 0);
});

test("GuessBrake remembers only so many", () => {
  const brake = new GuessBrake(new FakeClock(), DEFAULT_EDGE_LIMITS);
  for (let i = 0; i < 10_010; i++) {
    brake.failed(guess(`address ${i}`));
    brake.succeeded(guess(`address ${i}`));
  }
  assert.deepEqual(brake.size, { addresses: 10_000, names: 10_000, trusted: 10_000 });
});

test("addressGroup() takes the addresses of one guesser together", () => {
  const table: [string, string, boolean][] = [
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["2001:db8:0:1::1", "2001:db8:0:1:ffff::", true],
    ["2001:db8:0:1::1", "2001:db8:0:2::1", false],
    ["::ffff:192.0.2.1", "192.0.2.1", true],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.2", false],
    ["no address", "no address", true],
  ];
  for (const [a, b, same] of table) {
    assert.equal(addressGroup(a) === addressGroup(b), same, `${a} and ${b}`);
  }
});
