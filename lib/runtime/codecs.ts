/**
 * Compression as Sallyport sees it: the contract that one file per runtime implements.
 *
 * @module
 */
import type { ByteTransform } from "../base/byte_transform.ts";

/** The codings of RFC 9110 section 8.4.1 that can be made; `deflate` is the zlib format. */
export type CodingName = "gzip" | "deflate" | "br" | "compress";

/** The compressors of a runtime. */
export interface Codecs {
  /** Which ones there are, the best first. */
  readonly codings: readonly CodingName[];
  /**
   * Starts compressing. Each `push` comes out at once and can be decompressed (a sync flush), so
   * that a stream of events stays one.
   *
   * @throws {TunnelError} internal when the coding is not among `codings`
   */
  createEncoder(coding: CodingName): ByteTransform;
  /**
   * Undoes a content coding as far as it can: of bytes that are cut, what they begin with.
   *
   * @param coding a `Content-Encoding`; several, `gzip, br`, are undone last first
   * @param bytes what is encoded
   * @param maxBytes no more is made of it
   * @returns what it gave, and what went wrong; never rejects
   */
  decode(coding: string, bytes: Uint8Array, maxBytes: number): Promise<Decoded>;
  /** Starts undoing raw DEFLATE (RFC 1951) piece by piece, as WebSockets have it (RFC 7692). */
  createInflater(): Inflater;
}

/** Undoes one stream of raw DEFLATE. What a piece refers back to, earlier pieces have brought. */
export interface Inflater {
  /**
   * Takes the next piece: one call at a time. After an error there is no going on.
   *
   * @param bytes what comes next
   * @param keepBytes how much of the result is wanted
   * @param maxBytes a result that is longer is an error
   * @returns what all of it gave; never rejects
   */
  inflate(bytes: Uint8Array, keepBytes: number, maxBytes: number): Promise<Inflated>;
  /** Lets go of its memory; an inflate that is under way ends with an error. */
  close(): void;
}

/** What a piece gave. */
export interface Inflated {
  /** Its beginning. */
  readonly bytes: Uint8Array;
  /** How long it is. */
  readonly totalBytes: number;
  /** Why it went no further. */
  readonly error: string | undefined;
}

/** What decoding gave. */
export interface Decoded {
  /** As far as it went. */
  readonly bytes: Uint8Array;
  /** Why it went no further; `undefined` when it was complete. */
  readonly error: string | undefined;
}
