import assert from "node:assert/strict";
import { parseToEdit, type Place, printEdited, splice } from "../../../lib/config/yaml_edit.ts";
import { test } from "../../harness.ts";

/** The place of keys below the top of a text. */
function below(text: string, ...path: string[]): Place {
  const node = parseToEdit(text).contents ?? undefined;
  return { node, path, keyColumn: 1, columnOf: () => 1 };
}

test("splice() puts a value in, in the style of what is around it", () => {
  const table: [text: string, after: string][] = [
    ["a: 1\n", "a: 1\nb: x\n"],
    ["a: 1", "a: 1\nb: x\n"],
    ["a: 1 # one\n# end\n", "a: 1 # one\nb: x\n# end\n"],
    ["{a: 1}", "{a: 1, b: x}"],
    ['{ "a": 1 }\n', '{ "a": 1, "b": "x" }\n'],
    ["{}", "{b: x}"],
  ];
  for (const [text, after] of table) assert.equal(splice(text, below(text, "b"), "x"), after);
});

test("splice() gives up where letters are not enough", () => {
  assert.equal(splice("{a: 1}", below("{a: 1}", "b", "c"), "x"), undefined);
  assert.equal(splice("[1]", below("[1]", "b"), "x"), undefined);
  assert.equal(splice("a: 1\n", below("a: 1\n"), "x"), undefined);
  assert.equal(splice("", { ...below(""), path: ["b"] }, "x"), undefined);
});

test("printEdited() keeps numbers and the padding of braces as they were", () => {
  for (const text of ["a: {b: 1.10, c: 0x1F, d: 12345678901234567890}\n", "a: { b: [ 1, 2 ] }\n"]) {
    const document = parseToEdit(text);
    document.set("e", 1);
    assert.equal(printEdited(document, text), `${text}e: 1\n`);
  }
});
