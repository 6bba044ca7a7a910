/**
 * Changes a few lines of a head and leaves every other byte as it came: header case, order and
 * spacing reach the other side untouched. Used by whoever forwards a message.
 *
 * @module
 */
import { COLON, CR, isHeaderValue, isToken, LF, quote, SP, spells, writeLatin1 } from "./chars.ts";
import type { HttpHead } from "./head.ts";

/** A header to write: its name and its value. */
export type HeaderLine = readonly [name: string, value: string];

/** What to change in a head. Names in any case. */
export interface HeadEdits {
  /** Replaces the first line; without CRLF. */
  readonly startLine?: string;
  /** Drops every header of these names. */
  readonly remove?: readonly string[];
  /** Puts the value in the place of the first header of that name, drops further ones, or appends it when there is none. */
  readonly set?: readonly HeaderLine[];
  /** Appended at the end, in this order. */
  readonly add?: readonly HeaderLine[];
}

const NONE: readonly never[] = [];

/**
 * The head with a few lines changed. Everything else is copied byte for byte, in order.
 *
 * @param head the head to change; it stays as it is
 * @param edits what to change; a name that is both removed and set is set
 * @returns the changed head, ready to send
 * @throws {TypeError} when a name, value or first line could end its line and begin another
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { editHead } from "./edit.ts";
 * import { parseRequestHead } from "./head.ts";
 *
 * const text = "GET / HTTP/1.1\r\nhost:  a\r\nKeep-Alive: 5\r\n\r\n";
 * const head = parseRequestHead(new TextEncoder().encode(text));
 * const edited = editHead(head, { remove: ["keep-alive"], add: [["X-Forwarded-Proto", "https"]] });
 * assert.equal(
 *   new TextDecoder().decode(edited),
 *   "GET / HTTP/1.1\r\nhost:  a\r\nX-Forwarded-Proto: https\r\n\r\n",
 * );
 * ```
 */
export function editHead(head: HttpHead, edits: HeadEdits): Uint8Array {
  const { bytes } = head;
  const { startLine, remove = NONE, set = NONE, add = NONE } = edits;
  if (startLine !== undefined && !isHeaderValue(startLine)) {
    throw new TypeError(
      `Cannot write the first line ${quote(startLine)}: it has a control character`,
    );
  }
  let size = bytes.length;
  // Bit n: some name is n (mod 32) long; some name begins with the n-th letter. Most lines of a head
  // differ from all names in one or the other, and need no comparison.
  let lengths = 0;
  let letters = 0;
  for (const name of remove) {
    lengths |= 1 << (name.length & 31);
    letters |= 1 << (name.charCodeAt(0) & 31);
  }
  for (const line of set) {
    checkHeaderLine(line);
    lengths |= 1 << (line[0].length & 31);
    letters |= 1 << (line[0].charCodeAt(0) & 31);
  }
  for (const line of add) {
    checkHeaderLine(line);
    size += line[0].length + line[1].length + 4;
  }

  // Three numbers per line that changes: where it begins, where it ends, which of `set` replaces it or -1.
  const changes: number[] = [];
  const placed: boolean[] = [];
  if (startLine !== undefined) size += startLine.length + 2 - head.lineStart(0);
  for (let index = 0; lengths !== 0 && index < head.count; index++) {
    const from = head.lineStart(index);
    const nameTo = head.nameEnd(index);
    if (
      (lengths >>> ((nameTo - from) & 31) & letters >>> (bytes[from] & 31) &
        1) === 0
    ) continue;
    let which = set.length - 1;
    while (which >= 0 && !spells(bytes, from, nameTo, set[which][0])) which--;
    if (which < 0 && !isAmong(remove, bytes, from, nameTo)) continue;
    const to = head.lineStart(index + 1);
    size -= to - from;
    if (which >= 0 && placed[which]) which = -1;
    if (which >= 0) {
      placed[which] = true;
      size += nameTo - from + set[which][1].length + 4;
    }
    changes.push(from, to, which);
  }
  for (let which = 0; which < set.length; which++) {
    if (!placed[which]) size += set[which][0].length + set[which][1].length + 4;
  }

  const out = new Uint8Array(size);
  let at = 0;
  let from = 0;
  if (startLine !== undefined) {
    at = writeLatin1(startLine, out, 0);
    from = head.lineStart(0) - 2;
  }
  for (let index = 0; index < changes.length; index += 3) {
    at = copy(bytes, from, changes[index], out, at);
    from = changes[index + 1];
    const which = changes[index + 2];
    if (which < 0) continue;
    const name = changes[index];
    at = copy(bytes, name, name + set[which][0].length, out, at);
    at = writeValue(set[which][1], out, at);
  }
  at = copy(bytes, from, bytes.length - 2, out, at);
  for (let which = 0; which < set.length; which++) {
    if (!placed[which]) {
      at = writeValue(set[which][1], out, writeLatin1(set[which][0], out, at));
    }
  }
  for (const line of add) {
    at = writeValue(line[1], out, writeLatin1(line[0], out, at));
  }
  out[at] = CR;
  out[at + 1] = LF;
  return out;
}

/**
 * Several edits as one. A first line of a later one wins; everything else adds up.
 *
 * @param edits in order
 */
export function mergeEdits(...edits: readonly HeadEdits[]): HeadEdits {
  let { startLine, remove, set, add } = edits[0] ?? {};
  for (let index = 1; index < edits.length; index++) {
    const edit = edits[index];
    startLine = edit.startLine ?? startLine;
    remove = both(remove, edit.remove);
    set = both(set, edit.set);
    add = both(add, edit.add);
  }
  return { startLine, remove, set, add };
}

function both<T>(
  first: readonly T[] | undefined,
  then: readonly T[] | undefined,
) {
  return first && then ? [...first, ...then] : first ?? then;
}

/**
 * Makes sure that a header can be written as it is.
 *
 * @throws {TypeError} when its name or value could end the line and begin another
 */
export function checkHeaderLine([name, value]: HeaderLine): void {
  if (!isToken(name)) {
    throw new TypeError(
      `Cannot write the header ${quote(name)}: not a header name`,
    );
  }
  if (!isHeaderValue(value)) {
    throw new TypeError(
      `Cannot write the header ${quote(name)}: its value has a control character`,
    );
  }
}

function isAmong(
  names: readonly string[],
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let index = 0; index < names.length; index++) {
    if (
      names[index].length === to - from && spells(bytes, from, to, names[index])
    ) return true;
  }
  return false;
}

function copy(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): number {
  if (end > start) to.set(from.subarray(start, end), at);
  return at + end - start;
}

function writeValue(value: string, out: Uint8Array, at: number): number {
  out[at] = COLON;
  out[at + 1] = SP;
  at = writeLatin1(value, out, at + 2);
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}
