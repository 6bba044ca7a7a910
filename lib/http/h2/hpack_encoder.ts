/**
 * Writes field sections (HPACK, RFC 7541). Each HTTP/2 session has one for what it says.
 *
 * @module
 */
import { writeLatin1 } from "../chars.ts";
import type { FieldList } from "../http2_request.ts";
import { DynamicTable, FIELD_OVERHEAD, STATIC_TABLE } from "./hpack_table.ts";
import { encodeHuffman, huffmanBytes } from "./huffman.ts";

const TABLE_BYTES = 4096;

const staticNames = new Map<string, number>();
const staticFields = new Map<string, number>();
STATIC_TABLE.forEach(([name, value], index) => {
  if (!staticNames.has(name)) staticNames.set(name, index + 1);
  staticFields.set(`${name}\n${value}`, index + 1);
});

/** Never in a table, here or further on (RFC 7541 section 7.1.3): guessing must not pay. */
const SECRET: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

/** Seldom said twice. */
const FLEETING: ReadonlySet<string> = new Set([
  ":path",
  "age",
  "content-length",
  "content-range",
  "etag",
  "grpc-timeout",
  "if-modified-since",
  "if-none-match",
  "last-modified",
  "location",
  "x-request-id",
]);

/** The state of one direction. */
export class HpackEncoder {
  readonly #table = new DynamicTable(TABLE_BYTES);
  /** By field: which of all that were added it was. */
  readonly #known = new Map<string, number>();
  #out: Uint8Array = new Uint8Array(1024);
  #at = 0;
  #resized: number | undefined;

  /** Hears how large a table the peer allows. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, TABLE_BYTES);
    if (size === this.#table.maxBytes && this.#resized === undefined) return;
    // RFC 7541 section 4.2: the smallest in between must be said as well.
    this.#smallest = Math.min(this.#smallest, size);
    this.#resized = size;
    this.#table.resize(this.#smallest);
    this.#table.resize(size);
  }

  #smallest = TABLE_BYTES;

  /**
   * Writes one section.
   *
   * @param fields names in lower case; characters up to U+00FF
   * @returns the section: the caller's own
   */
  encode(fields: FieldList): Uint8Array {
    this.#at = 0;
    if (this.#resized !== undefined) {
      this.#room(16);
      if (this.#smallest < this.#resized) this.#integer(0x20, 5, this.#smallest);
      this.#integer(0x20, 5, this.#resized);
      this.#smallest = this.#resized;
      this.#resized = undefined;
    }
    for (const [name, value] of fields) this.#field(name, value);
    return this.#out.slice(0, this.#at);
  }

  #field(name: string, value: string): void {
    this.#room(name.length + value.length + 32);
    const key = `${name}\n${value}`;
    const whole = staticFields.get(key) ?? this.#find(key);
    if (whole !== undefined) return this.#integer(0x80, 7, whole);
    const index = staticNames.get(name) ?? 0;
    const size = name.length + value.length + FIELD_OVERHEAD;
    if (SECRET.has(name)) this.#integer(0x10, 4, index);
    else if (FLEETING.has(name) || size > this.#table.maxBytes / 4) this.#integer(0, 4, index);
    else {
      this.#integer(0x40, 6, index);
      this.#table.add(name, value);
      this.#known.set(key, this.#table.added);
      if (this.#known.size > 512) this.#forget();
    }
    if (index === 0) this.#string(name);
    this.#string(value);
  }

  #find(key: string): number | undefined {
    const number = this.#known.get(key);
    if (number === undefined) return undefined;
    const back = this.#table.added - number;
    if (back < this.#table.length) return STATIC_TABLE.length + 1 + back;
    this.#known.delete(key);
    return undefined;
  }

  #forget(): void {
    const gone = this.#table.added - this.#table.length;
    for (const [key, number] of this.#known) if (number <= gone) this.#known.delete(key);
  }

  #integer(flags: number, prefix: number, value: number): void {
    const mask = (1 << prefix) - 1;
    if (value < mask) {
      this.#out[this.#at++] = flags | value;
      return;
    }
    this.#out[this.#at++] = flags | mask;
    for (value -= mask; value >= 128; value >>>= 7) this.#out[this.#at++] = value & 127 | 128;
    this.#out[this.#at++] = value;
  }

  #string(text: string): void {
    const packed = huffmanBytes(text);
    if (packed < text.length) {
      this.#integer(0x80, 7, packed);
      this.#at = encodeHuffman(text, this.#out, this.#at);
    } else {
      this.#integer(0, 7, text.length);
      this.#at = writeLatin1(text, this.#out, this.#at);
    }
  }

  /** Makes room for so many bytes. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return;
    const larger = new Uint8Array(2 * (this.#at + bytes));
    larger.set(this.#out.subarray(0, this.#at));
    this.#out = larger;
  }
}
