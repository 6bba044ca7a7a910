/** @module */
import assert from "node:assert/strict";
import { escapeHtml } from "../../../lib/base/html.ts";
import { htmlPage, PAGE_POLICY } from "../../../lib/edge/page.ts";
import { test } from "../../harness.ts";

test("htmlPage() is whole, needs nothing from anywhere and follows light and dark", () => {
  const page = htmlPage("A <title>", "<h1>x</h1>");
  assert.match(page, /^<!doctype html>\n<html lang="en">/);
  assert.match(page, /<title>A &lt;title&gt;<\/title>/);
  assert.match(page, /name="viewport"/);
  assert.match(page, /prefers-color-scheme:dark/);
  assert.doesNotMatch(page, /<script|<link|<img|src=|url\(|@import|\son\w+=/i);
  assert.match(PAGE_POLICY, /^default-src 'none';/);
  assert.match(PAGE_POLICY, /frame-ancestors 'none'/);
});

test("escapeHtml() leaves nothing that HTML would read", () => {
  assert.equal(
    escapeHtml(`<a href="x" id='y'>&amp;`),
    "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;",
  );
});
