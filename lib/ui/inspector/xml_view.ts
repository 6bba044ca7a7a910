/**
 * XML for reading: one element a line, indented and coloured, and the place where its tags do not
 * fit together. It checks the nesting and the form of tags, not names against a schema.
 *
 * @module
 */
import { flawed, type PrettyTree, type Token, type TreeNode } from "./code_line.ts";
import { tagTokens } from "./markup.ts";

/** Deeper is shown no further to the right. */
const MAX_INDENT = 40;

/** Tags, comments, instructions, declarations, and the text between them. */
const PIECE =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!\w(?:[^>[]|\[[\s\S]*?\])*>|<\/?[^\s<>/!?][^<>]*>|[^<]+/y;

interface Open {
  readonly name: string;
  /** Where its tag begins in the text. */
  readonly at: number;
  /** The line it begins on. */
  readonly line: number;
}

interface Element {
  readonly key: string;
  readonly parent: number;
  readonly depth: number;
  kind: TreeNode["kind"];
  count: number;
  end: number;
}

/**
 * Lays XML out.
 *
 * @param text as it came
 */
export function formatXml(text: string): PrettyTree {
  const lines: Token[][] = [];
  const nodes: (Element | undefined)[] = [];
  const nest: Open[] = [];
  let roots = 0;
  let canJoin = false;
  const put = (tokens: Token[]) => {
    const indent = "  ".repeat(Math.min(nest.length, MAX_INDENT));
    lines.push(indent === "" ? tokens : [{ kind: "plain", text: indent }, ...tokens]);
  };
  for (let at = 0; at < text.length;) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text)?.[0];
    if (piece === undefined) return wrongAt(text, at, 'This "<" begins no tag');
    if (!piece.startsWith("<")) {
      const words = piece.trim();
      if (words !== "" && words !== "\ufeff") {
        if (nest.length === 0) {
          return wrongAt(text, at + piece.search(/[^\s\ufeff]/), "Text stands outside of all tags");
        }
        if (canJoin && !words.includes("\n")) lines.at(-1)!.push({ kind: "plain", text: words });
        else words.split(/\r?\n/).forEach((line) => put([{ kind: "plain", text: line.trim() }]));
        canJoin = canJoin && !words.includes("\n");
      }
    } else if (piece.startsWith("</")) {
      const name = piece.slice(2, -1).trim();
      const open = nest.pop();
      if (!open) return wrongAt(text, at, `"</${name}>" ends what was never begun`);
      if (open.name !== name) {
        return wrongAt(text, at, `"</${name}>" stands where "</${open.name}>" is expected`);
      }
      if (canJoin) lines.at(-1)!.push(...tagTokens(piece));
      else put(tagTokens(piece));
      const element = nodes[open.line]!;
      element.end = lines.length - 1;
      if (element.end > open.line) element.kind = "element";
      canJoin = false;
    } else if (/^<[!?]/.test(piece)) {
      const kind = piece.startsWith("<![CDATA[") ? "string" : "comment";
      piece.split(/\r?\n/).forEach((line) => put([{ kind, text: line }]));
      canJoin = false;
    } else {
      const name = /^<([^\s/>]+)/.exec(piece)![1];
      if (nest.length === 0 && ++roots > 1) {
        return wrongAt(text, at, `"<${name}>" is a second root: there can be one alone`);
      }
      const line = lines.length;
      const parent = nest.at(-1)?.line ?? -1;
      nodes[line] = { key: name, parent, depth: nest.length, kind: "scalar", count: 0, end: line };
      if (parent >= 0) nodes[parent]!.count++;
      put(tagTokens(piece.replace(/\s+/g, " ")));
      canJoin = !piece.endsWith("/>");
      if (canJoin) nest.push({ name, at, line });
    }
    at += piece.length;
  }
  const open = nest.at(-1);
  if (open) return wrongAt(text, open.at, `"<${open.name}>" is never ended`);
  if (roots === 0) return wrongAt(text, 0, "There is no element");
  return { lines, flaw: undefined, nodes: lines.map((_, line) => nodes[line]) };
}

function wrongAt(text: string, at: number, message: string): PrettyTree {
  return { ...flawed(text, at, message), nodes: [] };
}
