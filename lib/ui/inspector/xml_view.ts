/**
 * XML for reading: one element a line, indented and coloured, and the place where its tags do not
 * fit together. It checks the nesting and the form of tags, not names against a schema.
 *
 * @module
 */
import { flawed, type Line, type Pretty, type Token } from "./code_line.ts";
import { tagTokens } from "./markup.ts";

/** Deeper is shown no further to the right. */
const MAX_INDENT = 40;

/** Tags, comments, instructions, declarations, and the text between them. */
const PIECE =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!\w(?:[^>[]|\[[\s\S]*?\])*>|<\/?[^\s<>/!?][^<>]*>|[^<]+/y;

interface Open {
  readonly name: string;
  readonly at: number;
}

/**
 * Lays XML out.
 *
 * @param text as it came
 */
export function formatXml(text: string): Pretty {
  const lines: Token[][] = [];
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
    if (piece === undefined) return flawed(text, at, 'This "<" begins no tag');
    if (!piece.startsWith("<")) {
      const words = piece.trim();
      if (words !== "" && words !== "\ufeff") {
        if (nest.length === 0) {
          return flawed(text, at + piece.search(/[^\s\ufeff]/), "Text stands outside of all tags");
        }
        if (canJoin && !words.includes("\n")) lines.at(-1)!.push({ kind: "plain", text: words });
        else words.split(/\r?\n/).forEach((line) => put([{ kind: "plain", text: line.trim() }]));
        canJoin = canJoin && !words.includes("\n");
      }
    } else if (piece.startsWith("</")) {
      const name = piece.slice(2, -1).trim();
      const open = nest.pop();
      if (!open) return flawed(text, at, `"</${name}>" ends what was never begun`);
      if (open.name !== name) {
        return flawed(text, at, `"</${name}>" stands where "</${open.name}>" is expected`);
      }
      if (canJoin) lines.at(-1)!.push(...tagTokens(piece));
      else put(tagTokens(piece));
      canJoin = false;
    } else if (/^<[!?]/.test(piece)) {
      const kind = piece.startsWith("<![CDATA[") ? "string" : "comment";
      piece.split(/\r?\n/).forEach((line) => put([{ kind, text: line }]));
      canJoin = false;
    } else {
      const name = /^<([^\s/>]+)/.exec(piece)![1];
      if (nest.length === 0 && ++roots > 1) {
        return flawed(text, at, `"<${name}>" is a second root: there can be one alone`);
      }
      put(tagTokens(piece.replace(/\s+/g, " ")));
      canJoin = !piece.endsWith("/>");
      if (canJoin) nest.push({ name, at });
    }
    at += piece.length;
  }
  const open = nest.at(-1);
  if (open) return flawed(text, open.at, `"<${open.name}>" is never ended`);
  if (roots === 0) return flawed(text, 0, "There is no element");
  return { lines: lines as Line[], flaw: undefined };
}
