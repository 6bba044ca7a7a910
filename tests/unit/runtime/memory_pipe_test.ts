import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { FakeClock } from "../../../lib/base/clock.ts";
import { TunnelError } from "../../../lib/base/errors.ts";
import { MemoryPipe, type PipeOptions } from "../../../lib/runtime/memory_pipe.ts";
import { test } from "../../harness.ts";

function pipe(options: Partial<PipeOptions> = {}): MemoryPipe {
  return new MemoryPipe({
    clock: new FakeClock(),
    delayMs: 0,
    highWaterBytes: 100,
    onReset: () => {},
    ...options,
  });
}

test("MemoryPipe delivers bytes in order and then the end, again and again", async () => {
  const one = pipe();
  one.write(Uint8Array.of(1));
  one.write(Uint8Array.of(2, 3));
  one.end();
  assert.deepEqual(one.read(), Uint8Array.of(1));
  assert.deepEqual(one.read(), Uint8Array.of(2, 3));
  assert.equal(one.read(), undefined);
  assert.equal(one.read(), undefined);
  await Promise.all([one.readerOver, one.writerOver]);
  assert.throws(() => one.write(Uint8Array.of(4)), { code: "connection_closed" });
});

test("MemoryPipe says full at its mark, and goes on once somebody has read", async () => {
  const one = pipe({ highWaterBytes: 10 });
  assert.equal(one.write(new Uint8Array(9)), undefined);
  const full = one.write(new Uint8Array(1));
  assert.ok(full instanceof Promise);
  let settled = false;
  full.then(() => settled = true);
  await Promise.resolve();
  assert.equal(settled, false);
  one.read();
  await full;
  assert.equal(settled, true);
});

test("MemoryPipe keeps bytes and end under way for its delay", async () => {
  const clock = new FakeClock();
  const one = pipe({ clock, delayMs: 50 });
  one.write(Uint8Array.of(1));
  await clock.advance(20);
  one.end();
  const first = one.read();
  let arrived = false;
  Promise.resolve(first).then(() => arrived = true);
  await clock.advance(29);
  assert.equal(arrived, false);
  await clock.advance(1);
  assert.deepEqual(await first, Uint8Array.of(1));
  const end = one.read();
  await clock.advance(20);
  assert.equal(await end, undefined);
});

test("MemoryPipe cuts chunks as it is told and loses no byte", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 10 }),
    fc.integer({ min: 1, max: 50 }),
    (chunks, size) => {
      const one = pipe({ chunking: size, highWaterBytes: 1_000_000 });
      for (const chunk of chunks) one.write(chunk);
      one.end();
      const read: Uint8Array[] = [];
      for (let chunk; (chunk = one.read()) !== undefined;) {
        assert.ok(chunk instanceof Uint8Array && chunk.length > 0 && chunk.length <= size);
        read.push(chunk);
      }
      assert.deepEqual([...concat(read)], [...concat(chunks)]);
    },
  ));
  const halves = pipe({
    chunking: (chunk) => [chunk.subarray(0, chunk.length >> 1), chunk.subarray(chunk.length >> 1)],
  });
  halves.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual([halves.read(), halves.read()], [Uint8Array.of(1), Uint8Array.of(2, 3)]);
});

test("MemoryPipe with a reset lets so many bytes pass, then asks for the cut", () => {
  let resets = 0;
  const one = pipe({ fault: { kind: "reset", afterBytes: 3 }, onReset: () => resets++ });
  one.write(Uint8Array.of(1, 2));
  assert.equal(resets, 0);
  one.write(Uint8Array.of(3, 4));
  one.write(Uint8Array.of(5));
  assert.equal(resets, 1);
  assert.deepEqual([one.read(), one.read()], [Uint8Array.of(1, 2), Uint8Array.of(3)]);
});

test("MemoryPipe with a stall lets so many bytes pass, and its writer fills up", () => {
  const one = pipe({ fault: { kind: "stall", afterBytes: 3 }, highWaterBytes: 5 });
  one.write(Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual(one.read(), Uint8Array.of(1, 2, 3));
  one.end();
  assert.ok(one.read() instanceof Promise, "neither bytes nor an end come");
  assert.throws(() => one.read(), TypeError);
});

test("MemoryPipe fails each side on its own", async () => {
  const one = pipe({ highWaterBytes: 1 });
  const writing = one.write(Uint8Array.of(1));
  one.failReader(new TunnelError("connection_reset", "gone"));
  assert.throws(() => one.read(), { code: "connection_reset" });
  one.failWriter(new TunnelError("aborted", "mine"));
  await assert.rejects(async () => await writing, { code: "aborted" });
  assert.throws(() => one.write(Uint8Array.of(2)), { code: "aborted" });
  await Promise.all([one.readerOver, one.writerOver]);
});

test("MemoryPipe that was read to its end does not fail any more", () => {
  const one = pipe();
  one.end();
  assert.equal(one.read(), undefined);
  one.failReader(new TunnelError("connection_reset", "late"));
  assert.equal(one.read(), undefined);
});
