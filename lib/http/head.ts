/**
 * The head of an HTTP/1.1 message: parsed once, strictly, and kept as the bytes that came. The
 * edge's door reads it, and routing, policy, inspection and forwarding all use that one result, so
 * no two of them can disagree about what was sent.
 *
 * Header names and values become text only when somebody asks. What is refused, and why, is in
 * `tests/vectors/http/`.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { parseAuthority } from "./authority.ts";
import { HTAB, latin1, quote, SP, spells, TOKEN } from "./chars.ts";
import { HttpError, type HttpFault, type HttpSubject } from "./fault.ts";
import { HeadScanner } from "./head_scanner.ts";

/** What a head may cost. */
export interface HeadLimits {
  /** First line and headers together (edge.md I). @default {1048576} */
  readonly maxBytes?: number;
  /** How many header lines. @default {1000} */
  readonly maxHeaders?: number;
}

const MAX_BYTES = 1_048_576;
const MAX_HEADERS = 1000;

/** The versions that are understood. */
export type HttpVersion = "1.0" | "1.1";

/** What requests and responses have in common: the header lines. */
export abstract class HttpHead {
  /** The head exactly as received, from its first line through the empty line. */
  readonly bytes: Uint8Array;
  /** The version in the first line. */
  readonly version: HttpVersion;
  /** The number in `Content-Length`; `undefined` without one. Never set together with `chunked`. */
  readonly contentLength: number | undefined;
  /** Whether `Transfer-Encoding` is `chunked`; no other coding is accepted. */
  readonly chunked: boolean;

  readonly #lines: readonly number[];
  readonly #connection: number;
  readonly #connections: number;
  readonly #upgrade: number;

  /** Called by the parsers. */
  protected constructor(
    subject: HttpSubject,
    version: HttpVersion,
    bytes: Uint8Array,
    scanned: HeadScanner,
  ) {
    this.bytes = bytes;
    this.version = version;
    this.#lines = scanned.lines;
    this.#connection = scanned.connection;
    this.#connections = scanned.connections;
    this.#upgrade = scanned.upgrade;
    this.contentLength = readContentLength(subject, bytes, scanned);
    this.chunked = readTransferEncoding(subject, version, bytes, scanned);
  }

  /** How many header lines there are. */
  get count(): number {
    return this.#lines.length >> 1;
  }

  /** Whether there is a `Connection` header: without one nobody needs to look closer. */
  get hasConnection(): boolean {
    return this.#connection >= 0;
  }

  /** Whether there is one `Connection` header, and its value is this option alone, in any case. */
  connectionIs(option: string): boolean {
    return this.#connections === 1 &&
      valueSpells(this.bytes, this.#lines, this.#connection, option);
  }

  /** Whether there is an `Upgrade` header. */
  get hasUpgrade(): boolean {
    return this.#upgrade >= 0;
  }

  /** Whether a header is there. The name in any case. */
  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  /** The value of the first header of that name, without surrounding space. The name in any case. */
  get(name: string): string | undefined {
    const index = this.#find(name, 0);
    return index < 0 ? undefined : this.#value(index);
  }

  /** The values of all headers of that name, in order. The name in any case. */
  all(name: string): string[] {
    const values: string[] = [];
    for (
      let index = this.#find(name, 0);
      index >= 0;
      index = this.#find(name, index + 2)
    ) {
      values.push(this.#value(index));
    }
    return values;
  }

  /** The first line, without its CRLF. */
  get startLine(): string {
    return latin1(this.bytes, 0, this.#lines[0] - 2);
  }

  /** Where header line `index` begins in {@linkcode HttpHead.bytes}; `count` gives the empty line. */
  lineStart(index: number): number {
    return this.#lines[2 * index];
  }

  /** Where the name of header line `index` ends: its colon. */
  nameEnd(index: number): number {
    return this.#lines[2 * index + 1];
  }

  /** The name of header line `index`, as it was written. */
  nameAt(index: number): string {
    return latin1(
      this.bytes,
      this.#lines[2 * index],
      this.#lines[2 * index + 1],
    );
  }

  /** The value of header line `index`, without surrounding space. */
  valueAt(index: number): string {
    return this.#value(2 * index);
  }

  /** Name (as written) and value of each header, in order. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let index = 0; index < this.count; index++) {
      yield [this.nameAt(index), this.valueAt(index)];
    }
  }

  #find(name: string, from: number): number {
    const lines = this.#lines;
    for (let index = from; index < lines.length - 1; index += 2) {
      if (
        lines[index + 1] - lines[index] === name.length &&
        spells(this.bytes, lines[index], lines[index + 1], name)
      ) return index;
    }
    return -1;
  }

  #value(index: number): string {
    return readValue(this.bytes, this.#lines, index);
  }
}

/** The head of a request. */
export class RequestHead extends HttpHead {
  /** The method, as written; methods are case-sensitive. */
  readonly method: string;
  /** The request target, as written. */
  readonly target: string;
  /** The host asked for, lower-case, without port and final dot: what routing goes by. Empty for HTTP/1.0 without Host. */
  readonly host: string;
  /** The `Host` header as written; `undefined` for HTTP/1.0 without one. */
  readonly hostHeader: string | undefined;
  /** `http` or `https` when the target is a whole URL (absolute-form), else `undefined`. */
  readonly scheme: "http" | "https" | undefined;
  readonly #pathFrom: number;

  /** Called by {@linkcode parseRequestHead}. */
  constructor(bytes: Uint8Array, scanned: HeadScanner) {
    const line = readRequestLine(bytes, scanned.lines[0] - 2);
    super("request", line.version, bytes, scanned);
    this.method = line.method;
    this.target = line.target;
    const { hostHeader, host, scheme, pathFrom } = readHost(
      line,
      bytes,
      scanned,
    );
    this.hostHeader = hostHeader;
    this.host = host;
    this.scheme = scheme;
    this.#pathFrom = pathFrom;
  }

  /** The path as written, neither decoded nor normalised; `*` in asterisk-form, `/` when a URL has none. */
  get path(): string {
    const query = this.target.indexOf("?", this.#pathFrom);
    return this.target.slice(this.#pathFrom, query < 0 ? undefined : query) ||
      "/";
  }

  /** What follows the first `?`, as written; `undefined` without one. */
  get query(): string | undefined {
    const query = this.target.indexOf("?", this.#pathFrom);
    return query < 0 ? undefined : this.target.slice(query + 1);
  }

  /** Whether the client waits for a 100 before it sends the body (RFC 9110 section 10.1.1). */
  get expectsContinue(): boolean {
    return this.version === "1.1" &&
      this.get("expect")?.toLowerCase() === "100-continue";
  }
}

/** The head of a response. */
export class ResponseHead extends HttpHead {
  /** 100 to 999. */
  readonly status: number;

  /** Called by {@linkcode parseResponseHead}. */
  constructor(bytes: Uint8Array, scanned: HeadScanner) {
    const line = readStatusLine(bytes, scanned.lines[0] - 2);
    super("response", line.version, bytes, scanned);
    this.status = line.status;
  }

  /** The reason phrase as written; empty when there is none. */
  get reason(): string {
    return this.startLine.slice(13);
  }

  /** Whether this is an interim answer (1xx other than 101), after which the real one follows. */
  get interim(): boolean {
    return this.status < 200 && this.status !== 101;
  }
}

/**
 * Parses the head of a request.
 *
 * @param bytes the first line through the empty line, and nothing else
 * @param limits how many headers it may have
 * @throws {HttpError} what is wrong with it, code http_invalid or http_too_large
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseRequestHead } from "./head.ts";
 *
 * const head = parseRequestHead(new TextEncoder().encode("GET /a?b HTTP/1.1\r\nHost: Example.com\r\n\r\n"));
 * assert.equal(head.method, "GET");
 * assert.equal(head.path, "/a");
 * assert.equal(head.host, "example.com");
 * assert.equal(head.get("HOST"), "Example.com");
 * ```
 */
export function parseRequestHead(
  bytes: Uint8Array,
  limits: HeadLimits = {},
): RequestHead {
  const scanner = new HeadScanner("request", limits.maxHeaders ?? MAX_HEADERS);
  return new RequestHead(whole("request", bytes, scanner, limits), scanner);
}

/**
 * Parses the head of a response. As strict about framing as for a request; a missing reason phrase
 * and bytes above 0x7f in values are accepted, because servers send them.
 *
 * @param bytes the status line through the empty line, and nothing else
 * @param limits how many headers it may have
 * @throws {HttpError} what is wrong with it, code http_invalid or http_too_large
 */
export function parseResponseHead(
  bytes: Uint8Array,
  limits: HeadLimits = {},
): ResponseHead {
  const scanner = new HeadScanner("response", limits.maxHeaders ?? MAX_HEADERS);
  return new ResponseHead(whole("response", bytes, scanner, limits), scanner);
}

/**
 * Reads the head of the next request; what follows it is given back to the stream. One empty line
 * before it is dropped (RFC 9112 section 2.2).
 *
 * @param stream a visitor's connection
 * @param limits what the head may cost
 * @returns the head, or `undefined` when the peer ended before the first byte of one
 * @throws {HttpError} what is wrong with it, as soon as the byte is there that makes it wrong
 * @throws {TunnelError} connection_closed when it ends within the head
 */
export async function readRequestHead(
  stream: Duplex,
  limits: HeadLimits = {},
): Promise<RequestHead | undefined> {
  const scanner = new HeadScanner("request", limits.maxHeaders ?? MAX_HEADERS);
  const bytes = await readHead("request", stream, scanner, limits);
  return bytes && new RequestHead(bytes, scanner);
}

/**
 * Reads the head of the next response; what follows it is given back to the stream.
 *
 * @param stream a connection to an upstream
 * @param limits what the head may cost
 * @returns the head, or `undefined` when the peer ended before the first byte of one
 * @throws {HttpError} what is wrong with it
 * @throws {TunnelError} connection_closed when it ends within the head
 */
export async function readResponseHead(
  stream: Duplex,
  limits: HeadLimits = {},
): Promise<ResponseHead | undefined> {
  const scanner = new HeadScanner("response", limits.maxHeaders ?? MAX_HEADERS);
  const bytes = await readHead("response", stream, scanner, limits);
  return bytes && new ResponseHead(bytes, scanner);
}

function whole(
  subject: HttpSubject,
  bytes: Uint8Array,
  scanner: HeadScanner,
  limits: HeadLimits,
): Uint8Array {
  const maxBytes = limits.maxBytes ?? MAX_BYTES;
  const end = scanner.scan(bytes, Math.min(bytes.length, maxBytes));
  if (end < 0 && bytes.length >= maxBytes) {
    throw tooLarge(subject, scanner, maxBytes);
  }
  if (end < 0) {
    throw new HttpError(
      "head_end",
      subject,
      "the head does not end with an empty line",
    );
  }
  if (end < bytes.length) {
    throw new HttpError(
      "head_end",
      subject,
      `${bytes.length - end} bytes follow the head`,
    );
  }
  return cut(bytes, end, scanner);
}

async function readHead(
  subject: HttpSubject,
  stream: Duplex,
  scanner: HeadScanner,
  limits: HeadLimits,
): Promise<Uint8Array | undefined> {
  const maxBytes = limits.maxBytes ?? MAX_BYTES;
  let buffer: Uint8Array = EMPTY;
  let size = 0;
  for (;;) {
    let chunk = stream.read();
    if (chunk instanceof Promise) chunk = await chunk;
    if (chunk === undefined) {
      if (!scanner.begun) return undefined;
      throw new TunnelError(
        "connection_closed",
        `Cannot read the HTTP ${subject}: the connection ended ${size} bytes into the head`,
      );
    }
    if (size === 0) {
      buffer = chunk; // nearly always the whole head: nothing is copied
    } else {
      buffer = append(buffer, size, chunk);
    }
    size += chunk.length;
    const end = scanner.scan(buffer, Math.min(size, maxBytes));
    if (end >= 0) {
      // The head ended in this chunk, else the scanner had found its end before.
      stream.unread(chunk.subarray(chunk.length - (size - end)));
      return cut(buffer, end, scanner);
    }
    if (size >= maxBytes) throw tooLarge(subject, scanner, maxBytes);
  }
}

const EMPTY = new Uint8Array(0);

/** `buffer` with `chunk` at `size`; the space doubles, so that single bytes cost no copy each. */
function append(
  buffer: Uint8Array,
  size: number,
  chunk: Uint8Array,
): Uint8Array {
  if (size + chunk.length > buffer.length) {
    const larger = new Uint8Array(Math.max(1024, 2 * (size + chunk.length)));
    larger.set(buffer.subarray(0, size));
    buffer = larger;
  }
  buffer.set(chunk, size);
  return buffer;
}

/** The head alone, and the offsets of its lines made to fit it. */
function cut(
  buffer: Uint8Array,
  end: number,
  scanner: HeadScanner,
): Uint8Array {
  const { start, lines } = scanner;
  for (let index = 0; start > 0 && index < lines.length; index++) {
    lines[index] -= start;
  }
  // A head lives as long as its exchange: do not let it hold a large receive buffer that long.
  return buffer.buffer.byteLength > 16_384 + 4 * end
    ? buffer.slice(start, end)
    : buffer.subarray(start, end);
}

function tooLarge(
  subject: HttpSubject,
  scanner: HeadScanner,
  maxBytes: number,
): HttpError {
  return scanner.inHeaders || subject === "response"
    ? new HttpError(
      "head_too_large",
      subject,
      `the head is larger than ${maxBytes} bytes`,
    )
    : new HttpError(
      "target_too_long",
      subject,
      `the first line is longer than ${maxBytes} bytes`,
    );
}

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: HttpVersion;
}

/** RFC 9112 section 3: method SP target SP version, with exactly these two spaces. */
function readRequestLine(bytes: Uint8Array, end: number): RequestLine {
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

interface RequestHost {
  readonly hostHeader: string | undefined;
  readonly host: string;
  readonly scheme: "http" | "https" | undefined;
  readonly pathFrom: number;
}

/** RFC 9112 section 3.2 and 3.3: which host is asked for. There must be exactly one answer. */
function readHost(
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

/** RFC 9112 section 4; a missing reason phrase may lack its space as well, as many servers have it. */
function readStatusLine(
  bytes: Uint8Array,
  end: number,
): { version: HttpVersion; status: number } {
  const version = end >= 12 ? readVersion(bytes, 0) : undefined;
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

function readContentLength(
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

function readTransferEncoding(
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

function readValue(
  bytes: Uint8Array,
  lines: readonly number[],
  index: number,
): string {
  const from = valueStart(bytes, lines, index);
  return latin1(bytes, from, valueEnd(bytes, lines, index, from));
}

function valueSpells(
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
