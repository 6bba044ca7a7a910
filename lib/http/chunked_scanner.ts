/**
 * Follows a chunked body without holding any of it: where the payload is, whether the framing is
 * sound, and where the body ends. `body.ts` lets it watch what it forwards; the inspector lets it
 * watch a copy.
 *
 * @module
 */
import { COLON, CR, HTAB, isValueByte, LF, quote, SP, TOKEN } from "./chars.ts";
import { HttpError, type HttpFault, type HttpSubject } from "./fault.ts";

/** What a chunked body may cost beside its payload, and who wants to see it. */
export interface ChunkedOptions {
  /** Which message the body belongs to, for errors. @default {"request"} */
  readonly subject?: HttpSubject;
  /** The longest extension of one chunk, in bytes. @default {4096} */
  readonly maxExtensionBytes?: number;
  /** The longest trailer section, in bytes. @default {65536} */
  readonly maxTrailerBytes?: number;
  /** Gets each piece of payload, in order: a view into what was scanned. */
  readonly onPayload?: (piece: Uint8Array) => void;
}

// Where the scanner stands between two bytes.
const SIZE_BEGIN = 0;
const SIZE = 1;
const EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;
const TRAILER_BEGIN = 7;
const TRAILER_NAME = 8;
const TRAILER_VALUE = 9;
const TRAILER_LF = 10;
const END_LF = 11;
const DONE = 12;

/** Sixteen hexadecimal digits hold every size there can be; more only try an overflow. */
const MAX_SIZE_DIGITS = 16;

/**
 * Fields that would change framing, routing or authority after the fact (RFC 9110 section 6.5.1).
 * We never merge trailers into headers, but an upstream might.
 */
export const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "forwarded",
  "host",
  "transfer-encoding",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/**
 * A chunked body (RFC 9112 section 7.1) as it passes. Stricter than the grammar in one place: space
 * around a chunk size, which the RFC calls bad whitespace, is refused.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ChunkedScanner } from "./chunked_scanner.ts";
 *
 * const scanner = new ChunkedScanner();
 * const bytes = new TextEncoder().encode("5\r\nhello\r\n0\r\n\r\nGET / …");
 * assert.equal(scanner.scan(bytes), 15);
 * assert.equal(scanner.done, true);
 * assert.equal(scanner.payloadBytes, 5);
 * ```
 */
export class ChunkedScanner {
  readonly #subject: HttpSubject;
  readonly #maxExtensionBytes: number;
  readonly #maxTrailerBytes: number;
  readonly #onPayload: ((piece: Uint8Array) => void) | undefined;
  readonly #trailers: [string, string][] = [];
  #state = SIZE_BEGIN;
  #size = 0; // of this chunk; then what is left of it
  #count = 0; // digits of a size, bytes of an extension, bytes of the trailers
  #name = "";
  #value = "";
  #payloadBytes = 0;

  /**
   * At the first byte of a body.
   *
   * @param options its limits
   */
  constructor(options: ChunkedOptions = {}) {
    this.#subject = options.subject ?? "request";
    this.#maxExtensionBytes = options.maxExtensionBytes ?? 4096;
    this.#maxTrailerBytes = options.maxTrailerBytes ?? 65_536;
    this.#onPayload = options.onPayload;
  }

  /** Whether the body is complete. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** How much payload has passed. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** The trailer fields, once the body is done. */
  get trailers(): readonly (readonly [name: string, value: string])[] {
    return this.#trailers;
  }

  /**
   * Takes the next bytes.
   *
   * @param bytes what came
   * @returns how many of them belong to the body: all, unless it is done
   * @throws {HttpError} at the first byte that may not be there; the scanner is of no use afterwards
   */
  scan(bytes: Uint8Array): number {
    const to = bytes.length;
    let at = 0;
    let state = this.#state;
    while (at < to && state !== DONE) {
      if (state === DATA) {
        const piece = Math.min(this.#size, to - at);
        this.#payloadBytes += piece;
        if (this.#onPayload) this.#onPayload(bytes.subarray(at, at + piece));
        at += piece;
        this.#size -= piece;
        if (this.#size === 0) state = DATA_CR;
        continue;
      }
      const byte = bytes[at++];
      switch (state) {
        case SIZE_BEGIN:
        case SIZE: {
          const digit = hexDigit(byte);
          if (digit >= 0) {
            this.#size = this.#size * 16 + digit;
            if (
              ++this.#count > MAX_SIZE_DIGITS ||
              this.#size > Number.MAX_SAFE_INTEGER
            ) {
              throw this.#fault("chunk_size", "a chunk size is too large");
            }
            state = SIZE;
          } else if (state === SIZE_BEGIN) {
            throw this.#fault(
              "chunk_size",
              `a chunk size begins with ${show(byte)}`,
            );
          } else if (byte === CR) {
            state = SIZE_LF;
          } else if (byte === 0x3b) { // ;
            this.#count = 0;
            state = EXTENSION;
          } else {
            throw this.#bad(byte, "chunk_size", "a chunk size");
          }
          break;
        }
        case EXTENSION:
          if (byte === CR) {
            state = SIZE_LF;
          } else if (!isValueByte(byte)) {
            throw this.#bad(byte, "chunk_extension", "a chunk extension");
          } else if (++this.#count > this.#maxExtensionBytes) {
            throw this.#fault(
              "chunk_extension",
              `a chunk extension is longer than ${this.#maxExtensionBytes} bytes`,
            );
          }
          break;
        case SIZE_LF:
          if (byte !== LF) {
            throw this.#fault(
              "bare_cr",
              "a chunk size is followed by CR without LF",
            );
          }
          this.#count = 0;
          state = this.#size > 0 ? DATA : TRAILER_BEGIN;
          break;
        case DATA_CR:
          if (byte !== CR) {
            throw this.#fault(
              "chunk_end",
              `a chunk is followed by ${show(byte)}, not by CR LF`,
            );
          }
          state = DATA_LF;
          break;
        case DATA_LF:
          if (byte !== LF) {
            throw this.#fault(
              "chunk_end",
              "a chunk is followed by CR without LF",
            );
          }
          state = SIZE_BEGIN;
          break;
        case END_LF:
          if (byte !== LF) {
            throw this.#fault("bare_cr", "the trailers end with CR without LF");
          }
          state = DONE;
          break;
        default:
          state = this.#trailer(state, byte);
      }
    }
    this.#state = state;
    return at;
  }

  /** One byte of the trailer section, which is short and rare. */
  #trailer(state: number, byte: number): number {
    if (++this.#count > this.#maxTrailerBytes) {
      throw this.#fault(
        "trailers_too_large",
        `the trailers are larger than ${this.#maxTrailerBytes} bytes`,
      );
    }
    switch (state) {
      case TRAILER_BEGIN:
        if (byte === CR) return END_LF;
        if (byte === SP || byte === HTAB) {
          throw this.#fault(
            "obs_fold",
            "a trailer line begins with a space or tab",
          );
        }
        this.#name = "";
        this.#value = "";
        if (byte === COLON) {
          throw this.#fault("trailer", "a trailer has an empty name");
        }
        return this.#trailer(TRAILER_NAME, byte);
      case TRAILER_NAME:
        if (TOKEN[byte] === 1) {
          this.#name += String.fromCharCode(byte);
          return TRAILER_NAME;
        }
        if (byte !== COLON) {
          throw this.#bad(
            byte,
            "trailer",
            `the trailer name ${quote(this.#name)}`,
          );
        }
        if (FORBIDDEN_TRAILERS.has(this.#name.toLowerCase())) {
          throw this.#fault(
            "trailer_forbidden",
            `${quote(this.#name)} may not be a trailer`,
          );
        }
        return TRAILER_VALUE;
      case TRAILER_VALUE:
        if (byte === CR) return TRAILER_LF;
        if (!isValueByte(byte)) {
          throw this.#bad(
            byte,
            "control_character",
            `the trailer ${quote(this.#name)}`,
          );
        }
        this.#value += String.fromCharCode(byte);
        return TRAILER_VALUE;
      default:
        if (byte !== LF) {
          throw this.#fault(
            "bare_cr",
            "a trailer line ends with CR without LF",
          );
        }
        this.#trailers.push([
          this.#name,
          this.#value.replace(/^[ \t]+|[ \t]+$/g, ""),
        ]);
        return TRAILER_BEGIN;
    }
  }

  #bad(byte: number, fault: HttpFault, where: string): HttpError {
    if (byte === LF) {
      return this.#fault("bare_lf", `${where} is followed by LF without CR`);
    }
    return this.#fault(fault, `${where} is followed by ${show(byte)}`);
  }

  #fault(fault: HttpFault, found: string): HttpError {
    return new HttpError(fault, this.#subject, found);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function show(byte: number): string {
  return `the byte 0x${byte.toString(16).padStart(2, "0")}`;
}
