/** @module */
import assert from "node:assert/strict";
import { commandFor, keyName, SHORTCUTS } from "../../../../lib/ui/inspector/shortcuts.ts";
import { test } from "../../../harness.ts";

const free = { held: false, isWriting: false, keepsArrows: false };

test("commandFor() knows every key of the help, and each key once", () => {
  const keys = SHORTCUTS.flatMap(([keys]) => keys);
  assert.equal(new Set(keys).size, keys.length);
  for (const [keys, command] of SHORTCUTS) {
    for (const key of keys) assert.equal(commandFor({ ...free, key }), command);
  }
  assert.equal(commandFor({ ...free, key: "q" }), undefined);
});

test("commandFor() leaves keys to the browser, to whoever writes, and to lists", () => {
  assert.equal(commandFor({ ...free, key: "r", held: true }), undefined);
  assert.equal(commandFor({ ...free, key: "r", isWriting: true }), undefined);
  assert.equal(commandFor({ ...free, key: "Escape", isWriting: true }), "back");
  assert.equal(commandFor({ ...free, key: "ArrowDown", keepsArrows: true }), undefined);
  assert.equal(commandFor({ ...free, key: "j", keepsArrows: true }), "next");
});

test("keyName() writes a key as its cap does", () => {
  assert.equal(keyName("Escape"), "Esc");
  assert.equal(keyName("j"), "j");
});
