/**
 * What an element of laid-out XML is called from the top, and what is in it: for use elsewhere.
 * `body_view.tsx` gives both to the tree.
 *
 * @module
 */
import type { PrettyTree } from "./code_line.ts";

/**
 * What leads to an element: `/stock/item[2]/count`, as XPath writes it.
 *
 * @param tree what it stands in
 * @param line the line it begins on
 */
export function xmlPath({ nodes }: PrettyTree, line: number): string {
  let path = "";
  for (let at = line, node = nodes[at]; node; at = node.parent, node = nodes[at]) {
    const { key, parent } = node;
    const alike = nodes.flatMap((one, place) =>
      one && one.parent === parent && one.key === key ? [place] : []
    );
    path = `/${key}${alike.length > 1 ? `[${alike.indexOf(at) + 1}]` : ""}${path}`;
  }
  return path || "/";
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

/**
 * An element for use elsewhere: the text in it, when that is all there is; else the element as XML.
 *
 * @param tree what it stands in
 * @param line the line it begins on
 */
export function xmlValue({ nodes, lines }: PrettyTree, line: number): string {
  const node = nodes[line];
  if (!node) return "";
  const own = lines.slice(line, node.end + 1)
    .map((tokens) => tokens.map(({ text }) => text).join(""));
  const indent = /^ */.exec(own[0])![0].length;
  const inside = node.kind === "scalar" ? /^[^<]*<[^>]*[^/]>([^<]+)<\/[^>]*>$/.exec(own[0]) : null;
  if (inside) {
    return inside[1].replace(/&(#x?[\da-f]+|\w+);/gi, (whole, name) => entity(whole, name));
  }
  return own.map((text) => text.slice(Math.min(indent, /^ */.exec(text)![0].length))).join("\n");
}

function entity(whole: string, name: string): string {
  if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
  const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
