/**
 * The headers that passed lately, with what they said: the inspector's page offers them while somebody
 * writes a filter.
 *
 * @module
 */
import type { Exchange } from "../../inspect/exchange.ts";
import type { HeaderWordsJson } from "./shapes.ts";

/** How many exchanges are looked at: the newest ones. */
export const WORDS_OF = 500;

/** More names than this are nothing to choose from. */
const MAX_NAMES = 200;

/** The same for values of one header. */
const MAX_VALUES = 20;

/** More different values are an id, and all are as rare. */
const MAX_COUNTED = 100;

/** Nobody reads longer ones in a list. */
const MAX_CHARS = 120;

interface Seen {
  count: number;
  readonly values: Map<string, number>;
}

/**
 * Counts headers and their values, requests and responses together.
 *
 * @param exchanges newest first
 */
export function headerWords(exchanges: readonly Exchange[]): HeaderWordsJson {
  const names = new Map<string, Seen>();
  for (const { request, response } of exchanges) {
    const counted = new Set<string>();
    for (const [written, value] of [...request.headers, ...response?.headers ?? []]) {
      const name = written.toLowerCase();
      const seen = names.get(name) ?? { count: 0, values: new Map<string, number>() };
      if (seen.count === 0) names.set(name, seen);
      if (!counted.has(name)) seen.count++;
      counted.add(name);
      const known = seen.values.get(value) ?? 0;
      if (value === "" || value.length > MAX_CHARS) continue;
      if (known > 0 || seen.values.size < MAX_COUNTED) seen.values.set(value, known + 1);
    }
  }
  return {
    headers: [...names].sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
      .slice(0, MAX_NAMES)
      .map(([name, { count, values }]) => ({ name, count, values: mostFrequent(values) })),
  };
}

function mostFrequent(values: ReadonlyMap<string, number>): string[] {
  return [...values].sort(([, one], [, other]) => other - one)
    .slice(0, MAX_VALUES)
    .map(([value]) => value);
}
