/**
 * Moves and renames keys of a YAML document, with the comments that belong to them: what an upgrade
 * of a configuration file is made of.
 *
 * @module
 */
import {
  type Document,
  isMap,
  isScalar,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
} from "yaml";
import { TunnelError } from "../base/errors.ts";
import { type Move, moveLines } from "./yaml_lines.ts";
import type { Path, YamlDocument } from "./yaml_document.ts";
import { parseYamlDocument } from "./yaml_document.ts";
import { parseToEdit, printEdited } from "./yaml_edit.ts";

/**
 * The document with keys moved. What is not there is not moved; what is in the way stays, and the
 * key that would replace it is dropped.
 *
 * @param document as it was
 * @param moves in order
 */
export function moveKeys(document: YamlDocument, moves: readonly Move[]): YamlDocument {
  const tree = parseToEdit(document.text);
  for (const move of moves) moveKey(tree, move);
  const printed = parseYamlDocument(printEdited(tree, document.text), document.source);
  return byLines(document, moves, printed) ?? printed;
}

/** The same, with every other line as it was, where that says the same. */
function byLines(
  { text, source }: YamlDocument,
  moves: readonly Move[],
  printed: YamlDocument,
): YamlDocument | undefined {
  const careful = moveLines(text, moves);
  if (careful === undefined) return undefined;
  try {
    const document = parseYamlDocument(careful, source);
    return isSame(document.value, printed.value) ? document : undefined;
  } catch (thrown) {
    if (thrown instanceof TunnelError) return undefined;
    throw thrown;
  }
}

/** Whether two plain values say the same; the order of keys says nothing. */
function isSame(one: unknown, other: unknown): boolean {
  const sorted = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
      : value;
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

function moveKey(tree: Document, { from, to, ...more }: Move): void {
  const parent = mapAt(tree, from.slice(0, -1));
  const index = parent ? indexOf(parent, from[from.length - 1]) : -1;
  if (!parent || index < 0) return;
  const [pair] = parent.items.splice(index, 1);
  const name = String(to[to.length - 1]);
  const target = made(tree, to.slice(0, -1), parent, index, pair);
  const there = indexOf(target, name);
  if (there >= 0) return;
  if (isScalar(pair.key)) pair.key.value = name;
  if ("value" in more) pair.value = tree.createNode(more.value);
  if (target === parent) target.items.splice(index, 0, pair);
  else target.items.push(pair);
}

/** The map at a path, made beside where the first key for it stood. */
function made(
  tree: Document,
  path: Path,
  beside: YAMLMap,
  index: number,
  first: Pair,
): YAMLMap {
  const there = mapAt(tree, path);
  if (there) return there;
  const map = tree.createNode({}) as YAMLMap;
  map.flow = false;
  const above = mapAt(tree, path.slice(0, -1));
  const name = String(path[path.length - 1]);
  if (!above) return beside;
  // A key that says nothing keeps its place and its comment.
  const empty = above.items.find(({ key }) => isScalar(key) && key.value === name);
  if (empty) empty.value = map;
  else {
    const pair = pairOf(name, map);
    // What stands at the top of a file is about the file, not about its first key.
    if (index === 0 && isScalar(first.key) && isScalar(pair.key)) {
      pair.key.commentBefore = first.key.commentBefore;
      first.key.commentBefore = undefined;
    }
    above.items.splice(above === beside ? index : above.items.length, 0, pair);
  }
  return map;
}

function pairOf(name: string, value: YAMLMap): Pair {
  const map = parseDocument(`${name}: {}`).contents as unknown as YAMLMap;
  const [pair] = map.items;
  pair.value = value;
  pair.key = new Scalar(name);
  return pair;
}

function mapAt(tree: Document, path: Path): YAMLMap | undefined {
  const node = path.length === 0 ? tree.contents : tree.getIn(path, true);
  return isMap(node) ? node : undefined;
}

function indexOf(map: YAMLMap, name: PropertyKey): number {
  return map.items.findIndex(({ key }) => isScalar(key) && String(key.value) === String(name));
}
