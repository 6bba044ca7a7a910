import assert from "node:assert/strict";
import fc from "fast-check";
import { ksuid, newId, randomBase62 } from "../../../lib/base/ids.ts";
import { test } from "../../harness.ts";

test("ksuid() gives 27 characters that sort by time", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1_400_000_000_000, max: 5_600_000_000_000 }),
    fc.integer({ min: 1, max: 1_000_000 }),
    (ms, later) => {
      const [a, b] = [ksuid(ms), ksuid(ms + later)];
      assert.match(a, /^[0-9A-Za-z]{27}$/);
      assert.ok(a < b);
    },
  ));
});

test("ksuid() is 160 bits: the seconds, their fraction, and what is random", () => {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const payloads = new Set<bigint>();
  fc.assert(fc.property(fc.integer({ min: 1_400_000_000_000, max: 5_600_000_000_000 }), (ms) => {
    let value = 0n;
    for (const char of ksuid(ms)) value = value * 62n + BigInt(alphabet.indexOf(char));
    const sinceMs = ms - 1_400_000_000_000;
    assert.equal(value >> 128n, BigInt(Math.floor(sinceMs / 1000)));
    assert.equal((value >> 112n) & 0xffffn, BigInt(Math.floor((sinceMs % 1000) * 65.536)));
    payloads.add(value & ((1n << 112n) - 1n));
  }));
  assert.equal(payloads.size, 100);
  assert.equal(ksuid(0).length, 27);
});

test("randomBase62() gives as many characters as asked, all of the alphabet", () => {
  const text = randomBase62(20_000);
  assert.equal(text.length, 20_000);
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  assert.equal(counts.size, 62);
  // 20,000 / 62 = 323 each; eight standard deviations are 143
  for (const count of counts.values()) assert.ok(count > 180 && count < 466, `${count}`);
});

test("newId() puts the prefix in front", () => {
  assert.match(newId("ipp", 1_700_000_000_000), /^ipp_[0-9A-Za-z]{27}$/);
});
