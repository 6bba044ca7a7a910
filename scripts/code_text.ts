/**
 * Source text without what is not code, for checks that look for words: {@link file://./floors.ts}
 * and {@link file://./parity.ts}.
 *
 * @module
 */

/** After one of these (or a keyword) a slash begins a regular expression, not a division. */
const BEFORE_REGEXP =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|await|yield|throw|new|delete))\s*$/;

/**
 * Blanks comments, regular expressions and the text of strings; quotes and code inside `${}` stay.
 * Lines and columns stay where they are.
 *
 * @param source TypeScript
 * @returns text of the same length
 */
export function codeOnly(source: string): string {
  let code = "";
  let at = 0;
  /** For each template literal we are inside of: how many braces are open in its `${}`. */
  const templates: number[] = [];

  function blank(to: number) {
    code += source.slice(at, to).replace(/[^\n]/g, " ");
    at = to;
  }
  /** A string stays visible as such: what follows it is no regular expression. */
  function quoted(to: number) {
    blank(to - 1);
    code += source[at++] ?? "";
  }
  function endOf(pattern: RegExp): number {
    pattern.lastIndex = at;
    return pattern.test(source) ? pattern.lastIndex : source.length;
  }
  function template() {
    // Runs to the closing backtick or to the next `${`, whichever comes first.
    quoted(endOf(/(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/gy));
    if (source[at - 1] === "{") templates.push(0);
  }

  while (at < source.length) {
    const char = source[at];
    const next = source[at + 1];
    if (char === "/" && next === "/") blank(endOf(/[^\n]*/gy));
    else if (char === "/" && next === "*") blank(endOf(/\/\*[\s\S]*?\*\//gy));
    else if (char === '"') quoted(endOf(/"(?:\\[\s\S]|[^"\\\n])*"/gy));
    else if (char === "'") quoted(endOf(/'(?:\\[\s\S]|[^'\\\n])*'/gy));
    else if (char === "/" && BEFORE_REGEXP.test(code.slice(-40))) {
      blank(endOf(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/gy));
    } else if (char === "`") {
      code += " ";
      at++;
      template();
    } else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      code += "}";
      at++;
      template();
    } else {
      if (templates.length > 0 && char === "{") templates[templates.length - 1]++;
      if (templates.length > 0 && char === "}") templates[templates.length - 1]--;
      code += char;
      at++;
    }
  }
  return code;
}

/** One place where a pattern matches. */
export interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** What matched. */
  readonly text: string;
}

/** Every place in a text where a pattern (with the flag `g`) matches. */
export function places(text: string, pattern: RegExp): Place[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    text: match[0].trim(),
  }));
}
