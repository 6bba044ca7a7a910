/**
 * HTTP/2 as the rest of the program sees it: sessions, and streams that are carriers with heads and
 * trailers. Frames, windows and header compression are below; what a field means is the business of
 * `http2_request.ts`.
 *
 * @module
 */
import type { Duplex } from "../../base/duplex.ts";
import type { FieldList } from "../http2_request.ts";

/** What a session may cost. */
export interface Http2Options {
  /** Streams at a time that the peer may open. @default {100} */
  readonly maxStreams?: number;
  /** Content of one stream that may wait for us, in bytes. @default {262144} */
  readonly streamWindowBytes?: number;
  /** Content of all streams that may wait for us, in bytes. @default {4194304} */
  readonly sessionWindowBytes?: number;
  /** A list of fields that the peer may send, counted as RFC 9113 (6.5.2) does. @default {1048576} */
  readonly maxFieldBytes?: number;
  /** How many fields that may be. @default {1000} */
  readonly maxFields?: number;
  /** Streams that the peer may take back in one go, or have us reset; 0 counts none. @default {1000} */
  readonly resetBurst?: number;
  /** How many more each second; beyond that the session is cut. @default {33} */
  readonly resetsPerSecond?: number;
}

/** One stream: a message each way. Reading gives the content of the peer's, writing is content of ours. */
export interface Http2Stream extends Duplex {
  /** The number on the wire. */
  readonly id: number;
  /** The peer's trailer fields, once reading has given the end. */
  readonly trailers: FieldList;
  /** Ends our message with trailer fields. */
  endWith(trailers: FieldList): void;
  /** Ends both directions with RST_STREAM and this code (RFC 9113 section 7). */
  reset(code: number): void;
}

/** A request of the peer's. */
export interface Http2Request extends Http2Stream {
  /** Its head; cut off when it is too large. */
  readonly fields: FieldList;
  /** Whether the head was larger than it may be. */
  readonly isTooLarge: boolean;
  /** Whether the head was all of it. */
  readonly bodiless: boolean;
  /**
   * Sends an interim or the final head.
   *
   * @param fields with `:status`
   * @param isAll whether nothing follows
   */
  sendHead(fields: FieldList, isAll: boolean): void;
  /** Lets the request end with our answer, complete or not: nobody reads the rest (RFC 9113 section 8.1). */
  endsAll(): void;
}

/** The head of an answer. */
export interface Http2Answer {
  /** With `:status`. */
  readonly fields: FieldList;
  /** Whether it was all: no content and no trailers follow. */
  readonly bodiless: boolean;
}

/** A request of ours. */
export interface Http2Call extends Http2Stream {
  /**
   * The next head of the answer, the interim ones included.
   *
   * @throws {TunnelError} what ended the stream before
   */
  nextHead(): Promise<Http2Answer>;
}

/** A connection, either side of it. */
export interface Http2Session {
  /** Says GOAWAY, lets streams under way end, and closes (RFC 9113 section 6.8). Idempotent. */
  close(): void;
  /** Says GOAWAY with this code and cuts all of it. */
  abort(code: number, reason?: string): void;
  /** Settles, never rejects, when the session is over. */
  readonly closed: Promise<void>;
}

/** A connection on which we ask. */
export interface Http2Client extends Http2Session {
  /** Whether another stream can be opened. */
  readonly isOpen: boolean;
  /**
   * Opens a stream; waits while the peer allows no more.
   *
   * @param fields the head, pseudo-header fields included
   * @param isAll whether nothing follows
   * @throws {TunnelError} session_closed
   */
  request(fields: FieldList, isAll: boolean): Http2Call | Promise<Http2Call>;
}

/** Error codes (RFC 9113 section 7). */
export const H2_CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;
