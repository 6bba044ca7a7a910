import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { lendBuffer } from "../../../lib/base/loan.ts";
import { SendQueue, StreamState } from "../../../lib/mux/stream.ts";
import { WindowBudget } from "../../../lib/mux/window.ts";
import { test } from "../../harness.ts";

test("SendQueue gives back what was pushed, in any cut", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), {
      minLength: 1,
      maxLength: 200,
    }),
    fc.infiniteStream(fc.integer({ min: 1, max: 70 })),
    (chunks, cuts) => {
      const queue = new SendQueue();
      for (const chunk of chunks) queue.push(chunk);
      const whole = concat(chunks);
      assert.equal(queue.bytes, whole.length);
      const out = new Uint8Array(whole.length);
      let at = 0;
      while (queue.bytes > 0) {
        const take = Math.min(cuts.next().value, queue.bytes);
        queue.moveInto(out, at, take);
        at += take;
      }
      assert.deepEqual(out, whole);
      assert.equal(queue.firstBytes, 0);
    },
  ));
});

test("StreamState.canSend waits for credit, but neither SYN nor FIN needs any", () => {
  const stream = new StreamState(2, true, false, new WindowBudget(), 0);
  assert.equal(stream.canSend, true);
  stream.synDue = false;
  assert.equal(stream.canSend, false);
  stream.outbound.push(Uint8Array.of(1));
  stream.sendCreditBytes = 0;
  assert.equal(stream.canSend, false);
  stream.sendCreditBytes = 1;
  assert.equal(stream.canSend, true);
  stream.outbound.clear();
  stream.finDue = true;
  stream.sendCreditBytes = 0;
  assert.equal(stream.canSend, true);
  stream.finSent = true;
  assert.equal(stream.canSend, false);
});

test("SendQueue returns the memory of what was given, once all of it has left, and of nothing else", () => {
  const given = new Uint8Array(40_000).fill(1);
  const written = new Uint8Array(40_000).fill(2);
  lendBuffer(given);
  lendBuffer(written);
  const queue = new SendQueue();
  queue.push(given, true);
  queue.push(written);
  const out = new Uint8Array(80_000);
  queue.moveInto(out, 0, 39_999);
  assert.equal(given.length, 40_000, "its last byte waits");
  queue.moveInto(out, 39_999, 40_001);
  assert.equal(given.length, 0);
  assert.equal(written.length, 40_000);
  assert.deepEqual([out[39_999], out[40_000], out[79_999]], [1, 2, 2]);
});
