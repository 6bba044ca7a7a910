import assert from "node:assert/strict";
import fc from "fast-check";
import { hrefOf, listingPage, refusalPage, sizeText } from "../../../lib/agent/file_server_page.ts";
import { test } from "../../harness.ts";

test("listingPage() has directories first, with sizes, dates, and a way up", () => {
  const html = listingPage(["a", "b c"], [
    { name: "file.txt", isDirectory: false, size: 1536, modifiedMs: Date.UTC(2026, 0, 2, 3, 4) },
    { name: "z", isDirectory: true },
  ]);
  assert.match(html, /<title>\/a\/b c\/<\/title>/);
  assert.match(html, /<a href="..\/..\/">\/<\/a> <a href="..\/">a\/<\/a> <a href=".\/">b c\/<\/a>/);
  assert.ok(html.indexOf('href="./z/"') < html.indexOf('href="./file.txt"'));
  assert.match(html, /1\.5 KiB/);
  assert.match(html, /2026-01-02 03:04/);
  assert.match(listingPage([], []), /Nothing is in this directory/);
});

test("listingPage() says names, whatever they are, and nothing more", () => {
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
  fc.assert(fc.property(name, (evil) => {
    const html = listingPage([evil], [{ name: evil, isDirectory: false }]);
    const plain = listingPage(["x"], [{ name: "x", isDirectory: false }]);
    const tags = (text: string) => text.match(/<[a-z/!][^>]*>/gi)?.length;
    assert.equal(tags(html), tags(plain));
  }));
  const html = listingPage([], [{ name: `"><script>'&`, isDirectory: false }]);
  assert.doesNotMatch(html, /<script>/);
  assert.match(html, /&quot;&gt;&lt;script&gt;&#39;&amp;/);
});

test("hrefOf() leads to that name below here, neither to a scheme nor to a host", () => {
  const base = "https://host.test/dir/";
  for (
    const name of ["a b", "javascript:alert(1)", "//evil.test", "a?b#c", "100%", "\u00fc", "x:y"]
  ) {
    const url = new URL(hrefOf(name, false), base);
    assert.equal(url.host, "host.test");
    assert.equal(decodeURIComponent(url.pathname), `/dir/${name}`);
    assert.equal(url.search + url.hash, "");
  }
  assert.equal(hrefOf("sub", true), "./sub/");
  assert.equal(hrefOf("half \ud800", false), "./half%20%EF%BF%BD");
});

test("sizeText() is what people read", () => {
  const cases: [bytes: number, text: string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [5 * 1024 ** 3, "5.0 GiB"],
    [2 ** 53 - 1, "8.0 PiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(sizeText(bytes), text);
});

test("refusalPage() escapes what it says", () => {
  const html = refusalPage(404, "Not <here>", "No & nothing");
  assert.match(html, /<h1>Not &lt;here&gt;<\/h1>/);
  assert.match(html, /No &amp; nothing/);
  assert.match(html, /HTTP 404/);
});
