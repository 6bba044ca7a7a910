/** @module */
import assert from "node:assert/strict";
import { formFields, queryFields } from "../../../../lib/ui/inspector/form_fields.ts";
import { test } from "../../../harness.ts";

test("formFields() decodes names and values, and leaves alone what cannot be", () => {
  assert.deepEqual(formFields("a=1&b=x+y%26z&c&=d&e=%zz&a=2\n"), [
    ["a", "1"],
    ["b", "x y&z"],
    ["c", ""],
    ["", "d"],
    ["e", "%zz"],
    ["a", "2"],
  ]);
  assert.deepEqual(formFields(""), []);
});

test("queryFields() reads what follows the question mark", () => {
  assert.deepEqual(queryFields("/path?q=%C3%A4"), [["q", "ä"]]);
  assert.deepEqual(queryFields("/path"), []);
});
