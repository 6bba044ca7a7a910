// What it does to a real terminal is tested in a real terminal: tests/journeys/console_test.ts.
import assert from "node:assert/strict";
import { isForeground, restoreNodeTerminal } from "../../../lib/runtime/node_terminal.ts";
import { test } from "../../harness.ts";

test("isForeground() compares the group of a process with that of its terminal", () => {
  assert.equal(isForeground("20 (deno) S 10 20 10 34816 20 4194304 1"), true);
  assert.equal(isForeground("20 (deno) S 10 20 10 34816 10 4194304 1"), false);
});

test("isForeground() is not fooled by the name of the program", () => {
  assert.equal(isForeground("20 (a) S 1 2 3 4 5 (b) S 10 20 10 34816 20 4194304 1"), true);
  assert.equal(isForeground("20 (a) b) S 10 20 10 34816 10 4194304 1"), false);
});

test("isForeground() says yes where there is no terminal, and where it cannot tell", () => {
  assert.equal(isForeground("20 (deno) S 10 20 10 0 -1 4194304 1"), true);
  assert.equal(isForeground(""), true);
});

test("restoreNodeTerminal() does nothing where nothing was opened", async () => {
  await restoreNodeTerminal();
});
