/**
 * Text that was taken apart for reading: lines of coloured pieces, and where it is wrong. The views
 * of bodies make it, `code_view.tsx` shows it.
 *
 * @module
 */

/** What a piece is; the style sheet gives each a colour. */
export type TokenKind =
  | "plain"
  | "key"
  | "string"
  | "number"
  | "word"
  | "mark"
  | "comment"
  | "tag"
  | "wrong";

/** A piece of a line. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
}

/** A line, from start to end. */
export type Line = readonly Token[];

/** Where a text breaks the rules of its language. */
export interface Flaw {
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** Counted from 1, in the text as it came. */
  readonly line: number;
  /** Counted from 1, in characters. */
  readonly column: number;
}

/** A text for reading. */
export interface Pretty {
  /** From top to bottom. */
  readonly lines: readonly Line[];
  /** Set when it is wrong; the lines are those of the text as it came. */
  readonly flaw: Flaw | undefined;
}

/** A value or an element in the lines it stands on. */
export interface TreeNode {
  /** Its name in an object, its place in an array, the name of its tag; `undefined` at the top of JSON. */
  readonly key: string | number | undefined;
  /** The line on which what it is in begins; -1 at the top. */
  readonly parent: number;
  /** How deep it is; 0 at the top. */
  readonly depth: number;
  /** What it is; a scalar has nothing in it to fold. */
  readonly kind: "object" | "array" | "element" | "scalar";
  /** How many of them are right in it. */
  readonly count: number;
  /** The line on which it ends. */
  readonly end: number;
}

/** A text for reading whose parts fold. */
export interface PrettyTree extends Pretty {
  /** What begins on each line; `undefined` where nothing does. Empty when the text is wrong. */
  readonly nodes: readonly (TreeNode | undefined)[];
}

/** A text as it came, without colours. */
export function plainLines(text: string): Line[] {
  return text.split(/\r\n|\n|\r/).map((line) => line === "" ? [] : [{ kind: "plain", text: line }]);
}

/**
 * A text as it came, with the place marked where it is wrong.
 *
 * @param text the text
 * @param at where, counted in UTF-16 units from 0
 * @param message what is wrong there
 */
export function flawed(text: string, at: number, message: string): Pretty {
  const before = text.slice(0, at).split(/\r\n|\n|\r/);
  const line = before.length;
  const column = before[line - 1].length + 1;
  const lines = plainLines(text);
  const whole = lines[line - 1]?.[0]?.text ?? "";
  const wrong = whole.slice(column - 1, column) || "\u23ce";
  lines[line - 1] = [
    { kind: "plain" as const, text: whole.slice(0, column - 1) },
    { kind: "wrong" as const, text: wrong },
    { kind: "plain" as const, text: whole.slice(column) },
  ].filter(({ text }) => text !== "");
  return { lines, flaw: { message, line, column } };
}
