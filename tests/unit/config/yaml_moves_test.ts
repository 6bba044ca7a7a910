import assert from "node:assert/strict";
import type { Move } from "../../../lib/config/yaml_lines.ts";
import { moveKeys } from "../../../lib/config/yaml_moves.ts";
import { parseYamlDocument } from "../../../lib/config/yaml_document.ts";
import { test } from "../../harness.ts";

function moved(text: string, ...moves: Move[]): string {
  return moveKeys(parseYamlDocument(text, "the test"), moves).text;
}

test("moveKeys() moves a key with its comments, and makes the map where the key was", () => {
  assert.equal(
    moved(
      "# file\na: 1 # one\n# about b\nb: 2\nc: 3\n",
      { from: ["a"], to: ["m", "a"] },
      { from: ["b"], to: ["m", "x"] },
    ),
    "# file\nm:\n  a: 1 # one\n  # about b\n  x: 2\nc: 3\n",
  );
});

test("moveKeys() renames in place and changes values", () => {
  assert.equal(
    moved("t:\n  old: a # why\n  z: 1\n", { from: ["t", "old"], to: ["t", "new"], value: ["a"] }),
    "t:\n  new: [a] # why\n  z: 1\n",
  );
  assert.equal(
    moved("t:\n  old: {a: 1}\n", { from: ["t", "old"], to: ["t", "new"], value: ["a"] }),
    "t:\n  new:\n    - a\n",
  );
});

test("moveKeys() fills a key that says nothing, and never replaces one that is there", () => {
  assert.equal(moved("m:\na: 1\n", { from: ["a"], to: ["m", "a"] }), "m:\n  a: 1\n");
  assert.equal(moved("m: {a: 0}\na: 1\n", { from: ["a"], to: ["m", "a"] }), "m: {a: 0}\n");
  assert.equal(moved("a: 1\n", { from: ["b"], to: ["m", "b"] }), "a: 1\n");
});

test("moveKeys() prints numbers as they were written: one of them may be a token", () => {
  const token = "123456789012345678901234567890";
  assert.equal(
    moved(`a: ${token}\nb: 1.10\nc: 0x1F\nd: 007\n`, { from: ["a"], to: ["m", "a"] }),
    `m:\n  a: ${token}\nb: 1.10\nc: 0x1F\nd: 007\n`,
  );
});
