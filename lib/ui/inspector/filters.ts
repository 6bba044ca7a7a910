/**
 * Filters of the list: a field, an operator, a value; all of them have to agree. What summaries know
 * is decided here; headers and the text of bodies are asked of the agent.
 *
 * @module
 */
import type { ExchangeSummary } from "../../api/agent/shapes.ts";

/** What can be filtered by. */
export type FilterField =
  | "path"
  | "header"
  | "status"
  | "size"
  | "duration"
  | "method"
  | "endpoint";

/** How a value is compared. */
export type Operator = ">=" | "<=" | "<" | ">" | "==" | "!=" | "match" | "!match";

/** The fields, with what the page calls them. */
export const FILTER_FIELDS: readonly (readonly [FilterField, string])[] = [
  ["path", "Path"],
  ["header", "Header"],
  ["status", "Status code"],
  ["size", "Response size"],
  ["duration", "Duration"],
  ["method", "Method"],
  ["endpoint", "Endpoint"],
];

const ORDER: readonly Operator[] = ["==", "!=", ">=", "<=", ">", "<"];
const TEXT: readonly Operator[] = ["match", "!match", "==", "!="];

/** One filter. */
export interface Filter {
  /** What it looks at. */
  readonly field: FilterField;
  /** Of a header filter: which header. */
  readonly name?: string;
  /** How it compares. */
  readonly operator: Operator;
  /** With what, as it was typed. */
  readonly value: string;
}

/** The operators that make sense for a field, the usual one first. */
export function operatorsOf(field: FilterField): readonly Operator[] {
  return field === "status" || field === "size" || field === "duration" ? ORDER : TEXT;
}

const SPELLINGS: Readonly<Record<string, FilterField>> = {
  path: "path",
  header: "header",
  status: "status",
  statuscode: "status",
  size: "size",
  responsesize: "size",
  duration: "duration",
  method: "method",
  endpoint: "endpoint",
};

const SHAPE =
  /^\s*(path|header|status|statuscode|size|responsesize|duration|method|endpoint)\b\s*(?:[\s:[]\s*([\w!#$%&'*+.^`|~-]+?)\]?\s*)?(>=|<=|==|!=|!match\b|match\b|<|>|=)\s*(.*?)\s*$/i;

/**
 * Reads a filter that was typed: `status >= 400`, `duration > 1.5s`, `header x-id match ^a`.
 *
 * @returns `undefined` when the text is no filter but something to search for
 * @throws {SyntaxError} when it is one with a mistake; the sentence is for the person
 */
export function parseFilter(text: string): Filter | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, word, name, sign, value] = match;
  const field = SPELLINGS[word.toLowerCase()];
  if ((name !== undefined) !== (field === "header")) return undefined;
  const operator = (sign === "=" ? "==" : sign.toLowerCase()) as Operator;
  return checkFilter(
    name === undefined ? { field, operator, value } : { field, name, operator, value },
  );
}

/** The filter that a text is, when it is one without a mistake. */
export function draftFilter(text: string): Filter | undefined {
  try {
    return parseFilter(text);
  } catch {
    // It is being written.
    return undefined;
  }
}

/** A field, and an operator of which at least the beginning is there; of a header its name. */
const BEGUN =
  /^\s*(?:(?:path|status|statuscode|size|responsesize|duration|method|endpoint)\s+(?:[<>=!]=?|!?m(?:a(?:tc?)?)?)?|header\s+\S*(?:\s+(?:[=!]|!?m(?:a(?:tc?)?)?)?)?)$/i;

/** Whether a text is a filter, finished or not, and nothing to search for. */
export function isFilterText(text: string): boolean {
  return SHAPE.test(text) || BEGUN.test(text);
}

/**
 * The filter, when it can be used.
 *
 * @throws {SyntaxError} with what is wrong, for the person
 */
export function checkFilter(filter: Filter): Filter {
  const { field, operator, value, name } = filter;
  if (!operatorsOf(field).includes(operator)) {
    throw new SyntaxError(`"${operator}" does not go with a ${wordsOf(field)}`);
  }
  if (field === "header" && !name) throw new SyntaxError("Name the header to look at");
  if (operator === "match" || operator === "!match") {
    try {
      new RegExp(value);
    } catch {
      throw new SyntaxError(`"${value}" is not a regular expression`);
    }
  } else if (field === "status" && !/^[1-9](?:\d\d|xx)$/i.test(value)) {
    throw new SyntaxError(`A status code is a number such as 404, or a class such as 4xx`);
  } else if (field === "size" && Number.isNaN(bytesIn(value))) {
    throw new SyntaxError(`"${value}" is not a size: write 500, 10kb or 1.5mb`);
  } else if (field === "duration" && Number.isNaN(msIn(value))) {
    throw new SyntaxError(`"${value}" is not a duration: write 200ms, 1.5s or 2m`);
  } else if (value === "" && field !== "header") {
    throw new SyntaxError(`Write what the ${wordsOf(field)} is compared with`);
  }
  return filter;
}

/** A filter as it is shown, and as it can be typed again. */
export function filterText({ field, name, operator, value }: Filter): string {
  return [field, name, operator, value].filter((word) => word !== undefined && word !== "")
    .join(" ");
}

/** Whether the agent has to be asked: summaries hold no headers. */
export function isAskedOfAgent({ field }: Filter): boolean {
  return field === "header";
}

/** Makes one test out of filters, for those that summaries answer. */
export function matcher(filters: readonly Filter[]): (exchange: ExchangeSummary) => boolean {
  const tests = filters.filter((filter) => !isAskedOfAgent(filter)).map(testOf);
  return (exchange) => tests.every((test) => test(exchange));
}

function testOf({ field, operator, value }: Filter): (exchange: ExchangeSummary) => boolean {
  switch (field) {
    case "status":
      return statusTest(operator, value);
    case "size": {
      const bytes = bytesIn(value);
      return ({ response_bytes: size }) => compare(size, operator, bytes);
    }
    case "duration": {
      const ms = msIn(value);
      return ({ duration_ms: duration }) => duration !== null && compare(duration, operator, ms);
    }
    case "method":
      return textTest(operator, value.toUpperCase(), ({ method }) => method.toUpperCase());
    case "endpoint":
      return textTest(operator, value, ({ endpoint_name: name }) => name);
    default:
      return textTest(operator, value, ({ target }) =>
        // A filter without a query looks at the path alone.
        operator === "==" || operator === "!="
          ? value.includes("?") ? target : target.split("?", 1)[0]
          : target);
  }
}

function statusTest(
  operator: Operator,
  value: string,
): (exchange: ExchangeSummary) => boolean {
  const isClass = /xx$/i.test(value);
  const wanted = isClass ? Number(value[0]) : Number(value);
  return ({ status }) => {
    if (status === null) return operator === "!=";
    return compare(isClass ? Math.floor(status / 100) : status, operator, wanted);
  };
}

function textTest(
  operator: Operator,
  value: string,
  read: (exchange: ExchangeSummary) => string,
): (exchange: ExchangeSummary) => boolean {
  if (operator === "==") return (exchange) => read(exchange) === value;
  if (operator === "!=") return (exchange) => read(exchange) !== value;
  const pattern = new RegExp(value);
  const wanted = operator === "match";
  return (exchange) => pattern.test(read(exchange)) === wanted;
}

function compare(found: number, operator: Operator, wanted: number): boolean {
  switch (operator) {
    case ">=":
      return found >= wanted;
    case "<=":
      return found <= wanted;
    case ">":
      return found > wanted;
    case "<":
      return found < wanted;
    case "!=":
      return found !== wanted;
    default:
      return found === wanted;
  }
}

function wordsOf(field: FilterField): string {
  return FILTER_FIELDS.find(([key]) => key === field)![1].toLowerCase();
}

const BYTES: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };
const MS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1e3, m: 6e4, min: 6e4 };

function bytesIn(text: string): number {
  return quantity(text, BYTES);
}

function msIn(text: string): number {
  return quantity(text, MS);
}

function quantity(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
  const unit = match && units[match[2].toLowerCase()];
  return match && unit ? Number(match[1]) * unit : NaN;
}
