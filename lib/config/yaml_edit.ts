/**
 * How a YAML text is changed: one value is put into it, where that can be done without touching
 * anything else, or a changed document is printed as near to the text before as can be.
 * `yaml_document.ts` and `yaml_moves.ts` call it, and check what came of it.
 *
 * @module
 */
import {
  type CollectionTag,
  type Document,
  isMap,
  isNode,
  isScalar,
  type Node,
  parseDocument,
  Scalar,
  type ScalarTag,
  stringify,
  type Tags,
  type YAMLMap,
} from "yaml";

/** What a key can be given. */
export type Value = string | number | boolean;

/** Where a value belongs. */
export interface Place {
  /** The deepest value that is there on the way. */
  readonly node: Node | undefined;
  /** The keys that are missing below it; none when it is the value itself. */
  readonly path: readonly string[];
  /** The column of the key it stands at, from 1. */
  readonly keyColumn: number;
  /** The column of a place in the text, from 1. */
  readonly columnOf: (offset: number) => number;
}

const INDENT = "  ";

/**
 * The text with a value in its place; `undefined` where that cannot be done by putting letters in.
 *
 * @param text as it was
 * @param place where the value belongs
 * @param value what it is
 */
export function splice(text: string, place: Place, value: Value): string | undefined {
  const { node, path, keyColumn } = place;
  if (path.length === 0) return isScalar(node) ? valueReplaced(text, node, value) : undefined;
  if (isMap(node) && node.flow && (node.items.length > 0 || !standsAlone(text, node))) {
    return entryAdded(text, node, path, value);
  }
  if (isMap(node) && !node.flow) return linesAdded(text, node, place, value);
  // A key that says nothing, as in `agent:` or `agent: {}`, is the place for what belongs below it.
  const isEmpty = isMap(node) || (isScalar(node) && node.value === null);
  if (!isEmpty || !node?.range) return undefined;
  const [from, to] = node.range;
  if (!isMap(node) && from !== to) return undefined;
  const start = from === to ? from : text.slice(0, from).trimEnd().length;
  const lineEnd = text.indexOf("\n", to);
  const at = lineEnd < 0 ? text.length : lineEnd;
  const indent = " ".repeat(keyColumn - 1 + INDENT.length);
  const lines = nested(indent, path, writtenAs(value));
  return `${text.slice(0, start)}${text.slice(to, at)}\n${lines}${text.slice(at)}`;
}

/** Whether `{}` is all there is behind a key that has a line of its own. */
function standsAlone(text: string, { range }: YAMLMap): boolean {
  if (!range) return false;
  const lineStart = text.lastIndexOf("\n", range[0]) + 1;
  return /^\s*[^\s{[\-][^{[]*:\s*$/.test(text.slice(lineStart, range[0])) &&
    /^\s*(?:#.*)?$/.test(text.slice(range[1]).split("\n", 1)[0]);
}

function valueReplaced(text: string, node: Scalar, value: Value): string | undefined {
  if (!node.range || node.anchor) return undefined;
  const [from, to] = node.range;
  const written = writtenAs(value, node.type);
  if (written.includes("\n")) return undefined;
  return text.slice(0, from) + (from === to ? ` ${written}` : written) + text.slice(to);
}

/** `{a: 1}` becomes `{a: 1, b: 2}`. */
function entryAdded(
  text: string,
  map: YAMLMap,
  path: readonly string[],
  value: Value,
): string | undefined {
  const [key, ...more] = path;
  if (!map.range || more.length > 0) return undefined;
  const end = map.range[1] - 1;
  const first = map.items[0]?.key;
  const isJson = isScalar(first) && first.type === Scalar.QUOTE_DOUBLE;
  const entry = isJson
    ? `${JSON.stringify(key)}: ${JSON.stringify(value)}`
    : `${key}: ${writtenAs(value)}`;
  const before = text.slice(0, end).trimEnd();
  const blanks = text.slice(before.length, end);
  return `${before}${map.items.length > 0 ? ", " : ""}${entry}${blanks}${text.slice(end)}`;
}

/** Behind the last key of a map, a line for each key that is missing. */
function linesAdded(
  text: string,
  map: YAMLMap,
  { path, columnOf }: Place,
  value: Value,
): string | undefined {
  const first = map.items[0]?.key;
  const last = map.items.at(-1)?.value ?? map.items.at(-1)?.key;
  if (!isNode(first) || !isNode(last) || !first.range || !last.range) return undefined;
  const indent = " ".repeat(columnOf(first.range[0]) - 1);
  const end = last.range[1];
  const rest = text[end - 1] === "\n" ? end : text.indexOf("\n", end) + 1;
  const before = rest === 0 ? text + "\n" : text.slice(0, rest);
  const lines = nested(indent, path, writtenAs(value));
  return `${before}${lines}\n` + (rest === 0 ? "" : text.slice(rest));
}

/** Keys below each other, the value at the last one. */
function nested(indent: string, path: readonly string[], written: string): string {
  return path.map((key, depth) =>
    `${indent}${INDENT.repeat(depth)}${key}:` + (depth === path.length - 1 ? ` ${written}` : "")
  ).join("\n");
}

/**
 * A value in the quotes of the one before it.
 *
 * @param value what it is
 * @param type how the one before it was written
 */
export function writtenAs(value: Value, type?: Scalar.Type | null): string {
  if (type === Scalar.QUOTE_DOUBLE && typeof value === "string") return JSON.stringify(value);
  if (type === Scalar.QUOTE_SINGLE && typeof value === "string") {
    return `'${value.replaceAll("'", "''")}'`;
  }
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

/**
 * Reads a text that is going to be printed anew: numbers stay as they were written, for what looks
 * like one may be a token.
 *
 * @param text YAML that has been read without a fault
 */
export function parseToEdit(text: string): Document.Parsed {
  const customTags = (tags: Tags): Tags =>
    tags.map((tag) => typeof tag === "object" && isNumberTag(tag) ? asWritten(tag) : tag);
  return parseDocument(text, { merge: true, customTags });
}

function isNumberTag(tag: ScalarTag | CollectionTag): tag is ScalarTag {
  return tag.collection === undefined && /:(?:int|float)$/.test(tag.tag);
}

function asWritten(tag: ScalarTag): ScalarTag {
  const { stringify: print } = tag;
  return {
    ...tag,
    stringify: (item, ...more) => item.source ?? print?.(item, ...more) ?? String(item.value),
  };
}

/**
 * Prints a document that was changed, as near to the text before as can be.
 *
 * @param document what it is now
 * @param before the text it was
 */
export function printEdited(document: Document, before: string): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: !/[{[][^\s{}[\]]/.test(before) });
}
