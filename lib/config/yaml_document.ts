/**
 * A YAML document that knows where everything stands in it, and that can be changed without losing
 * a comment. It and its neighbours are all that knows the YAML library; whoever imports it pays for it,
 * so import it where there is a file (`await import`).
 *
 * @module
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { TunnelError } from "../base/errors.ts";
import { formatPath } from "../base/schema.ts";
import { parseToEdit, printEdited, splice, type Value } from "./yaml_edit.ts";

/** Where something stands. Both count from 1. */
export interface Position {
  /** The line. */
  readonly line: number;
  /** The column, in characters. */
  readonly column: number;
}

/** Keys and places in lists, from the root. */
export type Path = readonly PropertyKey[];

/** More than any configuration needs; the library takes a second for 8,000 lines. */
const MAX_CHARACTERS = 1024 * 1024;

/** A document may repeat its parts by alias this many times, before it counts as a bomb. */
const MAX_ALIASES = 100;

/**
 * Reads a document.
 *
 * @param text YAML, or JSON
 * @param source what it is called in errors: `the configuration file "/etc/sallyport.yml"`
 * @throws {TunnelError} config_invalid with line and column
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseYamlDocument } from "./yaml_document.ts";
 *
 * const document = parseYamlDocument("agent:\n  log: stdout # here\n", "the example");
 * assert.deepEqual(document.value, { agent: { log: "stdout" } });
 * assert.deepEqual(document.positionOf(["agent", "log"]), { line: 2, column: 3 });
 * assert.equal(document.with(["agent", "log"], "stderr").text, "agent:\n  log: stderr # here\n");
 * ```
 */
export function parseYamlDocument(text: string, source: string): YamlDocument {
  return new YamlDocument(text, source);
}

/** A document as its author wrote it. It never changes: {@linkcode YamlDocument.with} gives another. */
export class YamlDocument {
  /** The text. */
  readonly text: string;
  /** What it is called in errors. */
  readonly source: string;
  /** What it says, as plain data; `null` when it is empty. */
  readonly value: unknown;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter = new LineCounter();

  /**
   * Reads a document.
   *
   * @param text YAML, or JSON
   * @param source what it is called in errors
   */
  constructor(text: string, source: string) {
    this.text = text;
    this.source = source;
    if (text.length > MAX_CHARACTERS) {
      throw new TunnelError("config_invalid", `Cannot use ${source}: it is larger than 1 MiB`);
    }
    // What PowerShell writes with ">" is UTF-16: whoever reads bytes as UTF-8 finds these in it.
    if (/[\0\uFFFD]/.test(text)) {
      throw new TunnelError(
        "config_invalid",
        `Cannot use ${source}: it is no UTF-8 text; save it as UTF-8 in an editor`,
      );
    }
    this.#document = this.#parse();
    this.#refuseOddities();
    this.value = this.#plain();
  }

  /**
   * Where a key stands; where it would stand under, when it is not there. The place of a list's
   * entry is the entry itself.
   *
   * @param path the key
   */
  positionOf(path: Path): Position {
    const { key, node } = this.#find(path);
    return this.#at((key ?? node ?? this.#document.contents)?.range?.[0] ?? 0);
  }

  /**
   * Where the value of a key stands.
   *
   * @param path the key
   */
  valuePositionOf(path: Path): Position {
    const { key, node } = this.#find(path);
    return this.#at((node ?? key ?? this.#document.contents)?.range?.[0] ?? 0);
  }

  /**
   * The text of a plain value as it was written, before anybody took `007` for a number;
   * `undefined` when it is quoted, or no single value.
   *
   * @param path the key
   */
  writtenAt(path: Path): string | undefined {
    const { node, depth } = this.#find(path);
    if (depth < path.length || !isScalar(node) || node.type !== Scalar.PLAIN) return undefined;
    return node.source;
  }

  /**
   * What is wrong at a place, with file, line, column and key.
   *
   * @param path the key
   * @param found what is wrong with it
   */
  fault(path: Path, found: string): TunnelError {
    const name = path.length > 0 ? `"${formatPath(path)}": ` : "";
    return this.#fault(this.positionOf(path), name + found);
  }

  /**
   * The document with one value set. Comments, order and blanks stay as they are; where the value
   * is new, its line comes last among its neighbours.
   *
   * @param path the key; the maps it goes through are made
   * @param value text, number or truth value
   * @throws {TunnelError} config_invalid when something on the way holds no keys
   */
  with(path: Path, value: Value): YamlDocument {
    this.#refuseDeadEnd(path);
    const careful = this.#spliced(path, value);
    if (careful !== undefined && this.#isJustThat(careful, path, value)) {
      return new YamlDocument(careful, this.source);
    }
    const copy = parseToEdit(this.text);
    // A key that says nothing would stand in the way of the map that belongs there.
    const empty = path.findIndex((_, depth) =>
      copy.hasIn(path.slice(0, depth + 1)) && copy.getIn(path.slice(0, depth + 1)) === null
    );
    if (empty >= 0) copy.deleteIn(path.slice(0, empty + 1));
    copy.setIn(path, value);
    return new YamlDocument(printEdited(copy, this.text), this.source);
  }

  #parse(): Document.Parsed {
    let document: Document.Parsed;
    try {
      document = parseDocument(this.text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        logLevel: "error",
        merge: true,
      });
    } catch (thrown) {
      if (thrown instanceof RangeError) throw this.#fault(START, "it is nested too deeply");
      throw thrown;
    }
    const [error] = document.errors;
    if (error) throw this.#fault(this.#at(error.pos[0]), this.#wording(error), error);
    return document;
  }

  #plain(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
    } catch (thrown) {
      if (thrown instanceof RangeError) throw this.#fault(START, "it is nested too deeply");
      const lost = this.#aliasWhere((alias) => alias.resolve(this.#document) === undefined);
      if (lost) throw this.#fault(lost, 'text that begins with "*" must be in quotes', thrown);
      const place = this.#aliasWhere(() => true) ?? START;
      throw this.#fault(place, "the aliases repeat too much of the document", thrown);
    }
  }

  /** What YAML allows and a configuration cannot mean. */
  #refuseOddities(): void {
    const odd = this.#document.warnings[0];
    if (odd) throw this.#fault(this.#at(odd.pos[0]), this.#wording(odd), odd);
    visit(this.#document, {
      Pair: (_, { key }) => {
        if (!isNode(key) || isScalar(key)) return;
        throw this.#fault(this.#at(key.range?.[0] ?? 0), "a key must be a single word");
      },
      Value: (_, { tag, range }) => {
        if (tag === undefined || PLAIN_TAGS.has(tag)) return;
        throw this.#fault(this.#at(range?.[0] ?? 0), WORDS.TAG_RESOLVE_FAILED!);
      },
    });
  }

  /** Where the last alias stands that fits. */
  #aliasWhere(fits: (alias: Alias) => boolean): Position | undefined {
    let place: Position | undefined;
    visit(this.#document, {
      Alias: (_, alias) => {
        if (fits(alias)) place = this.#at(alias.range?.[0] ?? 0);
      },
    });
    return place;
  }

  /** As deep as the path leads: the last key that is there, and its value. */
  #find(path: Path) {
    let key: Node | undefined;
    let node: Node | undefined = this.#document.contents ?? undefined;
    let depth = 0;
    for (; depth < path.length; depth++) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isSeq(node)) {
        const next: unknown = node.items[Number(path[depth])];
        if (!isNode(next)) break;
        [key, node] = [undefined, next];
      } else {
        const pair = isMap(node) ? pairOf(node, String(path[depth])) : undefined;
        if (!pair) break;
        key = isNode(pair.key) ? pair.key : undefined;
        node = isNode(pair.value) ? pair.value : undefined;
      }
    }
    return { key, node, depth };
  }

  #refuseDeadEnd(path: Path): void {
    const { node, depth } = this.#find(path);
    const isEmpty = node === undefined || isMap(node) || (isScalar(node) && node.value === null);
    if (depth === path.length || isEmpty) return;
    throw this.fault(path.slice(0, depth), "it holds no keys");
  }

  /** The text with the value in its place, changed at no other; `undefined` where that takes more. */
  #spliced(path: Path, value: Value): string | undefined {
    const { node, depth } = this.#find(path);
    return splice(this.text, {
      node,
      path: path.slice(depth).map(String),
      keyColumn: this.positionOf(path).column,
      columnOf: (offset) => this.#at(offset).column,
    }, value);
  }

  /** Whether a careful edit did what it was to do, and nothing else. */
  #isJustThat(text: string, path: Path, value: unknown): boolean {
    try {
      const after = new YamlDocument(text, this.source).value;
      return JSON.stringify(after) === JSON.stringify(withValue(this.value, path, value));
    } catch (thrown) {
      if (thrown instanceof TunnelError) return false;
      throw thrown;
    }
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    // Offset 0 of an empty text is before the first line.
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #wording(error: YAMLError): string {
    const said = WORDS[error.code];
    if (said) return said;
    if (error.code === "DUPLICATE_KEY") {
      const key = /^[^\s:]+/.exec(this.text.slice(error.pos[0]))?.[0] ?? "";
      return `the key "${key}" is there twice`;
    }
    const [message] = error.message.split("\n");
    return message.charAt(0).toLowerCase() + message.slice(1).replace(/[.:]$/, "");
  }

  #fault({ line, column }: Position, found: string, cause?: unknown): TunnelError {
    return new TunnelError(
      "config_invalid",
      `Cannot use ${this.source}: line ${line}, column ${column}: ${found}`,
      { cause },
    );
  }
}

const START: Position = { line: 1, column: 1 };

/** What a value can be called without becoming another one. */
const PLAIN_TAGS: ReadonlySet<string> = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Our words for the faults people make most. */
const WORDS: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  TAB_AS_INDENT: "a tab cannot indent a line: use blanks",
  BAD_INDENT: "the line is not indented as its neighbours are",
  MULTIPLE_DOCS: 'a second document begins here: remove the "---"',
  TAG_RESOLVE_FAILED: 'tags ("!…") cannot be used here: put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second key stands on the line: put text with ": " in quotes',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing after a key',
};

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
}

/** Plain data with one value set. */
function withValue(before: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value;
  const [key, ...rest] = path;
  if (Array.isArray(before)) {
    return before.map((one, index) => index === key ? withValue(one, rest, value) : one);
  }
  const map = before as Readonly<Record<string, unknown>> | null ?? {};
  return { ...map, [String(key)]: withValue(map[String(key)], rest, value) };
}
