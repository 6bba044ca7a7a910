/**
 * Reads field sections (HPACK, RFC 7541). Each HTTP/2 session has one for what its peer says.
 *
 * @module
 */
import { latin1 } from "../chars.ts";
import type { FieldList } from "../http2_request.ts";
import { decodeHuffman } from "./huffman.ts";
import { DynamicTable, FIELD_OVERHEAD, STATIC_TABLE } from "./hpack_table.ts";

/** What we let a peer's table hold: the default of SETTINGS_HEADER_TABLE_SIZE. */
const TABLE_BYTES = 4096;

/** A field section that is none: the connection cannot go on (COMPRESSION_ERROR). */
export class HpackError extends Error {
  /** Its name. */
  override readonly name: string = "HpackError";
}

/** What a section said. */
export interface Section {
  /** Its fields, as far as the limits go. */
  readonly fields: FieldList;
  /** Whether there were more than the limits allow. */
  readonly isTooLarge: boolean;
}

/** The state of one direction. */
export class HpackDecoder {
  readonly #table = new DynamicTable(TABLE_BYTES);
  readonly #maxBytes: number;
  readonly #maxFields: number;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  /**
   * At the beginning of a connection.
   *
   * @param maxBytes of one list of fields, counted as RFC 9113 (6.5.2) does
   * @param maxFields how many that may be
   */
  constructor(maxBytes: number, maxFields: number) {
    this.#maxBytes = maxBytes;
    this.#maxFields = maxFields;
  }

  /**
   * Reads one section. What is too large is read to its end, for the table depends on it, but not kept.
   *
   * @param block all of it
   * @throws {HpackError} when it is none
   */
  decode(block: Uint8Array): Section {
    this.#block = block;
    this.#at = 0;
    const fields: (readonly [string, string])[] = [];
    let bytes = 0;
    let isTooLarge = false;
    while (this.#at < block.length) {
      const field = this.#next(fields.length > 0 || isTooLarge);
      if (!field || isTooLarge) continue;
      bytes += field[0].length + field[1].length + FIELD_OVERHEAD;
      isTooLarge = bytes > this.#maxBytes || fields.length >= this.#maxFields;
      if (!isTooLarge) fields.push(field);
    }
    return { fields, isTooLarge };
  }

  #next(begun: boolean): readonly [string, string] | undefined {
    const first = this.#block[this.#at];
    if (first >= 0x80) return this.#entry(this.#integer(7));
    if (first >= 0x40) {
      const field = this.#literal(6);
      this.#table.add(field[0], field[1]);
      return field;
    }
    if (first < 0x20) return this.#literal(4);
    // RFC 7541 section 4.2: only at the beginning, and no more than we allow.
    const size = this.#integer(5);
    if (begun || size > TABLE_BYTES) throw new HpackError("A table size that was not allowed");
    this.#table.resize(size);
    return undefined;
  }

  #literal(prefix: number): readonly [string, string] {
    const index = this.#integer(prefix);
    const name = index === 0 ? this.#string() : this.#entry(index)[0];
    return [name, this.#string()];
  }

  #entry(index: number): readonly [string, string] {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.at(index - STATIC_TABLE.length - 1);
    if (!field) throw new HpackError(`There is no field ${index}`);
    return field;
  }

  /** RFC 7541 section 5.1. */
  #integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#block[this.#at++] & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#block.length) break;
      const byte = this.#block[this.#at++];
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new HpackError("A number that does not end, or is too large");
  }

  #string(): string {
    if (this.#at >= this.#block.length) throw new HpackError("A field without its end");
    const isHuffman = this.#block[this.#at] >= 128;
    const size = this.#integer(7);
    const from = this.#at;
    const to = from + size;
    if (to > this.#block.length) throw new HpackError("A text without its end");
    this.#at = to;
    if (!isHuffman) return latin1(this.#block, from, to);
    const text = decodeHuffman(this.#block, from, to);
    if (text === undefined) throw new HpackError("A text that is no Huffman code");
    return text;
  }
}
