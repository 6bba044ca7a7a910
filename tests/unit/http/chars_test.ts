import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isHeaderValue,
  isToken,
  isValueByte,
  latin1,
  LOWER,
  quote,
  spells,
  TOKEN,
  writeLatin1,
} from "../../../lib/http/chars.ts";
import { test } from "../../harness.ts";

test("TOKEN holds the 77 characters of RFC 9110 section 5.6.2", () => {
  const all = Array.from(
    TOKEN,
    (yes, byte) => yes ? String.fromCharCode(byte) : "",
  ).join("");
  assert.equal(
    all,
    "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
  );
});

test("LOWER changes A to Z and nothing else", () => {
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte);
    const want = /[A-Z]/.test(char) ? char.toLowerCase() : char;
    assert.equal(String.fromCharCode(LOWER[byte]), want);
  }
});

test("isValueByte() allows tab, space, visible ASCII and obs-text", () => {
  const refused = Array.from({ length: 256 }, (_, byte) => byte).filter((
    byte,
  ) => !isValueByte(byte));
  const controls = Array.from({ length: 32 }, (_, byte) => byte).filter((
    byte,
  ) => byte !== 9);
  assert.deepEqual(refused, [...controls, 127]);
});

test("latin1() makes each byte the character of its number, at every length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (bytes, cut) => {
      const from = Math.min(cut, bytes.length);
      const text = latin1(bytes, from, bytes.length);
      assert.equal(
        text,
        Array.from(bytes.subarray(from), (byte) => String.fromCharCode(byte))
          .join(""),
      );
      const back = new Uint8Array(text.length + 1);
      assert.equal(writeLatin1(text, back, 1), text.length + 1);
      assert.deepEqual([...back.subarray(1)], [...bytes.subarray(from)]);
    }),
  );
  // Long enough for the fast path, which must not see a byte order mark or UTF-8 in it.
  const mark = new Uint8Array(60).fill(0x41);
  mark.set([0xef, 0xbb, 0xbf]);
  assert.equal(latin1(mark, 0, 60), "\xef\xbb\xbf" + "A".repeat(57));
  assert.equal(latin1(mark, 3, 60), "A".repeat(57));
});

test("isToken() needs a character and refuses what ends a name", () => {
  assert.equal(isToken("X-Forwarded-For"), true);
  for (const text of ["", "a b", "a:", "a\r\nb", "é", "Ā", "(", '"']) {
    assert.equal(isToken(text), false);
  }
});

test("isHeaderValue() refuses what could begin another line", () => {
  for (const text of ["", "a b\tc", "\xff"]) {
    assert.equal(isHeaderValue(text), true);
  }
  for (const text of ["a\r\nb: c", "a\n", "\0", "\x7f", "Ā", "\u{1f600}"]) {
    assert.equal(isHeaderValue(text), false);
  }
});

test("spells() ignores case of letters and nothing else", () => {
  const bytes = Uint8Array.from("xHoSt:", (char) => char.charCodeAt(0));
  assert.equal(spells(bytes, 1, 5, "host"), true);
  assert.equal(spells(bytes, 1, 5, "HOST"), true);
  assert.equal(spells(bytes, 1, 5, "hos"), false);
  assert.equal(spells(bytes, 1, 5, "hosts"), false);
  assert.equal(spells(Uint8Array.of(0x5e), 0, 1, "~"), false);
  assert.equal(spells(Uint8Array.of(0x40), 0, 1, "`"), false);
});

test("quote() makes anything fit for a log line", () => {
  assert.equal(
    quote("a\r\n\0\x1b[2J\x7f\x9bb"),
    '"a\\r\\n\\u0000\\u001b[2J\\u007f\\u009bb"',
  );
  assert.equal(quote("x".repeat(100)), '"' + "x".repeat(60) + '…"');
});
