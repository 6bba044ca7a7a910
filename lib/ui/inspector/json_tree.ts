/**
 * Laid-out JSON as a tree: which lines are in sight while some values are folded, what a value is
 * called from the top, and where the keys lead. `json_tree_view.tsx` shows it.
 *
 * @module
 */
import type { Line } from "./code_line.ts";
import type { JsonNode, PrettyJson } from "./json_view.ts";

/** The lines whose values are folded. */
export type Folded = ReadonlySet<number>;

/** Whether there is something in the value of a line to fold. */
export function isFoldable(node: JsonNode | undefined): boolean {
  return node !== undefined && node.kind !== "scalar";
}

/** The lines in sight, from top to bottom. */
export function linesInSight({ nodes, lines }: PrettyJson, folded: Folded): number[] {
  const shown: number[] = [];
  for (let line = 0; line < lines.length; line++) {
    shown.push(line);
    const node = nodes[line];
    if (node && folded.has(line)) line = node.end;
  }
  return shown;
}

/** Folds everything but the outermost values. */
export function foldAll({ nodes }: PrettyJson): Set<number> {
  const folded = new Set<number>();
  nodes.forEach((node, line) => {
    if (isFoldable(node) && node!.depth > 0) folded.add(line);
  });
  return folded;
}

/**
 * What leads to a value: `$.lines[0].sku`, as JSONPath (RFC 9535) writes it.
 *
 * @param json what it stands in
 * @param line the line it begins on
 */
export function pathOf({ nodes }: PrettyJson, line: number): string {
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
export function valueOf({ nodes, lines }: PrettyJson, line: number): string {
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

/** How many values a folded line stands for. */
export function countWords({ kind, count }: JsonNode): string {
  const word = kind === "array" ? "item" : "name";
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

/** What stands behind the dots of a folded line: its end. */
export function endOf({ nodes, lines }: PrettyJson, line: number): Line {
  return lines[nodes[line]!.end].filter(({ kind }) => kind !== "plain");
}

/** What a key did. */
export interface Move {
  /** The line that is chosen now. */
  readonly line: number;
  /** What is folded now. */
  readonly folded: Folded;
}

/**
 * Where a key leads; the keys of a tree (ARIA Authoring Practices, tree view).
 *
 * @param json what is shown
 * @param from the line that is chosen, and what is folded
 * @param key as keyboard events name it
 * @returns `undefined` when the key means nothing here
 */
export function moveBy(json: PrettyJson, { line, folded }: Move, key: string): Move | undefined {
  const { nodes } = json;
  const node = nodes[line];
  const places = linesInSight(json, folded).filter((place) => nodes[place]);
  const at = places.indexOf(line);
  const to = (place: number | undefined): Move => ({ line: place ?? line, folded });
  switch (key) {
    case "ArrowDown":
      return to(places[at + 1]);
    case "ArrowUp":
      return to(places[Math.max(0, at - 1)]);
    case "Home":
      return to(places[0]);
    case "End":
      return to(places.at(-1));
    case "ArrowRight":
      if (!isFoldable(node)) return to(undefined);
      return folded.has(line) ? { line, folded: toggled(folded, line) } : to(places[at + 1]);
    case "ArrowLeft":
      if (isFoldable(node) && !folded.has(line)) return { line, folded: toggled(folded, line) };
      return to(node && node.parent >= 0 ? node.parent : undefined);
    case "Enter":
    case " ":
      return isFoldable(node) ? { line, folded: toggled(folded, line) } : to(undefined);
    case "-":
      return { line: topOf(json, line), folded: foldAll(json) };
    case "+":
      return { line, folded: new Set() };
  }
}

/** The same with one line folded that was not, or the other way round. */
export function toggled(folded: Folded, line: number): Folded {
  const next = new Set(folded);
  if (!next.delete(line)) next.add(line);
  return next;
}

/** The line that is still in sight once all is folded. */
function topOf({ nodes }: PrettyJson, line: number): number {
  let at = line;
  while ((nodes[at]?.depth ?? 0) > 1) at = nodes[at]!.parent;
  return at;
}

function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}

function indentOf(line: Line): string {
  return line[0]?.kind === "plain" ? line[0].text : "";
}
