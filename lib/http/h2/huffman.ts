/**
 * The Huffman code of HPACK (RFC 7541 section 5.2). Used by the decoder and the encoder of field
 * sections.
 *
 * @module
 */

/**
 * How many bits the code of each byte has (RFC 7541 appendix B), as runs: a length and how many bytes
 * in a row have it. The code is canonical, so the lengths are all there is to know.
 */
const RUNS = "13 1 23 1 28 7 24 1 30 1 28 2 30 1 28 8 30 1 28 9 6 1 10 2 12 1 13 1 6 1 8 1 11 1 " +
  "10 2 8 1 11 1 8 1 6 3 5 3 6 7 7 1 8 1 15 1 6 1 12 1 10 1 13 1 6 1 7 22 8 1 7 1 8 1 13 1 19 1 " +
  "13 1 14 1 6 1 15 1 5 1 6 1 5 1 6 1 5 1 6 3 5 1 7 2 6 3 5 1 6 1 7 1 6 1 5 2 6 1 7 5 15 1 11 1 " +
  "14 1 13 1 28 1 20 1 22 1 20 2 22 3 23 1 22 1 23 5 24 1 23 1 24 2 22 1 23 1 24 1 23 4 21 1 22 1 " +
  "23 1 22 1 23 2 24 1 22 1 21 1 20 1 22 2 23 2 21 1 23 1 22 2 24 1 21 1 22 1 23 2 21 2 22 1 21 1 " +
  "23 1 22 1 23 2 20 1 22 3 23 1 22 2 23 1 26 2 20 1 19 1 22 1 23 1 22 1 25 1 26 3 27 2 26 1 24 1 " +
  "25 1 19 1 21 1 26 1 27 2 26 1 27 1 24 1 21 2 26 2 28 1 27 3 20 1 24 1 20 1 21 1 22 1 21 2 23 1 " +
  "22 2 25 2 24 2 26 1 23 1 26 1 27 1 26 2 27 5 28 1 27 5 26 1";

const LONGEST = 30;

interface Code {
  /** Bits of each byte's code. */
  readonly lengths: Uint8Array;
  /** Each byte's code. */
  readonly codes: Uint32Array;
  /** The bytes in the order of their codes. */
  readonly ordered: Uint8Array;
  /** By length: the first code, the number of codes, and where they begin in `ordered`. */
  readonly first: Uint32Array;
  readonly counts: Uint16Array;
  readonly begins: Uint16Array;
  /** By the next eight bits: length and byte of a code that fits into them, or 0. */
  readonly short: Uint16Array;
}

let made: Code | undefined;

/** The code, made when it is first needed. */
function code(): Code {
  return made ??= make();
}

function make(): Code {
  const lengths = new Uint8Array(256);
  const runs = RUNS.split(" ").map(Number);
  let byte = 0;
  for (let run = 0; run < runs.length; run += 2) {
    lengths.fill(runs[run], byte, byte += runs[run + 1]);
  }
  const codes = new Uint32Array(256);
  const ordered = new Uint8Array(256);
  const first = new Uint32Array(LONGEST + 2);
  const counts = new Uint16Array(LONGEST + 2);
  const begins = new Uint16Array(LONGEST + 2);
  const short = new Uint16Array(256);
  let next = 0;
  let at = 0;
  for (let bits = 1; bits <= LONGEST; bits++) {
    next *= 2;
    first[bits] = next;
    begins[bits] = at;
    for (let byte = 0; byte < 256; byte++) {
      if (lengths[byte] !== bits) continue;
      codes[byte] = next;
      ordered[at++] = byte;
      counts[bits]++;
      if (bits <= 8) short.fill(bits << 8 | byte, next << 8 - bits, next + 1 << 8 - bits);
      next++;
    }
  }
  return { lengths, codes, ordered, first, counts, begins, short };
}

/**
 * Decodes a string.
 *
 * @param bytes where it is
 * @param from its first byte
 * @param to after its last
 * @returns the text, a character for each byte; `undefined` when it is no valid code
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  const { ordered, first, counts, begins, short } = code();
  const out: number[] = [];
  let held = 0;
  let bits = 0;
  for (;;) {
    while (bits <= 24 && from < to) {
      held = held << 8 | bytes[from++];
      bits += 8;
    }
    if (bits === 0) break;
    const peek = bits >= 8 ? held >>> bits - 8 & 255 : (held << 8 - bits | 255 >> bits) & 255;
    const entry = short[peek];
    if (entry !== 0) {
      const length = entry >> 8;
      if (length > bits) return isPadding(held, bits) ? text(out) : undefined;
      out.push(entry & 255);
      bits -= length;
      continue;
    }
    if (bits < 8) return isPadding(held, bits) ? text(out) : undefined;
    bits -= 8;
    let value = peek;
    let length = 9;
    for (; length <= LONGEST; length++) {
      if (bits === 0) {
        if (from === to) return undefined;
        held = bytes[from++];
        bits = 8;
      }
      bits--;
      value = 2 * value + (held >>> bits & 1);
      const offset = value - first[length];
      if (offset < 0 || offset >= counts[length]) continue;
      out.push(ordered[begins[length] + offset]);
      break;
    }
    if (length > LONGEST) return undefined; // EOS, which may not stand in a string
  }
  return text(out);
}

/** RFC 7541 section 5.2: fewer than eight bits, all of them ones. */
function isPadding(held: number, bits: number): boolean {
  const mask = (1 << bits) - 1;
  return bits < 8 && (held & mask) === mask;
}

function text(codes: readonly number[]): string {
  if (codes.length < 4096) return String.fromCharCode.apply(null, codes as number[]);
  let text = "";
  for (let at = 0; at < codes.length; at += 4096) {
    text += String.fromCharCode.apply(null, codes.slice(at, at + 4096));
  }
  return text;
}

/** How many bytes a text takes when it is encoded. */
export function huffmanBytes(text: string): number {
  const { lengths } = code();
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits += lengths[text.charCodeAt(at) & 255];
  return bits + 7 >> 3;
}

/**
 * Encodes a text of characters up to U+00FF.
 *
 * @param text what is said
 * @param out where it goes: {@linkcode huffmanBytes} of it
 * @param at where it begins
 * @returns the offset after the last byte
 */
export function encodeHuffman(text: string, out: Uint8Array, at: number): number {
  const { lengths, codes } = code();
  let held = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    const byte = text.charCodeAt(index) & 255;
    let left = lengths[byte];
    const value = codes[byte];
    while (left > 0) {
      const take = Math.min(left, 8 - bits);
      left -= take;
      held = held << take | value >>> left & (1 << take) - 1;
      bits += take;
      if (bits < 8) continue;
      out[at++] = held;
      held = 0;
      bits = 0;
    }
  }
  if (bits > 0) out[at++] = held << 8 - bits | 255 >> bits;
  return at;
}
