import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAuthority } from "../../../lib/http/authority.ts";
import { test } from "../../harness.ts";

const LABEL_63 = "a".repeat(63);

test("parseAuthority() takes names, IPv4, IPv6 and ports apart", () => {
  const table: [string, string, number | undefined][] = [
    ["a", "a", undefined],
    ["A.Example", "a.example", undefined],
    ["a.example.", "a.example", undefined],
    ["a.example.:8080", "a.example", 8080],
    ["a.example:", "a.example", undefined],
    ["a:0", "a", 0],
    ["a:65535", "a", 65535],
    ["my_app-1", "my_app-1", undefined],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["[::1]", "[::1]", undefined],
    ["[2001:DB8::A]:443", "[2001:db8::a]", 443],
    ["[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", undefined],
    [`${LABEL_63}.a`, `${LABEL_63}.a`, undefined],
    [
      `${LABEL_63}.${LABEL_63}.${LABEL_63}.${LABEL_63.slice(2)}.`,
      `${LABEL_63}.${LABEL_63}.${LABEL_63}.${LABEL_63.slice(2)}`,
      undefined,
    ],
  ];
  for (const [text, host, port] of table) {
    assert.deepEqual(parseAuthority(text), { host, port }, text);
  }
});

test("parseAuthority() refuses what could be read in two ways", () => {
  const table = [
    "",
    ".",
    "a..b",
    ".a",
    "a..",
    ":80",
    "a:x",
    "a:80:80",
    "a:99999",
    "a:-1",
    "a:+1",
    "a: 80",
    " a",
    "a ",
    "a b",
    "u@a",
    "a/b",
    "a?b",
    "a#b",
    "a\\b",
    "a%2e",
    "a,b",
    "a;b",
    "a'b",
    "*.a",
    "é",
    "\u212a",
    "a\0",
    "a\t",
    "[",
    "[]",
    "[::1",
    "[::1]x",
    "[::1]:x",
    "[::1%eth0]",
    "[1.2.3.4]",
    "[::g]",
    "[v1.x]",
    "::1",
    "[[::1]]",
    LABEL_63 + "a",
    `${LABEL_63}.${LABEL_63}.${LABEL_63}.${LABEL_63.slice(1)}`,
  ];
  for (const text of table) {
    assert.equal(parseAuthority(text), undefined, JSON.stringify(text));
  }
});

test("parseAuthority() gives a host that reads as itself", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      (text) => {
        const authority = parseAuthority(text);
        assert.ok(authority, text);
        assert.equal(authority.host, text.toLowerCase());
        assert.deepEqual(parseAuthority(`${authority.host}:81`), {
          host: authority.host,
          port: 81,
        });
      },
    ),
  );
});
