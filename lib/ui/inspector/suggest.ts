/**
 * What can be written next in a filter: fields, names of headers, operators, and values that have been
 * seen. The search line and the dialog offer it.
 *
 * @module
 */
import type { ExchangeSummary, HeaderWordJson } from "../../api/agent/shapes.ts";
import { FILTER_FIELDS, type FilterField, type Operator, operatorsOf } from "./filters.ts";

/** What has been seen. */
export interface Seen {
  /** Newest first. */
  readonly exchanges: readonly ExchangeSummary[];
  /** The most frequent first. */
  readonly headers: readonly HeaderWordJson[];
}

/** Something to write next. */
export interface Suggestion {
  /** What is offered. */
  readonly words: string;
  /** What it is, or how often it was seen. */
  readonly hint: string;
  /** The whole line, once it is taken. */
  readonly line: string;
  /** Whether the line is a filter then. */
  readonly isWhole: boolean;
}

/** The operators as people say them. */
export const OPERATOR_WORDS: Readonly<Record<Operator, string>> = {
  "==": "is",
  "!=": "is not",
  ">=": "at least",
  "<=": "at most",
  ">": "more than",
  "<": "less than",
  "match": "matches",
  "!match": "does not match",
};

/** More are nothing to choose from. */
const MAX_OFFERED = 8;

/** Older ones say no more. */
const MAX_LOOKED_AT = 1_000;

/** Headers that are asked for most, for when none was seen. */
const USUAL_HEADERS = ["content-type", "user-agent", "authorization", "cookie", "origin"];

const DURATIONS = ["100ms", "250ms", "1s", "5s"];
const SIZES = ["1kb", "10kb", "100kb", "1mb"];

/**
 * What can be written next in the search line.
 *
 * @param line what stands in it
 * @param seen what has been seen
 */
export function suggest(line: string, seen: Seen): Suggestion[] {
  const field = /^\s*(\w+)$/.exec(line)?.[1].toLowerCase();
  if (field !== undefined) {
    return FILTER_FIELDS.filter(([key]) => key.startsWith(field))
      .map(([key, words]) => offer(key, words, `${key} `));
  }
  const match = /^\s*(\w+)\s+(.*)$/.exec(line);
  const known = match && FILTER_FIELDS.find(([key]) => key === match[1].toLowerCase())?.[0];
  if (!match || !known) return [];
  if (known !== "header") return afterName(known, undefined, match[2], seen);
  const [, name, rest] = /^(\S*)(?:\s+(.*))?$/.exec(match[2]) ?? ["", "", undefined];
  if (rest !== undefined) return afterName(known, name.toLowerCase(), rest, seen);
  return headerNames(name, seen)
    .map(({ name, hint }) => offer(name, hint, `header ${name} `));
}

/** Names of headers that go on from a beginning. */
export function headerNames(
  typed: string,
  { headers }: Seen,
): { readonly name: string; readonly hint: string }[] {
  const wanted = typed.toLowerCase();
  const all = headers.length > 0
    ? headers.map(({ name, count }) => ({ name, hint: times(count) }))
    : USUAL_HEADERS.map((name) => ({ name, hint: "" }));
  return startsFirst(all, wanted, ({ name }) => name);
}

/**
 * Values that have been seen.
 *
 * @param field of what
 * @param name of which header
 * @param operator how they are compared: for a pattern they are written as one
 * @param typed what stands there already
 * @param seen what has been seen
 */
export function values(
  field: FilterField,
  name: string | undefined,
  operator: Operator,
  typed: string,
  seen: Seen,
): { readonly value: string; readonly hint: string }[] {
  const isPattern = operator === "match" || operator === "!match";
  const written = (value: string) => isPattern ? escaped(value) : value;
  const found = seenValues(field, name, seen)
    .map(({ value, hint }) => ({ value: written(value), hint }));
  const wanted = typed.toLowerCase();
  return startsFirst(found, wanted, ({ value }) => value)
    .filter(({ value }) => value !== typed);
}

function afterName(
  field: FilterField,
  name: string | undefined,
  rest: string,
  seen: Seen,
): Suggestion[] {
  const before = name === undefined ? field : `${field} ${name}`;
  const operators = operatorsOf(field);
  const match = /^(>=|<=|==|!=|!match\b|match\b|<|>|=)\s*(.*)$/i.exec(rest);
  const sign = match?.[1].toLowerCase() === "=" ? "==" : match?.[1].toLowerCase();
  const operator = operators.find((operator) => operator === sign);
  // "<" may become "<=".
  if (
    !operator || rest === sign && operators.some((one) => one !== sign && one.startsWith(sign!))
  ) {
    return operators.filter((operator) => operator.startsWith(rest.trim().toLowerCase()))
      .map((operator) => offer(operator, OPERATOR_WORDS[operator], `${before} ${operator} `));
  }
  return values(field, name, operator, match![2], seen)
    .map(({ value, hint }) => ({
      words: value,
      hint,
      line: `${before} ${operator} ${value}`,
      isWhole: true,
    }));
}

function seenValues(
  field: FilterField,
  name: string | undefined,
  { exchanges, headers }: Seen,
): { readonly value: string; readonly hint: string }[] {
  const bare = (list: readonly string[]) => list.map((value) => ({ value, hint: "" }));
  switch (field) {
    case "header":
      return bare(headers.find((header) => header.name === name)?.values ?? []);
    case "duration":
      return bare(DURATIONS);
    case "size":
      return bare(SIZES);
    case "status": {
      const codes = counted(exchanges, ({ status }) => status === null ? undefined : `${status}`);
      const classes = [...new Set(codes.map(({ value }) => `${value[0]}xx`))].sort();
      return [...codes, ...bare(classes)];
    }
    case "method":
      return counted(exchanges, ({ method }) => method);
    case "endpoint":
      return counted(exchanges, ({ endpoint_name: name }) => name);
    default:
      return counted(exchanges, ({ target }) => target.split("?", 1)[0]);
  }
}

/** The most frequent first. */
function counted(
  exchanges: readonly ExchangeSummary[],
  read: (exchange: ExchangeSummary) => string | undefined,
): { readonly value: string; readonly hint: string }[] {
  const counts = new Map<string, number>();
  for (const exchange of exchanges.slice(0, MAX_LOOKED_AT)) {
    const value = read(exchange);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one)
    .map(([value, count]) => ({ value, hint: times(count) }));
}

/** Those that begin with what was typed, then those that hold it somewhere. */
function startsFirst<T>(all: readonly T[], wanted: string, read: (one: T) => string): T[] {
  const starts = all.filter((one) => read(one).toLowerCase().startsWith(wanted));
  const holds = all.filter((one) => read(one).toLowerCase().indexOf(wanted) > 0);
  return [...starts, ...holds].slice(0, MAX_OFFERED);
}

function offer(words: string, hint: string, line: string): Suggestion {
  return { words, hint, line, isWhole: false };
}

function times(count: number): string {
  return `${count}×`;
}

function escaped(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
