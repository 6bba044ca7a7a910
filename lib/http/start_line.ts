/**
 * The first line of a message: what is asked for, or how it went. Used by `head.ts`.
 *
 * @module
 */
import { latin1, quote, SP, TOKEN } from "./chars.ts";
import { HttpError, type HttpFault } from "./fault.ts";

/** The versions that are understood. */
export type HttpVersion = "1.0" | "1.1";

/** The parts of a request line. */
export interface RequestLine {
  /** The method, as written. */
  readonly method: string;
  /** The target, as written. */
  readonly target: string;
  /** The version. */
  readonly version: HttpVersion;
}

/**
 * Reads a request line: method SP target SP version, with exactly these two spaces (RFC 9112
 * section 3). What the target may be is decided together with the Host.
 *
 * @param bytes a head that passed the scanner
 * @param end where the first line ends
 * @throws {HttpError} when it is anything else
 */
export function readRequestLine(bytes: Uint8Array, end: number): RequestLine {
  let at = 0;
  while (TOKEN[bytes[at]] === 1) at++;
  if (bytes[at] !== SP || at === 0) {
    throw requestFault(
      "method",
      `the method in ${quote(latin1(bytes, 0, end))} is not a token`,
    );
  }
  const method = readMethod(bytes, at);
  const from = at + 1;
  const to = end - 9; // " HTTP/1.1"
  const version = to > from ? readVersion(bytes, to + 1) : undefined;
  if (version === undefined || bytes[to] !== SP) {
    throw badVersion(bytes, from, end);
  }
  for (at = from; at < to; at++) {
    if (bytes[at] === SP) {
      throw requestFault(
        "request_line",
        `${quote(latin1(bytes, 0, end))} has more than two spaces`,
      );
    }
    if (bytes[at] === 0x23) {
      throw requestFault(
        "target",
        `the target ${quote(latin1(bytes, from, to))} has a fragment`,
      );
    }
  }
  return { method, target: latin1(bytes, from, to), version };
}

function readMethod(bytes: Uint8Array, to: number): string {
  if (to === 3 && spellsExactly(bytes, 0, "GET")) return "GET";
  if (to === 4 && spellsExactly(bytes, 0, "POST")) return "POST";
  return latin1(bytes, 0, to);
}

function spellsExactly(bytes: Uint8Array, from: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** RFC 9112 section 2.3. HTTP/1.2 and above do not exist; a peer that says so is not trusted. */
function readVersion(bytes: Uint8Array, at: number): HttpVersion | undefined {
  if (!spellsExactly(bytes, at, "HTTP/1.")) return undefined;
  const minor = bytes[at + 7];
  return minor === 0x31 ? "1.1" : minor === 0x30 ? "1.0" : undefined;
}

function badVersion(bytes: Uint8Array, from: number, end: number): HttpError {
  const line = latin1(bytes, 0, end);
  if (line === "PRI * HTTP/2.0") {
    return requestFault(
      "http2_preface",
      "the client speaks HTTP/2 without having agreed on it",
    );
  }
  const words = line.slice(from).split(" ");
  const version = words[words.length - 1];
  if (
    /^HTTP\/\d+\.\d+$/.test(version) && words.length === 2 && words[0] !== ""
  ) {
    return requestFault(
      "version",
      `the version ${quote(version)} is not supported`,
    );
  }
  return requestFault(
    "request_line",
    `${quote(line)} does not end with a target and a version`,
  );
}

/**
 * Reads version and status of a status line (RFC 9112 section 4). A missing reason phrase may lack
 * its space as well: many servers leave both out. "HTTP/0.0" is what agents of Go write over their
 * own 502, having set no version, and is read as HTTP/1.0, whose body ends with the connection.
 *
 * @param bytes a head that passed the scanner
 * @param end where the first line ends
 * @throws {HttpError} when it is anything else
 */
export function readStatusLine(
  bytes: Uint8Array,
  end: number,
): { version: HttpVersion; status: number } {
  const version = end < 12
    ? undefined
    : spellsExactly(bytes, 0, "HTTP/0.0")
    ? "1.0"
    : readVersion(bytes, 0);
  const status = bytes[9] * 100 + bytes[10] * 10 + bytes[11] - 5328; // minus "000"
  if (
    version === undefined || bytes[8] !== SP || !isDigit(bytes[9]) ||
    !isDigit(bytes[10]) ||
    !isDigit(bytes[11]) || (end > 12 && bytes[12] !== SP) || status < 100
  ) {
    throw new HttpError(
      "status_line",
      "response",
      `${quote(latin1(bytes, 0, end))} is not a status line`,
    );
  }
  return { version, status };
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function requestFault(fault: HttpFault, found: string): HttpError {
  return new HttpError(fault, "request", found);
}
