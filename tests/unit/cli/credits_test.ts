import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { CREDITS, PACKAGES } from "../../../lib/cli/credits.ts";
import { test } from "../../harness.ts";

test("PACKAGES are those of the lock file, with their licences", async () => {
  const text = await readFile(new URL("../../../package-lock.json", import.meta.url), "utf8");
  const lock = JSON.parse(text) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; license: string }>;
  };
  const wanted: Record<string, Set<string>> = {};
  for (const [path, { dev, license }] of Object.entries(lock.packages)) {
    if (path === "" || dev) continue;
    (wanted[license] ??= new Set()).add(path.replace(/^.*node_modules\//, ""));
  }
  const sorted = (names: Iterable<string>) => [...names].sort();
  assert.deepEqual(
    Object.fromEntries(Object.entries(PACKAGES).map(([key, names]) => [key, sorted(names)])),
    Object.fromEntries(Object.entries(wanted).map(([key, names]) => [key, sorted(names)])),
  );
});

test("CREDITS names the licence of the program and every package", () => {
  assert.match(CREDITS, /^Sallyport, by the Sallyport authors, under the MIT licence\.\n/);
  for (const name of Object.values(PACKAGES).flat()) assert.ok(CREDITS.includes(name), name);
});
