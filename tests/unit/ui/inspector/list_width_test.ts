/** @module */
import assert from "node:assert/strict";
import { ListWidth } from "../../../../lib/ui/inspector/list_width.ts";
import { test } from "../../../harness.ts";

function memory() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

test("ListWidth keeps what was chosen, within reason, until it is given back", () => {
  const storage = memory();
  const width = new ListWidth(() => storage);
  assert.equal(width.percent.value, undefined);
  width.set(47.123);
  assert.equal(new ListWidth(() => storage).percent.value, 47.1);
  width.set(95);
  assert.equal(width.percent.value, 70);
  width.set(-1);
  assert.equal(width.percent.value, 20);
  width.set(undefined);
  assert.equal(storage.kept.size, 0);
  for (const nonsense of ["wide", "400", ""]) {
    storage.setItem("sallyport-list-percent", nonsense);
    assert.equal(new ListWidth(() => storage).percent.value, undefined, nonsense);
  }
});

test("ListWidth takes the keys of a splitter", () => {
  const width = new ListWidth(memory);
  assert.ok(width.onKey("ArrowRight"));
  assert.equal(width.percent.value, 40);
  assert.ok(width.onKey("ArrowLeft") && width.onKey("ArrowLeft"));
  assert.equal(width.percent.value, 36);
  width.onKey("Home");
  assert.equal(width.current, 20);
  width.onKey("End");
  assert.equal(width.current, 70);
  width.onKey("Enter");
  assert.equal(width.percent.value, undefined);
  assert.ok(!width.onKey("j"));
});

test("ListWidth works where storage is forbidden", () => {
  const width = new ListWidth(() => {
    throw new Error("denied");
  });
  width.set(30);
  assert.equal(width.percent.value, 30);
});
