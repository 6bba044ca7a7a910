/**
 * What a value of laid-out JSON is called from the top, and what it is: for use elsewhere.
 * `body_view.tsx` gives both to the tree.
 *
 * @module
 */
import type { Line, PrettyTree } from "./code_line.ts";

/**
 * What leads to a value: `$.lines[0].sku`, as JSONPath (RFC 9535) writes it.
 *
 * @param json what it stands in
 * @param line the line it begins on
 */
export function jsonPath({ nodes }: PrettyTree, line: number): string {
  const steps: string[] = [];
  for (let node = nodes[line]; node && node.key !== undefined; node = nodes[node.parent]) {
    const { key } = node;
    steps.push(
      typeof key === "number"
        ? `[${key}]`
        : /^[A-Za-z_][\w]*$/.test(key)
        ? `.${key}`
        : `[${JSON.stringify(key)}]`,
    );
  }
  return `$${steps.reverse().join("")}`;
}

/**
 * A value for use elsewhere: a string without its quotes and escapes, a number as it was written, an
 * object or array as JSON.
 *
 * @param json what it stands in
 * @param line the line it begins on
 */
export function jsonValue({ nodes, lines }: PrettyTree, line: number): string {
  const node = nodes[line];
  if (!node) return "";
  const [first, ...rest] = lines.slice(line, node.end + 1);
  const start = first.findIndex(({ kind, text }) => kind === "mark" && text === ": ");
  const isTop = start < 0;
  const own = isTop ? first.filter(({ kind }) => kind !== "plain") : first.slice(start + 1);
  if (node.kind === "scalar") {
    const { kind, text } = own[0];
    return kind === "string" ? JSON.parse(text) : text;
  }
  const indent = indentOf(lines[node.end]).length;
  const words = [textOf(own), ...rest.map((tokens) => textOf(tokens).slice(indent))];
  return words.join("\n").replace(/,$/, "");
}

function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

function indentOf(line: Line): string {
  return line[0]?.kind === "plain" ? line[0].text : "";
}
