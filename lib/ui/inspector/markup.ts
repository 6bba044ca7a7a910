/**
 * Colours for languages that are shown as they are written: HTML, CSS, JavaScript, GraphQL. A
 * highlighter, not a parser: what it does not understand it leaves plain.
 *
 * @module
 */
import type { Line, Token, TokenKind } from "./code_line.ts";

/** A language it knows. */
export type Language = "html" | "css" | "javascript" | "graphql";

type Rule = readonly [TokenKind, RegExp];

const STRINGS: Rule = ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y];

const RULES: Readonly<Record<Exclude<Language, "html">, readonly Rule[]>> = {
  css: [
    ["comment", /\/\*[\s\S]*?(?:\*\/|$)/y],
    STRINGS,
    ["word", /@[\w-]+/y],
    ["key", /--[\w-]+|[\w-]+(?=\s*:[^{}]*[;}])/y],
    ["number", /#[0-9a-f]{3,8}\b|-?\d*\.?\d+(?:%|[a-z]+)?/iy],
    ["mark", /[{}()[\];:,]/y],
  ],
  javascript: [
    ["comment", /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y],
    ["string", /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/y],
    [
      "word",
      /\b(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|false|finally|for|from|function|if|import|in|instanceof|let|new|null|of|return|static|super|switch|this|throw|true|try|typeof|undefined|var|void|while|yield)\b/y,
    ],
    ["number", /\b(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)n?\b/iy],
    ["plain", /[\w$]+/y],
    ["mark", /[{}()[\];:,.]/y],
  ],
  graphql: [
    ["comment", /#[^\n]*/y],
    ["string", /"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"/y],
    ["word", /\b(?:query|mutation|subscription|fragment|on|true|false|null)\b/y],
    ["tag", /[@$]\w+/y],
    ["key", /\w+(?=\s*:)/y],
    ["number", /-?\b\d+(?:\.\d+)?\b/y],
    ["plain", /\w+/y],
    ["mark", /[{}()[\]:!,=|]|\.\.\./y],
  ],
};

/**
 * Colours a text.
 *
 * @param text as it came
 * @param language what it is written in
 */
export function highlight(text: string, language: Language): Line[] {
  return linesOf(language === "html" ? htmlTokens(text) : tokensBy(RULES[language], text));
}

/** Indents a GraphQL document that was written on one line; any other stays as it is. */
export function indentGraphql(text: string): string {
  if (text.trim().includes("\n")) return text;
  let depth = 0;
  let result = "";
  for (const piece of text.match(/"(?:[^"\\]|\\.)*"|\([^)]*\)|[{}]|[^{}"(]+/g) ?? []) {
    if (piece === "{") {
      result = `${result.trimEnd()} {\n${"  ".repeat(++depth)}`;
    } else if (piece === "}") {
      depth = Math.max(0, depth - 1);
      result = `${result.trimEnd()}\n${"  ".repeat(depth)}}\n${"  ".repeat(depth)}`;
    } else if (depth > 0 && /^[^"(]/.test(piece)) {
      const fields = piece.trim().replace(/,?\s+(?=[\w.])(?<!:\s)/g, `\n${"  ".repeat(depth)}`);
      result += fields;
    } else {
      result += piece;
    }
  }
  return result.trim();
}

/** Colours one tag: its name, its attributes, their values. */
export function tagTokens(tag: string): Token[] {
  const [open, name] = /^<\/?([^\s/>]*)/.exec(tag) ?? [tag, ""];
  const tokens: Token[] = [
    { kind: "mark", text: open.slice(0, open.length - name.length) },
    { kind: "tag", text: name },
  ];
  const rest = tag.slice(open.length);
  for (const [piece] of rest.matchAll(/"[^"]*"|'[^']*'|=|\/?>|\s+|[^\s=>"'/]+|\//g)) {
    const kind = /^["']/.test(piece)
      ? "string"
      : /^(?:=|\/?>)$/.test(piece)
      ? "mark"
      : /^\s/.test(piece)
      ? "plain"
      : "key";
    tokens.push({ kind, text: piece });
  }
  return tokens.filter(({ text }) => text !== "");
}

function htmlTokens(text: string): Token[] {
  const tokens: Token[] = [];
  const piece =
    /<!--[\s\S]*?(?:-->|$)|<![^>]*>|<\/?[a-z][^\s/>]*(?:"[^"]*"|'[^']*'|[^"'>])*>|[^<]+|</giy;
  let inside: Language | undefined;
  for (let match = piece.exec(text); match; match = piece.exec(text)) {
    const [found] = match;
    if (/^<!/.test(found)) {
      tokens.push({ kind: "comment", text: found });
    } else if (/^<\/?[a-z]/i.test(found) && found.endsWith(">")) {
      tokens.push(...tagTokens(found));
      const name = /^<([a-z]+)/i.exec(found)?.[1].toLowerCase();
      inside = name === "style" ? "css" : name === "script" ? "javascript" : undefined;
      if (inside && !found.endsWith("/>")) {
        const end = text.slice(piece.lastIndex).search(/<\/(?:style|script)/i);
        const code = text.slice(piece.lastIndex, end < 0 ? undefined : piece.lastIndex + end);
        tokens.push(...tokensBy(RULES[inside as "css"], code));
        piece.lastIndex += code.length;
      }
    } else {
      tokens.push({ kind: "plain", text: found });
    }
  }
  return tokens;
}

function tokensBy(rules: readonly Rule[], text: string): Token[] {
  const tokens: Token[] = [];
  let plainFrom = 0;
  let at = 0;
  while (at < text.length) {
    let taken: Token | undefined;
    for (const [kind, pattern] of rules) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match && match[0] !== "") {
        taken = { kind, text: match[0] };
        break;
      }
    }
    if (!taken) {
      at++;
      continue;
    }
    if (plainFrom < at) tokens.push({ kind: "plain", text: text.slice(plainFrom, at) });
    tokens.push(taken);
    plainFrom = at += taken.text.length;
  }
  if (plainFrom < at) tokens.push({ kind: "plain", text: text.slice(plainFrom) });
  return tokens;
}

/** Cuts tokens where lines end. */
function linesOf(tokens: readonly Token[]): Line[] {
  const lines: Token[][] = [[]];
  for (const { kind, text } of tokens) {
    text.split(/\r\n|\n|\r/).forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== "") lines.at(-1)!.push({ kind, text: part });
    });
  }
  return lines;
}
