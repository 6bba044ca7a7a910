import assert from "node:assert/strict";
import { test } from "../../harness.ts";
import { editHead } from "../../../lib/http/edit.ts";
import { parseRequestHead } from "../../../lib/http/head.ts";
import { HeaderEdits } from "../../../lib/policy/header_edits.ts";

const HEAD = parseRequestHead(
  new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n"),
);

function edited(edits: HeaderEdits): string {
  return new TextDecoder().decode(editHead(HEAD, edits.toEdits()));
}

test("HeaderEdits without a change show the head as it is", () => {
  const edits = new HeaderEdits(HEAD);
  assert.ok(edits.isEmpty && edits.has("x-a") && !edits.has("x-b"));
  assert.equal(edits.get("X-A"), "1");
  assert.deepEqual(edits.all("x-a"), ["1", "2"]);
  assert.deepEqual(edits.toEdits(), {});
});

test("HeaderEdits take what was added before away, and keep what is added later", () => {
  const edits = new HeaderEdits(HEAD);
  edits.add("X-A", "3");
  edits.remove("x-A");
  assert.equal(edits.has("x-a"), false);
  assert.ok(edits.removes("X-A"));
  edits.add("x-a", "4");
  assert.deepEqual(edits.all("X-A"), ["4"]);
  assert.equal(edited(edits), "GET / HTTP/1.1\r\nHost: a\r\nx-a: 4\r\n\r\n");
});

test("HeaderEdits.set() takes the place of all others, in the first one's line", () => {
  const edits = new HeaderEdits(HEAD);
  edits.add("x-a", "3");
  edits.set("X-A", "5");
  edits.set("x-a", "6");
  assert.deepEqual(edits.all("x-a"), ["6"]);
  assert.equal(edited(edits), "GET / HTTP/1.1\r\nHost: a\r\nX-A: 6\r\n\r\n");
});
