/** @module */
import assert from "node:assert/strict";
import { ThemeChoice } from "../../../../lib/ui/kit/theme.ts";
import { test } from "../../../harness.ts";

function fakePage(kept: Record<string, string> = {}) {
  const dataset: Record<string, string | undefined> = {};
  const storage = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => void (kept[key] = value),
    removeItem: (key: string) => void delete kept[key],
  };
  return { root: { dataset }, storage: () => storage, kept };
}

test("ThemeChoice turns from the system's to light to dark and back, and keeps only that", () => {
  const page = fakePage();
  const choice = new ThemeChoice(page);
  assert.equal(choice.theme, "system");
  assert.deepEqual(page.root.dataset, {});
  for (const theme of ["light", "dark"]) {
    assert.equal(choice.next, theme);
    choice.turn();
    assert.equal(page.root.dataset.theme, theme);
    assert.deepEqual(page.kept, { "sallyport-theme": theme });
  }
  choice.turn();
  assert.equal(choice.theme, "system");
  assert.deepEqual(page.root.dataset, {});
  assert.deepEqual(page.kept, {});
});

test("ThemeChoice puts the last choice in force, and no word it does not know", () => {
  const page = fakePage({ "sallyport-theme": "dark" });
  assert.equal(new ThemeChoice(page).theme, "dark");
  assert.equal(page.root.dataset.theme, "dark");
  assert.equal(new ThemeChoice(fakePage({ "sallyport-theme": "pink" })).theme, "system");
});

test("ThemeChoice works where the browser forbids storage", () => {
  const dataset: Record<string, string | undefined> = {};
  const storage = () => {
    throw new Error("SecurityError");
  };
  const choice = new ThemeChoice({ root: { dataset }, storage });
  choice.turn();
  assert.equal(dataset.theme, "light");
});
