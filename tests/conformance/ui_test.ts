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

/** Text on its ground, as the kit puts them together. */
const PAIRS: readonly (readonly [text: string, ground: string])[] = [
  ["ink", "paper"],
  ["ink", "sheet"],
  ["ink-soft", "paper"],
  ["ink-soft", "sheet"],
  ["ink-soft", "well"],
  ["accent", "paper"],
  ["accent-strong", "accent-wash"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["danger", "paper"],
  ["danger-strong", "danger-wash"],
  ["on-danger", "danger"],
  ["on-danger", "danger-strong"],
  ["warn", "warn-wash"],
  ["info", "info-wash"],
  ["info", "paper"],
  ["ink-soft", "accent-wash"],
  ["ink-soft", "info-wash"],
  ["ink-soft", "wall"],
  ["ink", "danger-wash"],
  ["ink-soft", "danger-wash"],
  ["accent", "sheet"],
  ["danger", "sheet"],
  // A line of JSON that is chosen has another ground.
  ...["key", "string", "number", "word", "comment"].flatMap((kind) =>
    [[`tok-${kind}`, "paper"], [`tok-${kind}`, "accent-wash"]] as const
  ),
];

test("the colours of the pages can be read, light and dark (WCAG 2.2, 1.4.3)", () => {
  const tokens = ["kit/tokens.css", "inspector/inspector.css"]
    .map((path) => readProjectFile(`lib/ui/${path}`)).join("\n");
  const colours = new Map(
    [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)]
      .map(([, name, light, dark]) => [name, [light, dark]]),
  );
  for (const [text, ground] of PAIRS) {
    for (const scheme of [0, 1]) {
      const ratio = contrast(colours.get(text)![scheme], colours.get(ground)![scheme]);
      const words = `${text} on ${ground}, ${scheme ? "dark" : "light"}: ${ratio.toFixed(2)}`;
      assert.ok(ratio >= 4.5, words);
    }
  }
});

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const [less, more] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (more + 0.05) / (less + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

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
