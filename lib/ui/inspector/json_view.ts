/**
 * JSON for reading: indented and coloured, every number and string as it was written, and the place
 * where it is wrong. Nothing is parsed into values: what is shown is what passed.
 *
 * @module
 */
import {
  flawed,
  type Line,
  type PrettyTree,
  type Token,
  type TokenKind,
  type TreeNode,
} from "./code_line.ts";

/** What may stand next. */
type Wanted = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "nothing";

const WORDS: Readonly<Record<Wanted, string>> = {
  "value": "a value",
  "value or ]": 'a value or "]"',
  "key": "a name in double quotes",
  "key or }": 'a name in double quotes or "}"',
  ":": '":"',
  ", or end": '"," or the end of it',
  "nothing": "the end of the text",
};

/** Deeper is shown no further to the right. */
const MAX_INDENT = 40;

/**
 * Lays JSON out.
 *
 * @param text as it came
 * @param many whether several values may follow each other (NDJSON)
 */
export function formatJson(text: string, many: boolean = false): PrettyTree {
  const writer = new Writer();
  const nest: ("{" | "[")[] = [];
  let wanted = "value" as Wanted;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const afterValue = (): Wanted => {
    if (nest.length === 0 && many) writer.breakLine(0);
    return nest.length > 0 ? ", or end" : many ? "value" : "nothing";
  };
  for (;;) {
    at = skipSpace(text, at);
    if (at >= text.length) break;
    const char = text[at];
    const takesValue = wanted === "value" || wanted === "value or ]";
    if ((char === "{" || char === "[") && takesValue) {
      const close = skipSpace(text, at + 1);
      if (text[close] === (char === "{" ? "}" : "]")) {
        writer.begin("scalar");
        writer.put("mark", char + text[close]);
        at = close + 1;
        wanted = afterValue();
        continue;
      }
      nest.push(char);
      writer.begin(char === "{" ? "object" : "array");
      writer.put("mark", char);
      writer.breakLine(nest.length);
      wanted = char === "{" ? "key or }" : "value or ]";
      at++;
    } else if (
      (char === "}" && nest.at(-1) === "{" || char === "]" && nest.at(-1) === "[") &&
      wanted === ", or end"
    ) {
      nest.pop();
      writer.breakLine(nest.length);
      writer.end();
      writer.put("mark", char);
      at++;
      wanted = afterValue();
    } else if (char === "," && wanted === ", or end") {
      writer.put("mark", ",");
      writer.breakLine(nest.length);
      wanted = nest.at(-1) === "{" ? "key" : "value";
      at++;
    } else if (char === ":" && wanted === ":") {
      writer.put("mark", ": ");
      wanted = "value";
      at++;
    } else if (char === '"' && (takesValue || wanted === "key" || wanted === "key or }")) {
      const { end, wrong } = stringEnd(text, at);
      if (wrong) return wrongAt(text, end, wrong);
      const written = text.slice(at, end);
      if (takesValue) writer.begin("scalar");
      else writer.name(JSON.parse(written));
      writer.put(takesValue ? "string" : "key", written);
      at = end;
      if (takesValue) wanted = afterValue();
      else wanted = ":";
    } else if (takesValue) {
      const scalar = scalarAt(text, at);
      if (!scalar) return wrongAt(text, at, `Expected ${WORDS[wanted]}, found ${found(text, at)}`);
      writer.begin("scalar");
      writer.put(scalar.kind, scalar.text);
      at += scalar.text.length;
      wanted = afterValue();
    } else {
      return wrongAt(text, at, `Expected ${WORDS[wanted]}, found ${found(text, at)}`);
    }
  }
  const isOver = wanted === "nothing" || many && nest.length === 0;
  if (!isOver) {
    return wrongAt(text, text.length, `The text ends where ${WORDS[wanted]} is expected`);
  }
  const lines = writer.lines();
  return { lines, flaw: undefined, nodes: writer.nodes(lines.length) };
}

function wrongAt(text: string, at: number, message: string): PrettyTree {
  return { ...flawed(text, at, message), nodes: [] };
}

interface OpenNode {
  readonly key: string | number | undefined;
  readonly parent: number;
  readonly depth: number;
  readonly kind: TreeNode["kind"];
  count: number;
  end: number;
}

/** Fills lines, and knows which values stand on them. */
class Writer {
  readonly #lines: Token[][] = [[]];
  readonly #nodes: (OpenNode | undefined)[] = [];
  /** The lines on which what is open began. */
  readonly #open: number[] = [];
  #name: string | undefined;

  /** A name was read: the next value has it. */
  name(name: string): void {
    this.#name = name;
  }

  /** A value begins on this line. */
  begin(kind: TreeNode["kind"]): void {
    const line = this.#lines.length - 1;
    const parent = this.#open.at(-1) ?? -1;
    const around = this.#nodes[parent];
    const place = around ? around.count++ : undefined;
    const key = around?.kind === "object" ? this.#name : place;
    this.#nodes[line] = { key, parent, depth: this.#open.length, kind, count: 0, end: line };
    if (kind !== "scalar") this.#open.push(line);
  }

  /** The innermost value ends on this line. */
  end(): void {
    this.#nodes[this.#open.pop()!]!.end = this.#lines.length - 1;
  }

  nodes(count: number): (TreeNode | undefined)[] {
    return Array.from({ length: count }, (_, line) => this.#nodes[line]);
  }

  put(kind: TokenKind, text: string): void {
    this.#lines.at(-1)!.push({ kind, text });
  }

  breakLine(depth: number): void {
    this.#lines.push([]);
    if (depth > 0) this.put("plain", "  ".repeat(Math.min(depth, MAX_INDENT)));
  }

  lines(): Line[] {
    return this.#lines.at(-1)!.length === 0 && this.#lines.length > 1
      ? this.#lines.slice(0, -1)
      : this.#lines;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at])) at++;
  return at;
}

function stringEnd(text: string, from: number): { end: number; wrong?: string } {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { end: at + 1 };
    if (code < 0x20) return { end: at, wrong: "A control character in a string has to be escaped" };
    if (code === 0x5c) {
      const escape = text[++at];
      if (escape === "u") {
        if (!/^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) {
          return { end: at, wrong: "\\u is followed by four hexadecimal digits" };
        }
        at += 4;
      } else if (escape === undefined || !'"\\/bfnrt'.includes(escape)) {
        return { end: at, wrong: "There is no such escape in a string" };
      }
    }
  }
  return { end: text.length, wrong: "A string is not ended" };
}

function scalarAt(text: string, at: number): Token | undefined {
  const word = /^(?:true|false|null)\b/.exec(text.slice(at, at + 6));
  if (word) return { kind: "word", text: word[0] };
  // A number longer than this is none that anybody meant.
  const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/
    .exec(text.slice(at, at + 4_096));
  return number ? { kind: "number", text: number[0] } : undefined;
}

function found(text: string, at: number): string {
  return JSON.stringify(/^(?:\w+|.)/su.exec(text.slice(at, at + 30))?.[0] ?? "");
}
