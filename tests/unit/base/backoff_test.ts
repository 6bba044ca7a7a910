import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../harness.ts";
import { Backoff } from "../../../lib/base/backoff.ts";

function series(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

test("Backoff doubles from 500 ms to 30 s when nothing is said", () => {
  const longest = new Backoff({ random: () => 1 });
  assert.deepEqual(series(longest, 9), [
    500,
    1000,
    2000,
    4000,
    8000,
    16000,
    30000,
    30000,
    30000,
  ]);
  const shortest = new Backoff({ random: () => 0 });
  assert.deepEqual(series(shortest, 8), [
    250,
    500,
    1000,
    2000,
    4000,
    8000,
    15000,
    15000,
  ]);
});

test("Backoff stays within the upper half of its step, for ever", () => {
  const options = fc.record({
    firstMs: fc.integer({ min: 1, max: 5_000 }),
    maxMs: fc.integer({ min: 1, max: 60_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
  });
  const draws = fc.array(
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(options, draws, ({ firstMs, maxMs, factor }, randoms) => {
      let at = 0;
      const backoff = new Backoff({
        firstMs,
        maxMs,
        factor,
        random: () => randoms[at++],
      });
      for (let n = 0; n < randoms.length; n++) {
        const stepMs = Math.min(firstMs * factor ** n, maxMs);
        const waitMs = backoff.next();
        assert.ok(
          waitMs >= stepMs / 2 - 1e-6 && waitMs <= stepMs + 1e-6 * stepMs,
          `${n}: ${waitMs}`,
        );
        assert.ok(waitMs <= maxMs);
      }
    }),
  );
});

test("Backoff never waits longer than maxMs, even when firstMs is longer", () => {
  assert.equal(
    new Backoff({ firstMs: 9_000, maxMs: 100, random: () => 1 }).next(),
    100,
  );
});

test("Backoff.reset() starts the series again", () => {
  const backoff = new Backoff({ firstMs: 100, random: () => 1 });
  assert.deepEqual(series(backoff, 3), [100, 200, 400]);
  backoff.reset();
  assert.deepEqual(series(backoff, 2), [100, 200]);
});

test("Backoff draws agents apart: two with their own dice do not wait alike", () => {
  const one = series(new Backoff(), 6);
  const other = series(new Backoff(), 6);
  assert.notDeepEqual(one, other);
});
