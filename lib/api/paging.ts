/**
 * Pages of lists: newest first, filtered, with the address of the next page (spec rest-api B, C6).
 *
 * @module
 */
import { compileFilter, type Filter } from "./filter.ts";
import type { Call, Json, ListFacts } from "./resource.ts";
import { MAX_PAGE } from "./query.ts";

/** An object of a list. */
export type Listed = Json & { readonly id: string };

/** Gives up to `limit` objects older than `beforeId`, newest first. */
export type Source = (beforeId: string | undefined, limit: number) => Promise<readonly Listed[]>;

/** Objects a filter looks at for one page; then the page ends, full or not, and says where to go on. */
const MAX_SCANNED = 10_000;

/**
 * One page.
 *
 * @param call the request
 * @param path of the list
 * @param listKey the name of the objects in the answer
 * @param facts what the list can do
 * @param source where the objects come from
 * @throws {ApiProblem} 250
 */
export async function page(
  call: Call,
  path: string,
  listKey: string,
  facts: ListFacts,
  source: Source,
): Promise<Json> {
  const { filter: text, limit } = call.query;
  const filter = text === undefined
    ? undefined
    : await compileFilter(text, facts.filter!, call.nowMs);
  const { objects, next } = await collect(source, call.query.beforeId, limit, filter);
  return {
    [listKey]: objects,
    uri: call.uri(path),
    next_page_uri: next === undefined ? null : nextUri(call, path, next),
  };
}

function nextUri(call: Call, path: string, beforeId: string): string {
  const query = new URLSearchParams({ before_id: beforeId, limit: String(call.query.limit) });
  if (call.query.filter !== undefined) query.set("filter", call.query.filter);
  return `${call.uri(path)}?${query}`;
}

/** The objects of a page, and the id behind which the next one begins. */
async function collect(
  source: Source,
  beforeId: string | undefined,
  limit: number,
  filter: Filter | undefined,
): Promise<{ objects: Listed[]; next: string | undefined }> {
  const objects: Listed[] = [];
  const batchSize = filter ? MAX_PAGE : limit + 1;
  let cursor = beforeId;
  for (let scanned = 0; scanned < MAX_SCANNED;) {
    const batch = await source(cursor, batchSize);
    for (const object of batch) {
      scanned++;
      if (filter && !filter(object)) {
        cursor = object.id;
        continue;
      }
      if (objects.length === limit) return { objects, next: objects[limit - 1].id };
      objects.push(object);
      cursor = object.id;
    }
    if (batch.length < batchSize) return { objects, next: undefined };
  }
  return { objects, next: cursor };
}

/**
 * A source out of objects that are all at hand.
 *
 * @param objects in any order
 */
export function sourceOf(objects: readonly Listed[]): Source {
  const sorted = newestFirst(objects);
  return (beforeId, limit) =>
    Promise.resolve(
      sorted.filter(({ id }) => beforeId === undefined || id < beforeId).slice(0, limit),
    );
}

/** Newest first: ids are KSUIDs. */
export function newestFirst(objects: readonly Listed[]): Listed[] {
  return [...objects].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}
