/**
 * The pages that are committed are the pages their sources make.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readProjectFile } from "../../scripts/files.ts";
import { buildPages } from "../../scripts/ui.ts";
import { test } from "../harness.ts";

test("buildPages() makes what is committed: if not, run deno task ui", () => {
  const pages = buildPages();
  assert.ok(pages.length > 0);
  for (const { module, source, files } of pages) {
    const committed = readProjectFile(module).replaceAll("\r\n", "\n");
    // Not assert.equal: it would print both, a hundred thousand characters each.
    assert.ok(committed === source, `${module} is not what its sources make`);
    for (const { name, text } of files) {
      assert.match(name, /^\w+\.[0-9a-f]{12}\.(?:js|css|svg)$/);
      assert.doesNotMatch(text, /\/(?:home|work|root|Users|tmp)\//, `${name} names a place`);
    }
  }
});

test("the pages hold nothing that their policy would refuse", () => {
  for (const { source, files } of buildPages()) {
    const page = /page: (".*"),\n/.exec(source)![1];
    const html = JSON.parse(page) as string;
    assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/, "inline code");
    assert.doesNotMatch(html, /(?:src|href)="(?!\/_sallyport\/assets\/)/, "a foreign address");
    const script = files.find(({ name }) => name.endsWith(".js"))!.text;
    assert.doesNotMatch(script, /\beval\(|new Function\b|document\.cookie|sessionStorage/);
    const styles = files.find(({ name }) => name.endsWith(".css"))!.text;
    assert.doesNotMatch(styles, /url\(|@import/, "something to fetch");
  }
});
