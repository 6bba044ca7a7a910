/** @module */
import assert from "node:assert/strict";
import { copyText } from "../../../../lib/ui/kit/clipboard.ts";
import { test } from "../../../harness.ts";

test("copyText() writes to the clipboard where it may", async () => {
  const written: string[] = [];
  const clipboard = {
    write: (text: string) => {
      written.push(text);
      return Promise.resolve();
    },
    copySelected: () => assert.fail("not needed"),
  };
  assert.equal(await copyText(clipboard, "token"), true);
  assert.deepEqual(written, ["token"]);
});

test("copyText() copies the selection where the clipboard is closed to it", async () => {
  assert.equal(await copyText({ copySelected: () => true }, "x"), true);
  assert.equal(await copyText({ copySelected: () => false }, "x"), false);
  const write = () => Promise.reject(new Error("NotAllowedError"));
  assert.equal(await copyText({ write, copySelected: () => true }, "x"), true);
});
