import assert from "node:assert/strict";
import { escapeHtml } from "../../../lib/base/html.ts";
import { test } from "../../harness.ts";

test("escapeHtml() leaves nothing that HTML reads, in elements and in attributes of either quote", () => {
  assert.equal(
    escapeHtml(`<a b="c" d='e'>&amp;`),
    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;",
  );
  assert.equal(escapeHtml("plain ü text"), "plain ü text");
});
