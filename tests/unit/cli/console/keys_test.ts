import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyReader } from "../../../../lib/cli/console/keys.ts";
import { test } from "../../../harness.ts";

test("KeyReader knows the keys of the status, in both modes of the cursor keys", () => {
  const keys = new KeyReader();
  assert.deepEqual(keys.read("\x1b[A\x1bOB\x1b[5~\x1b[6~"), ["up", "down", "pageUp", "pageDown"]);
  assert.deepEqual(keys.read("\x1b[H\x1b[1~\x1b[F\x1b[4~"), ["home", "home", "end", "end"]);
  assert.deepEqual(keys.read("\x03\x15\x1a\x0cqc"), [
    "ctrl+c",
    "ctrl+u",
    "ctrl+z",
    "ctrl+l",
    "q",
    "c",
  ]);
});

test("KeyReader tells the Escape key from the beginning of a sequence", () => {
  const keys = new KeyReader();
  assert.deepEqual(keys.read("\x1b"), ["escape"]);
  assert.deepEqual(keys.read("\x1b\x1b[A"), ["escape", "up"]);
});

test("KeyReader waits for the other half of a sequence", () => {
  const keys = new KeyReader();
  assert.deepEqual(keys.read("q\x1b["), ["q"]);
  assert.deepEqual(keys.read("5"), []);
  assert.deepEqual(keys.read("~c"), ["pageUp", "c"]);
});

test("KeyReader passes over what it does not know, and is not stuck by it", () => {
  const keys = new KeyReader();
  assert.deepEqual(keys.read("xyz\x1b[1;5A\x1b[200~\x1bOP日😀"), []);
  assert.deepEqual(keys.read(`\x1b[${"1".repeat(99)}`), []);
  assert.deepEqual(keys.read("q"), ["q"]);
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 12 }), { maxLength: 8 }),
      (texts) => {
        const keys = new KeyReader();
        for (const text of texts) keys.read(text);
        keys.read("x".repeat(40));
        assert.deepEqual(keys.read("\x03"), ["ctrl+c"]);
      },
    ),
  );
});
