import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { decodeAnswer, encodeQuestion } from "../../../lib/agent/dns_message.ts";

/** The answer with two addresses behind an alias, as RFC 1035 (4.1) lays it out. */
const ANSWER = Uint8Array.from([
  ...[0, 0, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0],
  ...[4, 101, 100, 103, 101, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1],
  ...[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 97, 0xc0, 17],
  ...[1, 97, 0xc0, 17, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7],
  ...[0xc0, 44, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 8],
]);

test("encodeQuestion() writes what RFC 1035 lays out", () => {
  assert.deepEqual(
    [...encodeQuestion("edge.test", "AAAA")],
    [
      ...[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      ...[4, 101, 100, 103, 101, 4, 116, 101, 115, 116, 0, 0, 28, 0, 1],
    ],
  );
  assert.throws(() => encodeQuestion("edge..test", "A"), { code: "address_invalid" });
  assert.throws(() => encodeQuestion("a".repeat(64), "A"), { code: "address_invalid" });
});

test("decodeAnswer() finds the addresses behind an alias", () => {
  assert.deepEqual(decodeAnswer(ANSWER, "A"), { code: 0, addresses: ["192.0.2.7", "192.0.2.8"] });
  assert.deepEqual(decodeAnswer(ANSWER, "AAAA"), { code: 0, addresses: [] });
});

test("decodeAnswer() refuses every message that was cut short, and a question", () => {
  for (let length = 0; length < ANSWER.length; length++) {
    assert.throws(() => decodeAnswer(ANSWER.slice(0, length), "A"), { code: "message_invalid" });
  }
  assert.throws(() => decodeAnswer(encodeQuestion("edge.test", "A"), "A"), {
    code: "message_invalid",
  });
});

test("decodeAnswer() survives any bytes", () => {
  for (let seed = 0; seed < 2000; seed++) {
    const noise = ANSWER.slice();
    for (let i = 0; i < 4; i++) noise[(seed * 31 + i * 17) % noise.length] = (seed * 7 + i) & 255;
    try {
      decodeAnswer(noise, "A");
    } catch (thrown) {
      assert.equal((thrown as { code?: string }).code, "message_invalid");
    }
  }
});
