/**
 * What a visitor that speaks HTTP/2 may cost, and how an edge's bounds say it.
 *
 * @module
 */
import type { Http2Options } from "../http/h2/http2.ts";

/** What one visitor of HTTP/2 may cost. Times in milliseconds; 0 switches one off. */
export interface Http2Limits {
  /** Requests at a time. */
  readonly maxStreams: number;
  /** Content of one request that may wait at the edge, in bytes; at least 65535. */
  readonly streamWindowBytes: number;
  /** Content of all its requests that may wait at the edge, in bytes; at least 65535. */
  readonly sessionWindowBytes: number;
  /** The fields of one request. */
  readonly maxFieldBytes: number;
  /** Streams that a visitor may take back in one go. */
  readonly resetBurst: number;
  /** How many more it may take back each second; beyond that its connection is cut. */
  readonly resetsPerSecond: number;
  /** A connection without a request is ended after so long. */
  readonly idleMs: number;
  /** After GOAWAY, for the requests under way. */
  readonly lingerMs: number;
}

/**
 * 100 requests at a time, 256 KiB waiting of each and 4 MiB of all, fields of 1 MiB; a thousand cancelled requests and
 * 33 more each second, as nghttp2 has it; 5 min of silence.
 */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxStreams: 100,
  streamWindowBytes: 262_144,
  sessionWindowBytes: 4_194_304,
  maxFieldBytes: 1_048_576,
  resetBurst: 1_000,
  resetsPerSecond: 33,
  idleMs: 300_000,
  lingerMs: 1_000,
};

/** What an edge's bounds say about HTTP/2. */
export function http2LimitsOf(limits: Http2EdgeLimits): Partial<Http2Limits> {
  return {
    maxStreams: limits.h2MaxStreams,
    streamWindowBytes: limits.h2StreamWindowBytes,
    sessionWindowBytes: limits.h2SessionWindowBytes,
    maxFieldBytes: limits.h2MaxFieldBytes,
    resetBurst: limits.h2ResetBurst,
    resetsPerSecond: limits.h2ResetsPerSecond,
    idleMs: limits.h2IdleMs,
  };
}

/** What a session with a service may cost: content waits as it does from visitors. */
export function upstreamSession(limits: Partial<Http2Limits> = {}): Http2Options {
  const { streamWindowBytes, sessionWindowBytes, maxFieldBytes } = {
    ...DEFAULT_HTTP2_LIMITS,
    ...limits,
  };
  return { streamWindowBytes, sessionWindowBytes, maxFieldBytes };
}

/** The bounds of HTTP/2 among those of an edge. Times are in milliseconds. */
export interface Http2EdgeLimits {
  /** Requests at a time of one HTTP/2 visitor. */
  readonly h2MaxStreams: number;
  /** Bytes of one HTTP/2 request's content, or of one HTTP/2 service's answer, that may wait at the edge. */
  readonly h2StreamWindowBytes: number;
  /** Content of all requests of one HTTP/2 visitor that may wait at the edge, in bytes. */
  readonly h2SessionWindowBytes: number;
  /** The fields of one HTTP/2 request. */
  readonly h2MaxFieldBytes: number;
  /** HTTP/2 requests that a visitor may take back in one go; 0 counts none. */
  readonly h2ResetBurst: number;
  /** How many more each second; beyond that its connection is cut. */
  readonly h2ResetsPerSecond: number;
  /** An HTTP/2 connection without a request is ended after so long; 0 never ends it. */
  readonly h2IdleMs: number;
}

/** Those bounds unless told otherwise. */
export const DEFAULT_HTTP2_EDGE_LIMITS: Http2EdgeLimits = {
  h2MaxStreams: 100,
  h2StreamWindowBytes: 262_144,
  h2SessionWindowBytes: 4_194_304,
  h2MaxFieldBytes: 1_048_576,
  h2ResetBurst: 1_000,
  h2ResetsPerSecond: 33,
  h2IdleMs: 300_000,
};
