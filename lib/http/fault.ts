/**
 * What can be wrong with an HTTP/1.1 message, as stable names. Thrown by every parser in this room;
 * the edge turns one into an answer, `policy/` and `inspect/` into a line of text.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";

/**
 * Every fault, with the status a server answers it with (RFC 9110 section 15). A fault in a
 * response is always a 502, whatever this table says.
 */
export const HTTP_FAULTS = {
  // characters and lines (RFC 9112 section 2.2, 5)
  bare_lf: 400,
  bare_cr: 400,
  control_character: 400,
  obs_fold: 400,
  head_end: 400,
  colon_missing: 400,
  space_before_colon: 400,
  header_name: 400,
  // the start line (RFC 9112 section 3, 4)
  request_line: 400,
  method: 400,
  method_unsupported: 501,
  target: 400,
  version: 505,
  http2_preface: 505,
  looks_like_tls: 400,
  looks_like_http2: 400,
  connect_refused: 405,
  status_line: 400,
  // routing (RFC 9112 section 3.2)
  host_missing: 400,
  host_repeated: 400,
  host_invalid: 400,
  host_conflict: 400,
  // framing (RFC 9112 section 6)
  content_length: 400,
  content_length_repeated: 400,
  transfer_encoding: 400,
  transfer_encoding_repeated: 400,
  length_conflict: 400,
  // chunks and trailers (RFC 9112 section 7.1)
  chunk_size: 400,
  chunk_extension: 400,
  chunk_end: 400,
  trailer: 400,
  trailer_forbidden: 400,
  trailers_too_large: 431,
  // HTTP/2 (RFC 9113 section 8, RFC 8441)
  http2_fields: 400,
  http2_protocol: 501,
  // limits
  target_too_long: 414,
  head_too_large: 431,
  too_many_headers: 431,
} as const;

/** One of the stable names of {@linkcode HTTP_FAULTS}. */
export type HttpFault = keyof typeof HTTP_FAULTS;

/** Which message the fault is in. */
export type HttpSubject = "request" | "response";

const TOO_LARGE: ReadonlySet<HttpFault> = new Set([
  "target_too_long",
  "head_too_large",
  "too_many_headers",
  "trailers_too_large",
]);

/**
 * A malformed, ambiguous or oversized HTTP message. Its code is `http_invalid`, or `http_too_large`
 * for what passes a limit. A connection that produced one is never used again: where the next
 * message would begin is unknown.
 */
export class HttpError extends TunnelError {
  /** What is wrong, for programs. */
  readonly fault: HttpFault;
  /** What to answer the visitor with: 4xx or 505 for a request, 502 for a response. */
  readonly status: number;

  /**
   * Names a fault.
   *
   * @param fault what is wrong
   * @param subject in which message; a response's fault carries `ERR_NGROK_3004` (edge.md K)
   * @param found the rest of the sentence "Cannot read the request: …"
   */
  constructor(fault: HttpFault, subject: HttpSubject, found: string) {
    super(
      TOO_LARGE.has(fault) ? "http_too_large" : "http_invalid",
      `Cannot read the HTTP ${subject}: ${found}`,
      subject === "response" ? { ngrokCode: 3004 } : {},
    );
    this.fault = fault;
    this.status = subject === "response" ? 502 : HTTP_FAULTS[fault];
  }
}
