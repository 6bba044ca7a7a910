/**
 * The alphabet of HTTP: which bytes may stand where, and bytes to text and back. Used by every
 * parser of this room.
 *
 * @module
 */

/** Carriage return. */
export const CR = 0x0d;
/** Line feed. */
export const LF = 0x0a;
/** Space. */
export const SP = 0x20;
/** Horizontal tab. */
export const HTAB = 0x09;
/** Colon. */
export const COLON = 0x3a;

/** 1 for each byte that a token may hold: methods, header names (RFC 9110 section 5.6.2). */
export const TOKEN: Uint8Array = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~") TOKEN[char.charCodeAt(0)] = 1;
for (let byte = 0x30; byte <= 0x39; byte++) TOKEN[byte] = 1;
for (let byte = 0x41; byte <= 0x5a; byte++) TOKEN[byte] = TOKEN[byte + 32] = 1;

/** Each byte with `A`-`Z` made `a`-`z`, everything else as it is. */
export const LOWER: Uint8Array = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  LOWER[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}

/**
 * Whether a byte may stand in a header value: HTAB, SP, visible ASCII, and obs-text, which is
 * carried along unread (RFC 9110 section 5.5).
 */
export function isValueByte(byte: number): boolean {
  return byte > 31 ? byte !== 127 : byte === HTAB;
}

/**
 * Bytes as text, each byte one character U+0000 to U+00FF. (`TextDecoder("latin1")` is
 * windows-1252 and changes 0x80 to 0x9f.)
 *
 * @param bytes where they are
 * @param from the first
 * @param to after the last
 */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  const size = to - from;
  if (size > LONG_TEXT) return latin1Long(bytes, from, to);
  // Arguments from an array that is used again: the one way that both engines turn into a plain copy.
  const codes = CODES[size] ??= new Array<number>(size).fill(0);
  for (let index = 0; index < size; index++) codes[index] = bytes[from + index];
  return String.fromCharCode.apply(null, codes);
}

/** From here on a call of the decoder, some 100 ns, costs less than the characters one by one. */
const LONG_TEXT = 28;
const CODES: number[][] = [];
const ascii = new TextDecoder();

function latin1Long(bytes: Uint8Array, from: number, to: number): string {
  let bits = 0;
  for (let at = from; at < to; at++) bits |= bytes[at];
  if (bits < 0x80) return ascii.decode(bytes.subarray(from, to));
  let text = "";
  for (; from < to; from += LONG_TEXT) {
    text += latin1(bytes, from, Math.min(to, from + LONG_TEXT));
  }
  return text;
}

/**
 * Text as bytes, each character one byte.
 *
 * @param text nothing above U+00FF
 * @param bytes where they go
 * @param at where they begin
 * @returns the offset after the last
 */
export function writeLatin1(
  text: string,
  bytes: Uint8Array,
  at: number,
): number {
  for (let index = 0; index < text.length; index++) {
    bytes[at++] = text.charCodeAt(index);
  }
  return at;
}

/** Whether the text is a token (RFC 9110 section 5.6.2): at least one character, all allowed. */
export function isToken(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (TOKEN[text.charCodeAt(index)] !== 1) return false;
  }
  return text.length > 0;
}

/** Whether the text can be a header value as it is: no control characters, nothing above U+00FF. */
export function isHeaderValue(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 255 || !isValueByte(code)) return false;
  }
  return true;
}

/**
 * Whether the bytes spell this name, in any case.
 *
 * @param bytes where they are
 * @param from the first
 * @param to after the last
 * @param name what they are compared with, ASCII
 */
export function spells(
  bytes: Uint8Array,
  from: number,
  to: number,
  name: string,
): boolean {
  if (to - from !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (LOWER[bytes[from + index]] !== LOWER[name.charCodeAt(index)]) {
      return false;
    }
  }
  return true;
}

/**
 * Text as it may appear in an error message: quoted, without control characters, not longer than
 * a line.
 */
export function quote(text: string): string {
  const short = text.length > 60 ? text.slice(0, 60) + "…" : text;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f]/g,
    (char) => "\\u00" + char.charCodeAt(0).toString(16),
  );
}
