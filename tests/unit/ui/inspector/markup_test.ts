/** @module */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  highlight,
  indentGraphql,
  type Language,
  tagTokens,
} from "../../../../lib/ui/inspector/markup.ts";
import { test } from "../../../harness.ts";

const kinds = (text: string, language: Language) =>
  highlight(text, language).flat().filter(({ kind }) => kind !== "plain")
    .map(({ kind, text }) => `${kind} ${text}`);

test("highlight() loses nothing, whatever it is given", () => {
  for (const language of ["html", "css", "javascript", "graphql"] as const) {
    fc.assert(fc.property(
      fc.string({ unit: fc.constantFrom(..."<>/=\"'{}:;a1 \n`*-!#@") }),
      (text) => {
        const lines = highlight(text, language);
        assert.equal(lines.map((line) => line.map(({ text }) => text).join("")).join("\n"), text);
      },
    ));
  }
});

test("highlight() colours what is in a page by its own language", () => {
  const found = kinds(
    "<p class='x'>1</p><script>const a = 1</script><style>b{color:red}</style>",
    "html",
  );
  assert.ok(found.includes("tag p") && found.includes("string 'x'"));
  assert.ok(found.includes("word const") && found.includes("number 1"));
  assert.ok(found.includes("key color"));
});

test("highlight() knows the words of JavaScript, CSS and GraphQL", () => {
  assert.deepEqual(kinds("return 'a' // b", "javascript"), [
    "word return",
    "string 'a'",
    "comment // b",
  ]);
  assert.deepEqual(kinds("@media{}", "css"), ["word @media", "mark {", "mark }"]);
  assert.deepEqual(kinds("query($a: Int)", "graphql").slice(0, 3), [
    "word query",
    "mark (",
    "tag $a",
  ]);
});

test("indentGraphql() breaks a document that is one line, and leaves others alone", () => {
  assert.equal(indentGraphql("query A { b { c d } }"), "query A {\n  b {\n    c\n    d\n  }\n}");
  assert.equal(indentGraphql("{\n a\n}"), "{\n a\n}");
});

test("tagTokens() takes a tag apart without losing any of it", () => {
  const tag = "<a b=\"c\" d='e' f/>";
  const tokens = tagTokens(tag);
  assert.equal(tokens.map(({ text }) => text).join(""), tag);
  assert.deepEqual(tokens.filter(({ kind }) => kind === "key").map(({ text }) => text), [
    "b",
    "d",
    "f",
  ]);
});
