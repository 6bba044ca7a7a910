/**
 * Moves keys of a YAML text by moving their lines: whatever stands around them stays as it is.
 * `yaml_moves.ts` asks here first, and checks what came of it.
 *
 * @module
 */
import { isMap, isNode, isScalar, type Pair, Scalar, type YAMLMap } from "yaml";
import { parseToEdit, writtenAs } from "./yaml_edit.ts";
import type { Path } from "./yaml_document.ts";

/** One change. */
export interface Move {
  /** Where the key is. */
  readonly from: Path;
  /** Where it goes; the maps on the way are made where the first key for them was. */
  readonly to: Path;
  /** What its value becomes. @default what it was */
  readonly value?: unknown;
}

const INDENT = "  ";

/**
 * The text with keys moved from its top below another one, and others renamed where they are;
 * `undefined` where lines are not enough.
 *
 * @param text block style at its top
 * @param moves in order
 */
export function moveLines(text: string, moves: readonly Move[]): string | undefined {
  const down = moves.filter(({ from, to }) => from.length === 1 && to.length === 2);
  const stays = moves.filter(({ from, to }) =>
    from.length === to.length && from.slice(0, -1).every((key, at) => key === to[at])
  );
  if (down.length + stays.length < moves.length) return undefined;
  let after: string | undefined = text;
  for (const move of stays) after &&= renamed(after, move);
  return after && (down.length > 0 ? movedDown(after, down) : after);
}

/** `old: x # why` becomes `new: [x] # why`. */
function renamed(text: string, { from, to, value }: Move): string | undefined {
  let map: unknown = parseToEdit(text).contents;
  for (const key of from.slice(0, -1)) {
    map = isMap(map) ? pairOf(map, String(key))?.value : undefined;
  }
  const pair = isMap(map) ? pairOf(map, String(from[from.length - 1])) : undefined;
  if (!isMap(map) || pairOf(map, String(to[to.length - 1]))) return undefined;
  const { key, value: before } = pair ?? {};
  if (!isScalar(key) || !key.range || !isScalar(before) || !before.range) return undefined;
  const [start, end] = before.range;
  const list = Array.isArray(value) ? value : undefined;
  if (value !== undefined && (!list || list.some((one) => typeof one !== "string"))) {
    return undefined;
  }
  const written = list ? `[${list.map(inFlow).join(", ")}]` : text.slice(start, end);
  const name = String(to[to.length - 1]);
  return text.slice(0, key.range[0]) + name + text.slice(key.range[1], start) + written +
    text.slice(end);
}

function inFlow(text: string): string {
  return /^[\w-]+$/.test(text) ? writtenAs(text) : JSON.stringify(text);
}

/** All keys go below one, which is made where the first of them was. */
function movedDown(text: string, moves: readonly Move[]): string | undefined {
  const root = parseToEdit(text).contents;
  const [below] = moves[0].to;
  if (!isMap(root) || root.flow || pairOf(root, String(below))) return undefined;
  if (moves.some(({ to, value }) => to[0] !== below || value !== undefined)) return undefined;
  const chunks = chunksOf(text, root);
  if (!chunks) return undefined;
  const names = new Map(moves.map(({ from, to }) => [String(from[0]), String(to[1])]));
  const moved = chunks.filter(({ key }) => names.has(key));
  if (moved.length === 0) return undefined;
  const lines = moved.map(({ key, comments, rest }) => {
    const name = names.get(key)!;
    return indented(comments + name + rest.slice(rest.indexOf(":")));
  });
  const at = chunks.indexOf(moved[0]);
  const kept = (some: readonly Chunk[]) =>
    some.filter(({ key }) => !names.has(key)).map(({ comments, rest }) => comments + rest);
  const length = chunks.reduce((sum, { comments, rest }) => sum + comments.length + rest.length, 0);
  const start = chunksStart(root);
  return [
    text.slice(0, start),
    ...kept(chunks.slice(0, at)),
    `${String(below)}:\n`,
    ...lines,
    ...kept(chunks.slice(at)),
    text.slice(start + length),
  ].join("");
}

/** Where the first key stands: what is in front of it is about the file. */
function chunksStart({ items }: YAMLMap): number {
  const key = items[0]?.key;
  return isScalar(key) ? key.range?.[0] ?? 0 : 0;
}

/**
 * The text with keys of its top made comments; as it was where lines are not enough.
 *
 * @param text block style at its top
 * @param names which
 */
export function commentOut(text: string, names: readonly string[]): string {
  const root = parseToEdit(text).contents;
  const chunks = isMap(root) && !root.flow ? chunksOf(text, root) : undefined;
  if (!isMap(root) || !chunks || names.length === 0) return text;
  const lines = chunks.map(({ key, comments, rest }) =>
    comments + (names.includes(key) ? rest.replace(/^(?=[^\n])/gm, "# ") : rest)
  ).join("");
  const start = chunksStart(root);
  const length = chunks.reduce((sum, { comments, rest }) => sum + comments.length + rest.length, 0);
  return text.slice(0, start) + lines + text.slice(start + length);
}

/** A key of the top with all its lines. */
interface Chunk {
  readonly key: string;
  /** What stands above it and is about it. */
  readonly comments: string;
  /** From the key to the end of its last line. */
  readonly rest: string;
}

/** The text in pieces, from the first key to the last line of the last one. */
function chunksOf(text: string, root: YAMLMap): readonly Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let before = chunksStart(root);
  for (const pair of root.items) {
    const { key } = pair;
    if (!isScalar(key) || !key.range || key.anchor || key.type !== Scalar.PLAIN) return undefined;
    const [start] = key.range;
    if (start > 0 && text[start - 1] !== "\n") return undefined;
    const end = endOf(pair, text);
    chunks.push({
      key: String(key.value),
      comments: text.slice(before, start),
      rest: text.slice(start, end),
    });
    before = end;
  }
  return chunks;
}

/** The end of the last line of a key and its value. */
function endOf({ key, value }: Pair, text: string): number {
  const ends = [key, value].map((node) => isNode(node) ? node.range?.[1] ?? 0 : 0);
  const end = Math.max(...ends);
  if (text[end - 1] === "\n") return end;
  const lineEnd = text.indexOf("\n", end);
  return lineEnd < 0 ? text.length : lineEnd + 1;
}

function indented(text: string): string {
  const ends = text.endsWith("\n") ? text : `${text}\n`;
  return ends.replace(/^(?=[^\n])/gm, INDENT);
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
}
