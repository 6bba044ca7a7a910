import assert from "node:assert/strict";
import fc from "fast-check";
import { INITIAL_WINDOW_BYTES } from "../../../lib/mux/frame.ts";
import { DEFAULT_WINDOW_LIMITS, ReceiveWindow, WindowBudget } from "../../../lib/mux/window.ts";
import { test } from "../../harness.ts";

test("ReceiveWindow allows exactly the initial window and not a byte more", () => {
  const window = new ReceiveWindow(new WindowBudget(), 0);
  assert.equal(window.receive(INITIAL_WINDOW_BYTES), true);
  assert.equal(window.receive(1), false);
});

test("ReceiveWindow returns credit in steps of a quarter of the window", () => {
  const window = new ReceiveWindow(new WindowBudget(), 0);
  window.receive(100_000);
  assert.equal(window.consume(65_535, 0), 0);
  assert.equal(window.consume(1, 0), 65_536);
  assert.equal(window.consume(1, 0), 0);
});

test("ReceiveWindow stays at the initial size towards peers that announced nothing", () => {
  const budget = new WindowBudget();
  budget.roundTripMs = 100;
  const window = new ReceiveWindow(budget, 0);
  for (let i = 0; i < 100; i++) {
    window.receive(65_536);
    assert.equal(window.consume(65_536, i), 65_536);
  }
  assert.equal(window.sizeBytes, INITIAL_WINDOW_BYTES);
});

test("ReceiveWindow doubles when half of it is used within two round trips, up to its bound", () => {
  const budget = new WindowBudget();
  budget.growing = true;
  budget.roundTripMs = 100;
  const window = new ReceiveWindow(budget, 0);
  let nowMs = 0;
  const sizes = new Set<number>();
  for (let i = 0; i < 4000; i++) {
    nowMs += 1;
    window.receive(65_536);
    window.consume(65_536, nowMs);
    sizes.add(window.sizeBytes);
  }
  assert.ok(sizes.has(INITIAL_WINDOW_BYTES * 2));
  assert.ok(window.sizeBytes > INITIAL_WINDOW_BYTES * 8, `${window.sizeBytes}`);
  assert.ok(window.sizeBytes <= DEFAULT_WINDOW_LIMITS.maxStreamBytes);
});

test("ReceiveWindow settles near the bandwidth-delay product instead of at the bound", () => {
  // 100 ms and 10 MB/s: 1 MB is in flight, so two to four of that are enough.
  const budget = new WindowBudget();
  budget.growing = true;
  budget.roundTripMs = 100;
  const window = new ReceiveWindow(budget, 0);
  let nowMs = 0;
  for (let i = 0; i < 20_000; i++) {
    nowMs += 1.6;
    window.receive(16_000);
    window.consume(16_000, nowMs);
  }
  assert.ok(
    window.sizeBytes >= 1_000_000 && window.sizeBytes <= 4 * 1024 * 1024,
    `${window.sizeBytes}`,
  );
});

test("ReceiveWindow does not grow for a sender that is slower than the link", () => {
  const budget = new WindowBudget();
  budget.growing = true;
  budget.roundTripMs = 10;
  const window = new ReceiveWindow(budget, 0);
  for (let i = 1; i < 200; i++) {
    window.receive(65_536);
    window.consume(65_536, i * 100);
  }
  assert.equal(window.sizeBytes, INITIAL_WINDOW_BYTES);
});

test("WindowBudget bounds all streams together, and gets back what a stream had taken", () => {
  const budget = new WindowBudget({
    maxStreamBytes: 1 << 24,
    maxSessionBytes: 1 << 20,
  });
  budget.growing = true;
  budget.roundTripMs = 1_000_000;
  const windows = Array.from({ length: 8 }, () => new ReceiveWindow(budget, 0));
  for (let i = 1; i < 200; i++) {
    for (const window of windows) {
      window.receive(65_536);
      window.consume(65_536, i);
      assert.ok(budget.extraBytes <= 1 << 20);
    }
  }
  assert.equal(budget.extraBytes, 1 << 20);
  for (const window of windows) window.release();
  assert.equal(budget.extraBytes, 0);
});

test("ReceiveWindow never lets credit and what is owed differ from the window", () => {
  // What the peer may send + what waits in line + what is owed = the window, always.
  fc.assert(fc.property(
    fc.boolean(),
    fc.array(fc.tuple(fc.nat(100_000), fc.nat(100_000), fc.nat(50)), {
      maxLength: 100,
    }),
    (growing, steps) => {
      const budget = new WindowBudget();
      budget.growing = growing;
      budget.roundTripMs = 50;
      const window = new ReceiveWindow(budget, 0);
      let peerCredit = INITIAL_WINDOW_BYTES;
      let waiting = 0;
      let owed = 0;
      let nowMs = 0;
      for (const [send, read, elapse] of steps) {
        nowMs += elapse;
        const sent = Math.min(send, peerCredit);
        assert.equal(window.receive(sent), true);
        peerCredit -= sent;
        waiting += sent;
        const taken = Math.min(read, waiting);
        waiting -= taken;
        const before = window.sizeBytes;
        const increment = window.consume(taken, nowMs);
        owed += taken;
        if (increment > 0) {
          assert.equal(increment, owed + window.sizeBytes - before);
          owed = 0;
        }
        peerCredit += increment;
        assert.equal(peerCredit + waiting + owed, window.sizeBytes);
        assert.ok(owed < window.sizeBytes >>> 2 || increment > 0 || owed === 0);
      }
    },
  ));
});
