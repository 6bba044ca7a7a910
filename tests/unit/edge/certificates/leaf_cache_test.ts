/** @module */
import assert from "node:assert/strict";
import { LeafCache } from "../../../../lib/edge/certificates/leaf_cache.ts";
import { test } from "../../../harness.ts";

const always = () => true;

test("LeafCache.get() makes one for many who ask at once", async () => {
  const cache = new LeafCache<object>(10);
  let made = 0;
  const make = () => Promise.resolve({ number: ++made });
  const all = await Promise.all(Array.from({ length: 20 }, () => cache.get("a", always, make)));
  assert.equal(new Set(all).size, 1);
  assert.equal(made, 1);
});

test("LeafCache.get() makes one when what is kept is stale, whoever notices first", async () => {
  const cache = new LeafCache<number>(10);
  let number = 0;
  const make = () => Promise.resolve(++number);
  await cache.get("a", always, make);
  const fresh = (kept: number) => kept > 1;
  assert.deepEqual(
    await Promise.all([cache.get("a", fresh, make), cache.get("a", fresh, make)]),
    [2, 2],
  );
});

test("LeafCache.get() drops the least recently asked for", async () => {
  const cache = new LeafCache<string>(2);
  const made: string[] = [];
  const get = (key: string) =>
    cache.get(key, always, () => {
      made.push(key);
      return Promise.resolve(key);
    });
  await get("a");
  await get("b");
  await get("a");
  await get("c");
  await get("a");
  await get("b");
  assert.deepEqual(made, ["a", "b", "c", "b"]);
  assert.equal(cache.size, 2);
});

test("LeafCache.get() does not keep a failure", async () => {
  const cache = new LeafCache<number>(2);
  await assert.rejects(cache.get("a", always, () => Promise.reject(new Error("no"))), /no/);
  assert.equal(await cache.get("a", always, () => Promise.resolve(7)), 7);
});

test("LeafCache.forget() forgets one or all", async () => {
  const cache = new LeafCache<number>(3);
  for (const key of ["a", "b"]) await cache.get(key, always, () => Promise.resolve(1));
  cache.forget("a");
  assert.equal(cache.size, 1);
  cache.forget();
  assert.equal(cache.size, 0);
});
