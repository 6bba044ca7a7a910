import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
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
