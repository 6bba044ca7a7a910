/** @module */
import assert from "node:assert/strict";
import { xmlPath, xmlValue } from "../../../../lib/ui/inspector/xml_paths.ts";
import { formatXml } from "../../../../lib/ui/inspector/xml_view.ts";
import { test } from "../../../harness.ts";

const STOCK = formatXml(
  '<?xml version="1.0"?><stock><item sku="A"><n>4 &lt; 5 &#65;&#x42;&what;</n></item><item/>' +
    "<!-- why --><end>words</end></stock>",
);
// 0 <?xml version="1.0"?>
// 1 <stock>
// 2   <item sku="A">
// 3     <n>4 &lt; 5 &#65;&#x42;&what;</n>
// 4   </item>
// 5   <item/>
// 6   <!-- why -->
// 7   <end>words</end>
// 8 </stock>

test("xmlPath() leads from the top to each element, as XPath writes it", () => {
  assert.deepEqual(STOCK.nodes.map((node, line) => node && xmlPath(STOCK, line)), [
    undefined,
    "/stock",
    "/stock/item[1]",
    "/stock/item[1]/n",
    undefined,
    "/stock/item[2]",
    undefined,
    "/stock/end",
    undefined,
  ]);
  assert.equal(xmlPath(STOCK, 0), "/");
});

test("xmlValue() gives the text of an element as it is meant, and everything else as XML", () => {
  assert.equal(xmlValue(STOCK, 3), "4 < 5 AB&what;");
  assert.equal(xmlValue(STOCK, 7), "words");
  assert.equal(xmlValue(STOCK, 5), "<item/>");
  assert.equal(
    xmlValue(STOCK, 2),
    '<item sku="A">\n  <n>4 &lt; 5 &#65;&#x42;&what;</n>\n</item>',
  );
  assert.equal(xmlValue(STOCK, 4), "");
});

test("formatXml() knows what is in what", () => {
  const [, stock, item, n] = STOCK.nodes;
  assert.deepEqual([stock!.kind, stock!.count, stock!.end], ["element", 3, 8]);
  assert.deepEqual([item!.kind, item!.count, item!.end], ["element", 1, 4]);
  assert.deepEqual([n!.kind, n!.count, n!.end], ["scalar", 0, 3]);
  assert.deepEqual(formatXml("<a><b></a>").nodes, []);
});
