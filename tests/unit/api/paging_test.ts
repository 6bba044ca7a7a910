import assert from "node:assert/strict";
import fc from "fast-check";
import { type Listed, newestFirst, page, sourceOf } from "../../../lib/api/paging.ts";
import type { Call } from "../../../lib/api/resource.ts";
import { test } from "../../harness.ts";

const FACTS = { prefix: "x", filter: { id: "id", name: "text" } } as const;

function call(query: Partial<Call["query"]>): Call {
  return {
    query: { limit: 100, beforeId: undefined, filter: undefined, ...query },
    nowMs: 0,
    uri: (path: string) => `https://api.example.net${path}`,
  } as Call;
}

function objects(count: number): Listed[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `x_${String(at).padStart(6, "0")}`,
    name: at % 10 === 0 ? "tenth" : "other",
  }));
}

const ids = (list: unknown) => (list as Listed[]).map(({ id }) => id);

test("page() gives everything once, newest first, whatever the size of the page", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), fc.integer({ min: 1, max: 12 }), async (count, limit) => {
      const all = objects(count);
      const seen: string[] = [];
      let beforeId: string | undefined;
      for (;;) {
        const answer = await page(call({ limit, beforeId }), "/xs", "xs", FACTS, sourceOf(all));
        assert.ok(ids(answer.xs).length <= limit);
        seen.push(...ids(answer.xs));
        if (answer.next_page_uri === null) break;
        assert.equal(ids(answer.xs).length, limit);
        const next = new URL(String(answer.next_page_uri));
        assert.equal(next.searchParams.get("limit"), String(limit));
        beforeId = next.searchParams.get("before_id")!;
        assert.equal(beforeId, ids(answer.xs).at(-1));
      }
      assert.deepEqual(seen, ids(newestFirst(all)));
    }),
    { numRuns: 40 },
  );
});

test("page() fills a page from beyond what the filter leaves out", async () => {
  const all = objects(1_000);
  const filter = 'obj.name == "tenth"';
  const first = await page(call({ limit: 60, filter }), "/xs", "xs", FACTS, sourceOf(all));
  assert.equal(ids(first.xs).length, 60);
  const next = new URL(String(first.next_page_uri));
  assert.equal(next.searchParams.get("filter"), filter);
  const beforeId = next.searchParams.get("before_id")!;
  const query = { limit: 60, filter, beforeId };
  const second = await page(call(query), "/xs", "xs", FACTS, sourceOf(all));
  assert.equal(ids(second.xs).length, 40);
  assert.equal(second.next_page_uri, null);
});

test("page() says there is no next page when only others follow", async () => {
  const all = [...objects(20)].map((one, at) => ({ ...one, name: at === 19 ? "tenth" : "other" }));
  const query = { limit: 1, filter: 'obj.name == "tenth"' };
  const answer = await page(call(query), "/xs", "xs", FACTS, sourceOf(all));
  assert.deepEqual([ids(answer.xs).length, answer.next_page_uri], [1, null]);
});

test("page() does not look at more than 10,000 objects for one page", async () => {
  const all = objects(25_000);
  const query = { limit: 5, filter: 'obj.id == "x_000001"' };
  let answer = await page(call(query), "/xs", "xs", FACTS, sourceOf(all));
  let pages = 1;
  while (answer.next_page_uri !== null) {
    const beforeId = new URL(String(answer.next_page_uri)).searchParams.get("before_id")!;
    answer = await page(call({ ...query, beforeId }), "/xs", "xs", FACTS, sourceOf(all));
    pages++;
  }
  assert.deepEqual(ids(answer.xs), ["x_000001"]);
  assert.equal(pages, 3);
});
