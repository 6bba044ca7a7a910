/**
 * The few headers that routing and framing depend on, read so that there is one reading. Used by
 * `head.ts`.
 *
 * @module
 */
import { parseAuthority } from "./authority.ts";
import { HTAB, latin1, quote, SP, spells } from "./chars.ts";
import { HttpError, type HttpFault, type HttpSubject } from "./fault.ts";
import type { HeadScanner } from "./head_scanner.ts";
import type { HttpVersion, RequestLine } from "./start_line.ts";

/** Which host a request is for, and where its path begins. */
export interface RequestHost {
  /** The `Host` header as written; `undefined` for HTTP/1.0 without one. */
  readonly hostHeader: string | undefined;
  /** Lower-case, without port and final dot; empty when nothing names one. */
  readonly host: string;
  /** The scheme, when the target is a whole URL. */
  readonly scheme: "http" | "https" | undefined;
  /** Where the path begins within the target. */
  readonly pathFrom: number;
}

/**
 * Finds out which host is asked for, from target and `Host` (RFC 9112 section 3.2 and 3.3). There
 * must be exactly one answer.
 *
 * @param line the request line
 * @param bytes a head that passed the scanner
 * @param scanned its lines
 * @throws {HttpError} when there is none, or more than one
 */
export function readHost(
  line: RequestLine,
  bytes: Uint8Array,
  scanned: HeadScanner,
): RequestHost {
  const { method, target, version } = line;
  if (method === "CONNECT") {
    throw requestFault(
      "connect_refused",
      "CONNECT is not served: this is not a forward proxy",
    );
  }
  let hostHeader: string | undefined;
  let host = "";
  let port: number | undefined;
  if (scanned.host >= 0) {
    hostHeader = readFramingValue(
      "request",
      "host_invalid",
      bytes,
      scanned,
      scanned.host,
    );
    const authority = parseAuthority(hostHeader);
    if (!authority) {
      throw requestFault(
        "host_invalid",
        `the Host ${quote(hostHeader)} is not a host`,
      );
    }
    host = authority.host;
    port = authority.port;
  } else if (version === "1.1") {
    throw requestFault("host_missing", "there is no Host header");
  }
  if (target.charCodeAt(0) === 0x2f) {
    return { hostHeader, host, scheme: undefined, pathFrom: 0 };
  }
  if (target === "*" && method === "OPTIONS") {
    return { hostHeader, host, scheme: undefined, pathFrom: 0 };
  }
  const url = /^(https?):\/\/([^/?]*)/i.exec(target);
  if (!url) {
    throw requestFault(
      "target",
      `the target ${quote(target)} is neither a path nor a URL`,
    );
  }
  const authority = parseAuthority(url[2]);
  if (!authority) {
    throw requestFault(
      "target",
      `the target ${quote(target)} has no valid host`,
    );
  }
  const scheme = url[1].toLowerCase() as "http" | "https";
  // RFC 9112 section 3.2.2 lets the target win over Host. Upstreams differ in whether it does, so a
  // request whose two answers differ would be routed by one and served by the other: refused.
  const standard = scheme === "http" ? 80 : 443;
  if (
    hostHeader !== undefined &&
    (authority.host !== host ||
      (authority.port ?? standard) !== (port ?? standard))
  ) {
    throw requestFault(
      "host_conflict",
      `the target ${quote(target)} and the Host ${quote(hostHeader)} name different hosts`,
    );
  }
  return { hostHeader, host: authority.host, scheme, pathFrom: url[0].length };
}

/**
 * Reads `Content-Length`.
 *
 * @param subject whose head it is
 * @param bytes a head that passed the scanner
 * @param scanned its lines
 * @throws {HttpError} when it is not a number below 2^53
 */
export function readContentLength(
  subject: HttpSubject,
  bytes: Uint8Array,
  scanned: HeadScanner,
): number | undefined {
  if (scanned.contentLength < 0) return undefined;
  const text = readFramingValue(
    subject,
    "content_length",
    bytes,
    scanned,
    scanned.contentLength,
  );
  // RFC 9110 section 8.6: digits and nothing else, so no sign, no list ("5, 5"), no hexadecimal.
  if (!/^\d{1,32}$/.test(text)) {
    throw new HttpError(
      "content_length",
      subject,
      `the Content-Length ${quote(text)} is not a number`,
    );
  }
  const value = Number(text);
  if (value > Number.MAX_SAFE_INTEGER) {
    throw new HttpError(
      "content_length",
      subject,
      `the Content-Length ${text} is too large`,
    );
  }
  return value;
}

/**
 * Reads `Transfer-Encoding`: `true` for `chunked`.
 *
 * @param subject whose head it is
 * @param version what its first line says
 * @param bytes a head that passed the scanner
 * @param scanned its lines
 * @throws {HttpError} for every other coding, and when there is a `Content-Length` too
 */
export function readTransferEncoding(
  subject: HttpSubject,
  version: HttpVersion,
  bytes: Uint8Array,
  scanned: HeadScanner,
): boolean {
  if (scanned.transferEncoding < 0) return false;
  const index = scanned.transferEncoding;
  const text = readFramingValue(
    subject,
    "transfer_encoding",
    bytes,
    scanned,
    index,
  );
  if (text.toLowerCase() !== "chunked") {
    throw new HttpError(
      "transfer_encoding",
      subject,
      `the Transfer-Encoding ${quote(text)} is not "chunked"`,
    );
  }
  // RFC 9112 section 6.1: with HTTP/1.0 the framing must be treated as faulty.
  if (version === "1.0") {
    throw new HttpError(
      "transfer_encoding",
      subject,
      "HTTP/1.0 has no Transfer-Encoding",
    );
  }
  // RFC 9112 section 6.3 rule 3: may be an attempt at smuggling.
  if (scanned.contentLength >= 0) {
    throw new HttpError(
      "length_conflict",
      subject,
      "both Content-Length and Transfer-Encoding",
    );
  }
  return true;
}

/**
 * The value of a header that framing or routing depends on. A tab around it is legal (RFC 9110
 * section 5.6.3) and sent by nobody but those who try which parser overlooks what.
 */
function readFramingValue(
  subject: HttpSubject,
  fault: "host_invalid" | "content_length" | "transfer_encoding",
  bytes: Uint8Array,
  scanned: HeadScanner,
  index: number,
): string {
  const to = scanned.lines[index + 2] - 2;
  for (let at = scanned.lines[index + 1] + 1; at < to; at++) {
    if (bytes[at] !== HTAB) continue;
    const name = latin1(bytes, scanned.lines[index], scanned.lines[index + 1]);
    throw new HttpError(
      fault,
      subject,
      `there is a tab in the value of ${quote(name)}`,
    );
  }
  return readValue(bytes, scanned.lines, index);
}

/**
 * The value of a header, without the space around it.
 *
 * @param bytes a head that passed the scanner
 * @param lines the offsets of its lines
 * @param index which of them
 */
export function readValue(
  bytes: Uint8Array,
  lines: readonly number[],
  index: number,
): string {
  const from = valueStart(bytes, lines, index);
  return latin1(bytes, from, valueEnd(bytes, lines, index, from));
}

/**
 * Whether the value of a header is this text, in any case.
 *
 * @param bytes a head that passed the scanner
 * @param lines the offsets of its lines
 * @param index which of them
 * @param text what it is compared with
 */
export function valueSpells(
  bytes: Uint8Array,
  lines: readonly number[],
  index: number,
  text: string,
): boolean {
  const from = valueStart(bytes, lines, index);
  return spells(bytes, from, valueEnd(bytes, lines, index, from), text);
}

function valueStart(
  bytes: Uint8Array,
  lines: readonly number[],
  index: number,
): number {
  const to = lines[index + 2] - 2;
  let from = lines[index + 1] + 1;
  while (from < to && (bytes[from] === SP || bytes[from] === HTAB)) from++;
  return from;
}

function valueEnd(
  bytes: Uint8Array,
  lines: readonly number[],
  index: number,
  from: number,
): number {
  let to = lines[index + 2] - 2;
  while (to > from && (bytes[to - 1] === SP || bytes[to - 1] === HTAB)) to--;
  return to;
}

function requestFault(fault: HttpFault, found: string): HttpError {
  return new HttpError(fault, "request", found);
}
