import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { compileRegex } from "../../../lib/policy/regex.ts";

const REPLACEMENTS: readonly [regex: string, text: string, to: string, wanted: string][] = [
  ["/v1/", "https://a/v1/b/v1/c", "/v2/", "https://a/v2/b/v2/c"],
  [
    "^((?:https?)://[^/]+)/api/v1/(.*)$",
    "https://a:1/api/v1/x?y",
    "$1/api/v2/$2",
    "https://a:1/api/v2/x?y",
  ],
  [
    "/products/?([.*]+)?",
    "https://a/products/123",
    "/products.php?query=$1",
    "https://a/products.php?query=123",
  ],
  ["(?P<user>\\w+)@(?P<host>\\w+)", "me@home", "${host}:${user}", "home:me"],
  ["a|ab", "abab", "<$0>", "<a>b<a>b"],
  ["(a+)(b*)", "aab", "[$1|$2|$3|$$]", "[aa|b||$]"],
  ["x*", "abxc", "-", "-a-b-c-"],
  ["(?i)HTTP", "http Http", "s", "s s"],
  ["\\bto\\b", "to too to", "2", "2 too 2"],
  ["^b", "ab\nb", "c", "ab\nb"],
  ["(?m)^b$", "ab\nb", "c", "ab\nc"],
  ["a.c", "abc a\nc a😀c", "x", "x a\nc x"],
  ["(?s)a.c", "a\nc", "x", "x"],
  ["[^a-z]+", "a😀b", "_", "a_b"],
  ["a*?", "aa", "-", "-a-a-"],
  ["(a)|b", "ab", "[$1]", "[a][]"],
  ["nothing", "text", "x", "text"],
];

for (const [regex, text, to, wanted] of REPLACEMENTS) {
  test(`replaceAll() of ${JSON.stringify(regex)} in ${JSON.stringify(text)}`, () => {
    assert.equal(compileRegex(regex).replaceAll(text, to).text, wanted);
  });
}

test("replaceAll() agrees with JavaScript wherever the two languages are the same", () => {
  const expressions = [
    "a",
    "a+b?",
    "(ab|a)(c|bcd)?",
    "[ab]{2,3}",
    "(?:a|b)*c",
    "b$",
    "^a",
    "(a*)*",
  ];
  const texts = ["", "a", "ab", "abc", "aabbcc", "abcd", "cabab", "bbb"];
  for (const expression of expressions) {
    for (const text of texts) {
      const wanted = text.replace(new RegExp(expression, "gu"), "<$&>");
      // Go does not count an empty match right behind another one; JavaScript does.
      const found = compileRegex(expression).replaceAll(text, "<$0>").text;
      assert.equal(
        found.replaceAll("<>", ""),
        wanted.replaceAll("<>", ""),
        `${expression} in ${text}`,
      );
    }
  }
});

test("replaceAll() tells what it replaced", () => {
  assert.deepEqual(compileRegex("[0-9]+").replaceAll("a1b22", "").matches, ["1", "22"]);
});

test("a match takes time in proportion to its text, whatever the expression", () => {
  const regex = compileRegex("^(a+)+$");
  const text = `${"a".repeat(5_000)}b`;
  assert.equal(regex.test(text), false);
  assert.equal(regex.replaceAll(text, "x").text, text);
});

test("compileRegex() refuses what RE2 does not know, and what is too large", () => {
  for (const source of ["(", "a(?=b)", "(a)\\1", "[z-a]"]) {
    assert.throws(() => compileRegex(source), SyntaxError, source);
  }
  assert.throws(() => compileRegex("(?:(?:abcdefgh){100}){9}"), /too large/);
});
