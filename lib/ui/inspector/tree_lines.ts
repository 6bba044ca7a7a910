/**
 * Laid-out JSON or XML as a tree: which lines are in sight while some are folded, and where the keys
 * lead. `tree_view.tsx` shows it.
 *
 * @module
 */
import type { Line, PrettyTree, TreeNode } from "./code_line.ts";

/** The lines whose values are folded. */
export type Folded = ReadonlySet<number>;

/** Whether there is something in the value of a line to fold. */
export function isFoldable(node: TreeNode | undefined): boolean {
  return node !== undefined && node.kind !== "scalar";
}

/** The lines in sight, from top to bottom. */
export function linesInSight({ nodes, lines }: PrettyTree, folded: Folded): number[] {
  const shown: number[] = [];
  for (let line = 0; line < lines.length; line++) {
    shown.push(line);
    const node = nodes[line];
    if (node && folded.has(line)) line = node.end;
  }
  return shown;
}

/** Folds everything but the outermost values. */
export function foldAll({ nodes }: PrettyTree): Set<number> {
  const folded = new Set<number>();
  nodes.forEach((node, line) => {
    if (isFoldable(node) && node!.depth > 0) folded.add(line);
  });
  return folded;
}

/** How many values a folded line stands for. */
export function countWords({ kind, count }: TreeNode): string {
  const word = kind === "array" ? "item" : kind === "object" ? "name" : "element";
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}

/** What stands behind the dots of a folded line: its end. */
export function endOf({ nodes, lines }: PrettyTree, line: number): Line {
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
 * @param tree what is shown
 * @param from the line that is chosen, and what is folded
 * @param key as keyboard events name it
 * @returns `undefined` when the key means nothing here
 */
export function moveBy(tree: PrettyTree, { line, folded }: Move, key: string): Move | undefined {
  const { nodes } = tree;
  const node = nodes[line];
  const places = linesInSight(tree, folded).filter((place) => nodes[place]);
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
      return { line: topOf(tree, line), folded: foldAll(tree) };
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
function topOf({ nodes }: PrettyTree, line: number): number {
  let at = line;
  while ((nodes[at]?.depth ?? 0) > 1) at = nodes[at]!.parent;
  return at;
}
