import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { drain, type Draining } from "../../../lib/agent/drain.ts";

interface Busy extends Draining {
  isHttp: boolean;
  lastWriter: "visitor" | "upstream" | undefined;
  lastMoveMs: number;
  isBlocked: boolean;
}

/** Runs a drain of 10 s over these connections, begun at 60 s, and tells how long it took, in ms. */
async function endOf(
  connections: Set<Draining>,
  each: (atMs: number) => void = () => {},
  signal = new AbortController().signal,
): Promise<number> {
  const clock = new FakeClock(60_000);
  let endedMs = -1;
  const draining = drain(connections, clock, 10_000, signal).then(() => {
    endedMs = clock.now() - 60_000;
  });
  for (let atMs = 0; atMs <= 10_000 && endedMs < 0; atMs += 100) {
    each(atMs);
    await clock.advance(100);
  }
  await draining;
  return endedMs;
}

test("drain() ends at once when there is nothing", async () => {
  assert.equal(await endOf(new Set()), 0);
});

test("drain() does not wait for idle HTTP connections", async () => {
  const idle: Busy = {
    isHttp: true,
    isBlocked: false,
    lastWriter: "upstream",
    lastMoveMs: 59_000,
  };
  const unused: Busy = {
    isHttp: true,
    isBlocked: false,
    lastWriter: undefined,
    lastMoveMs: 10_000,
  };
  assert.equal(await endOf(new Set([idle, unused])), 0);
  const fresh: Busy = {
    isHttp: true,
    isBlocked: false,
    lastWriter: "upstream",
    lastMoveMs: 59_900,
  };
  assert.equal(await endOf(new Set([idle, fresh, unused])), 900);
});

test("drain() waits for a request that has no answer yet", async () => {
  const asked: Busy = {
    isHttp: true,
    isBlocked: false,
    lastWriter: "visitor",
    lastMoveMs: 10_000,
  };
  const ended = await endOf(new Set([asked]), (atMs) => {
    if (atMs !== 4_000) return;
    asked.lastWriter = "upstream";
    asked.lastMoveMs = 64_000;
  });
  assert.equal(ended, 5_000);
});

test("drain() waits while an answer flows", async () => {
  const flowing: Busy = {
    isHttp: true,
    isBlocked: false,
    lastWriter: "upstream",
    lastMoveMs: 60_000,
  };
  const ended = await endOf(new Set([flowing]), (atMs) => {
    if (atMs <= 3_000) flowing.lastMoveMs = 60_000 + atMs;
  });
  assert.equal(ended, 4_000);
});

test("drain() waits for a visitor who reads slowly", async () => {
  const slow: Busy = { isHttp: true, isBlocked: true, lastWriter: "upstream", lastMoveMs: 0 };
  const ended = await endOf(new Set([slow]), (atMs) => {
    if (atMs === 3_000) slow.isBlocked = false;
  });
  assert.equal(ended, 3_100);
});

test("drain() waits for what is not HTTP until it leaves or the time is over", async () => {
  const raw: Busy = { isHttp: false, isBlocked: false, lastWriter: "upstream", lastMoveMs: 0 };
  assert.equal(await endOf(new Set([raw])), 10_000);
  const connections = new Set([raw]);
  const ended = await endOf(
    connections,
    (atMs) => atMs === 2_000 && connections.delete(raw),
  );
  assert.equal(ended, 2_100);
});

test("drain() is ended by its signal", async () => {
  const raw: Busy = { isHttp: false, isBlocked: false, lastWriter: undefined, lastMoveMs: 0 };
  const abort = new AbortController();
  const ended = await endOf(
    new Set([raw]),
    (atMs) => atMs === 3_000 && abort.abort(),
    abort.signal,
  );
  assert.equal(ended, 3_000);
});
