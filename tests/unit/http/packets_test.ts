/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../lib/base/bytes.ts";
import { packets } from "../../../lib/http/packets.ts";
import { latin1Bytes, latin1Text } from "../../fakes/peer.ts";
import { test } from "../../harness.ts";

function sizes(parts: readonly (string | Uint8Array)[]): number[] {
  return packets(parts).map((packet) => packet.length);
}

test("packets() joins what is small", () => {
  assert.deepEqual(packets([]), []);
  assert.deepEqual(packets(["", new Uint8Array(0)]), []);
  const [packet] = packets(["5\r\n", latin1Bytes("hello"), "\r\n\xff"]);
  assert.equal(latin1Text(packet), "5\r\nhello\r\n\xff");
  assert.deepEqual(sizes(["a", new Uint8Array(16_383)]), [16_384]);
});

test("packets() copies no more than the ends of what is large", () => {
  const large = new Uint8Array(100_000);
  assert.equal(packets([large])[0].buffer, large.buffer);
  const [first, middle, last] = packets(["a\r\n", large, "\r\n"]);
  assert.equal(first.length, 16_384);
  assert.equal(middle.buffer, large.buffer);
  assert.ok(last.length >= 4096 && last.length <= 16_386, `${last.length}`);
});

test("packets() never gives a write of framing alone behind a large part, nor one above 256 KiB", () => {
  for (const size of [16_384, 16_385, 262_144, 262_145, 1 << 20, (1 << 20) + 5]) {
    const all = sizes(["40000\r\n", new Uint8Array(size), "\r\n"]);
    assert.ok(Math.max(...all) <= 262_144, `${all}`);
    assert.ok(Math.min(...all) >= 4096, `${all}`);
  }
});

test("packets() keeps every byte in order", () => {
  const part = fc.oneof(
    fc.string({
      maxLength: 20,
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    }),
    fc.record({
      size: fc.integer({ min: 0, max: 300_000 }),
      seed: fc.integer({ min: 0, max: 255 }),
    })
      .map(({ size, seed }) =>
        Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) & 255)
      ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const bytes = parts.map((one) => typeof one === "string" ? latin1Bytes(one) : one);
      const whole = packets(parts);
      assert.ok(whole.every((packet) => packet.length > 0));
      assert.deepEqual(
        concat([new Uint8Array(0), ...whole]),
        concat([new Uint8Array(0), ...bytes]),
      );
    }),
    { numRuns: 40 },
  );
});
