import assert from "node:assert/strict";
import { FakeClock } from "../../../lib/base/clock.ts";
import { MemoryConn } from "../../../lib/runtime/memory_conn.ts";
import { MemoryPipe } from "../../../lib/runtime/memory_pipe.ts";
import { test } from "../../harness.ts";

function ends(clock: FakeClock, delayMs: number): [MemoryConn, MemoryConn] {
  const shape = { clock, delayMs, highWaterBytes: 100, onReset: () => {} };
  const [there, back] = [new MemoryPipe(shape), new MemoryPipe(shape)];
  const later = (run: () => void) => void clock.after(delayMs, run);
  const [a, b] = [{ host: "192.0.2.1", port: 1 }, { host: "192.0.2.2", port: 2 }];
  return [
    new MemoryConn({ inbound: back, outbound: there, local: a, remote: b, later }),
    new MemoryConn({ inbound: there, outbound: back, local: b, remote: a, later }),
  ];
}

test("MemoryConn.abort() fails this end at once and the other after the way there", async () => {
  const clock = new FakeClock();
  const [near, far] = ends(clock, 30);
  const reading = near.read();
  const waiting = far.read();
  near.abort();
  await assert.rejects(async () => await reading, { code: "aborted" });
  await near.closed;
  assert.throws(() => near.write(Uint8Array.of(1)), { code: "aborted" });
  await clock.advance(29);
  far.write(Uint8Array.of(1));
  let isClosed = false;
  far.closed.then(() => isClosed = true);
  await clock.advance(0);
  assert.equal(isClosed, false);
  const failing = assert.rejects(async () => await waiting, { code: "connection_reset" });
  await clock.advance(1);
  await failing;
  await far.closed;
  assert.throws(() => far.write(Uint8Array.of(1)), { code: "connection_reset" });
});

test("MemoryConn is closed when our end has arrived and theirs was read", async () => {
  const clock = new FakeClock();
  const [near, far] = ends(clock, 0);
  near.closeWrite();
  far.closeWrite();
  assert.equal(near.read(), undefined);
  await near.closed;
  near.abort();
  assert.equal(near.read(), undefined, "an end that was seen stays");
  assert.equal(far.read(), undefined);
  await far.closed;
});

test("MemoryConn.unread() gives back in front", () => {
  const [near, far] = ends(new FakeClock(), 0);
  near.write(Uint8Array.of(2));
  far.unread(Uint8Array.of(1));
  assert.deepEqual([far.read(), far.read()], [Uint8Array.of(1), Uint8Array.of(2)]);
});
