/**
 * The query of a request: which parameters there may be, each once (spec rest-api A6, B1, B2, B6).
 *
 * @module
 */
import { problem } from "./problem.ts";
import type { ListFacts, ListQuery } from "./resource.ts";

/** The largest page, and the usual one (spec rest-api B1). */
export const MAX_PAGE = 100;

/**
 * Reads the query.
 *
 * @param search from the `?` on, or empty
 * @param list what the operation can do when it is a list
 * @throws {ApiProblem} 230 to 233, 244, 227
 */
export function readQuery(search: string, list: ListFacts | undefined): ListQuery {
  if (/%(?![0-9A-Fa-f]{2})/.test(search)) {
    throw problem(
      230,
      'The query cannot be read: a "%" must be followed by two hexadecimal digits',
    );
  }
  const query = new URLSearchParams(search);
  const known: string[] = [];
  if (list?.prefix !== undefined) known.push("limit", "before_id");
  if (list?.filter !== undefined) known.push("filter");
  // The official TypeScript client asks for its second page with this spelling.
  const accepted = known.includes("before_id") ? [...known, "beforeId"] : known;
  for (const name of new Set(query.keys())) {
    if (!accepted.includes(name)) {
      const supported = known.length === 0 ? "there are none" : `"${known.join('", "')}"`;
      throw problem(
        231,
        `The query parameter "${name}" is unknown; those known here: ${supported}`,
      );
    }
    const values = query.getAll(name);
    if (values.length > 1) throw repeated(name, values.length);
  }
  if (query.has("before_id") && query.has("beforeId")) throw repeated("before_id", 2);
  return {
    limit: readLimit(query.get("limit")),
    beforeId: readBeforeId(query.get("before_id") ?? query.get("beforeId"), list?.prefix),
    filter: query.get("filter") || undefined,
  };
}

function repeated(name: string, count: number): Error {
  return problem(232, `The query parameter "${name}" is there ${count} times; give it once`);
}

function readLimit(text: string | null): number {
  if (text === null || text === "") return MAX_PAGE;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw problem(244, `The page size must be a number from 1 to ${MAX_PAGE}; found "${text}"`);
  }
  const limit = Number(text);
  if (limit < 1 || limit > MAX_PAGE) {
    throw problem(233, `The page size must be from 1 to ${MAX_PAGE}; found "${text}"`);
  }
  return limit;
}

function readBeforeId(text: string | null, prefix: string | undefined): string | undefined {
  if (text === null || text === "") return undefined;
  checkId(text, prefix ?? "");
  return text;
}

/**
 * Refuses an id of another kind of object.
 *
 * @throws {ApiProblem} 227
 */
export function checkId(id: string, prefix: string): void {
  if (id.startsWith(`${prefix}_`) && id.length <= 128) return;
  throw problem(
    227,
    `The id "${id.slice(0, 64)}" is not valid here: it must begin with "${prefix}_"`,
  );
}
