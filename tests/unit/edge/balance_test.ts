/** @module */
import assert from "node:assert/strict";
import {
  chooseByCost,
  connectionCost,
  MemberLoad,
  requestCost,
} from "../../../lib/edge/balance.ts";
import { test } from "../../harness.ts";

/** Numbers in [0, 1) that are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How often each candidate is chosen. */
function shares(costs: readonly number[], rounds = 20_000): number[] {
  const random = seeded(7);
  const names = costs.map((_, index) => index);
  const counts = costs.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    counts[chooseByCost(names, (name) => costs[name], random)]++;
  }
  return counts.map((count) => count / rounds);
}

function near(found: number, wanted: number, within = 0.015): void {
  assert.ok(Math.abs(found - wanted) < within, `${found} is not about ${wanted}`);
}

test("chooseByCost() gives equals equal shares, however many they are", () => {
  for (const count of [1, 2, 3, 5, 20]) {
    for (const share of shares(Array.from({ length: count }, () => 3))) near(share, 1 / count);
  }
});

test("chooseByCost() gives the one that costs double a fifth, and the one of tenfold a hundredth", () => {
  near(shares([1, 2])[1], 1 / 5);
  near(shares([10, 1])[0], 1 / 101, 0.005);
  // Among ten, the bad one is drawn for two in ten, and loses nearly always.
  const many = shares([10, ...Array.from({ length: 9 }, () => 1)]);
  assert.ok(many[0] > 0 && many[0] < 0.01, String(many[0]));
});

test("chooseByCost() never draws the same one twice", () => {
  for (const random of [() => 0, () => 0.999999, () => 0.5]) {
    const asked = new Set<number>();
    chooseByCost([0, 1, 2], (one) => (asked.add(one), 1), random);
    assert.equal(asked.size, 2);
  }
});

test("MemberLoad knows nothing at first, then what it took lately", () => {
  const load = new MemberLoad();
  assert.equal(load.latencyMs(0), undefined);
  const visit = load.begin(0);
  visit.answered(100);
  visit.answered(9_000);
  visit.end();
  assert.equal(load.latencyMs(100), 100);
  assert.equal(load.open, 0);
  // A second later a sample weighs a little, a minute later nearly everything.
  load.begin(1_000).answered(1_010);
  const soon = load.latencyMs(1_010)!;
  assert.ok(soon > 80 && soon < 100, String(soon));
  load.begin(61_000).answered(61_010);
  near(load.latencyMs(61_010)!, 10, 1);
});

test("MemberLoad forgets slowness, so that the member is tried again", () => {
  const load = new MemberLoad();
  load.begin(0).answered(2_000);
  near(load.latencyMs(2_000)!, 2_000, 1);
  near(load.latencyMs(7_000)!, 2_000 / Math.E, 1);
  assert.ok(load.latencyMs(92_000)! < 1);
});

test("MemberLoad takes a visit that waits for as slow as it has been until now", () => {
  const load = new MemberLoad();
  load.begin(0).answered(10);
  const stuck = load.begin(100);
  const later = load.begin(4_000);
  assert.equal(load.latencyMs(5_100), 5_000);
  stuck.end();
  assert.equal(load.latencyMs(5_100), 1_100);
  later.end();
  assert.ok(load.latencyMs(5_100)! < 10);
  assert.equal(load.open, 1);
});

test("MemberLoad takes a failure for slow: a member whose service is down fails fast", () => {
  const load = new MemberLoad();
  const visit = load.begin(0);
  visit.failed(1);
  visit.end();
  assert.equal(load.latencyMs(1), 5_000);
  assert.ok(load.latencyMs(90_000)! < 1);
});

test("requestCost() counts those that are there, and takes what is very fast for equally fast", () => {
  const [fast, faster] = [new MemberLoad(), new MemberLoad()];
  fast.begin(0).answered(1);
  faster.begin(0).answered(0);
  fast.begin(0).end();
  assert.equal(requestCost(new MemberLoad(), 0), 2);
  assert.equal(requestCost(fast, 1), requestCost(faster, 1));
  const busy = new MemberLoad();
  for (let count = 0; count < 4; count++) busy.begin(0);
  assert.equal(requestCost(busy, 0), 10);
});

test("connectionCost() goes by open connections, and by distance when it is large", () => {
  const load = new MemberLoad();
  assert.equal(connectionCost(load, undefined), connectionCost(load, 15));
  assert.equal(connectionCost(load, 100), 100);
  load.begin(0);
  assert.equal(connectionCost(load, 5), 40);
});
