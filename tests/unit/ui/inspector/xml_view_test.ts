/** @module */
import assert from "node:assert/strict";
import { formatXml } from "../../../../lib/ui/inspector/xml_view.ts";
import { test } from "../../../harness.ts";

const flawOf = (text: string) => {
  const { message, line, column } = formatXml(text).flaw!;
  return `${line}:${column} ${message}`;
};

test("formatXml() puts one element on a line, and text with its tags", () => {
  const { lines, flaw } = formatXml(
    '<?xml version="1.0"?><a x="1"><b>text</b><c/><!-- why --><d><![CDATA[<raw>]]></d></a>',
  );
  assert.equal(flaw, undefined);
  assert.deepEqual(lines.map((line) => line.map(({ text }) => text).join("")), [
    '<?xml version="1.0"?>',
    '<a x="1">',
    "  <b>text</b>",
    "  <c/>",
    "  <!-- why -->",
    "  <d>",
    "    <![CDATA[<raw>]]>",
    "  </d>",
    "</a>",
  ]);
});

test("formatXml() says where the tags do not fit", () => {
  assert.equal(flawOf("<a>\n<b></a>"), '2:4 "</a>" stands where "</b>" is expected');
  assert.equal(flawOf("<a><b></b>"), '1:1 "<a>" is never ended');
  assert.equal(flawOf("</a>"), '1:1 "</a>" ends what was never begun');
  assert.equal(flawOf("<a/><b/>"), '1:5 "<b>" is a second root: there can be one alone');
  assert.equal(flawOf("<a>1 < 2</a>"), '1:6 This "<" begins no tag');
  assert.equal(flawOf("hello <a/>"), "1:1 Text stands outside of all tags");
  assert.equal(flawOf("  "), "1:1 There is no element");
});
