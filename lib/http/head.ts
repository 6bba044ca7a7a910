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
import { latin1, spells } from "./chars.ts";
import {
  readContentLength,
  readHost,
  readTransferEncoding,
  readValue,
  valueSpells,
} from "./critical_fields.ts";
import { HttpError, type HttpSubject } from "./fault.ts";
import { HeadScanner } from "./head_scanner.ts";
import { type HttpVersion, readRequestLine, readStatusLine } from "./start_line.ts";

export type { HttpVersion };

/** What a head may cost. */
export interface HeadLimits {
  /** First line and headers together (edge.md I). @default {1048576} */
  readonly maxBytes?: number;
  /** How many header lines. @default {1000} */
  readonly maxHeaders?: number;
}

const MAX_BYTES = 1_048_576;
const MAX_HEADERS = 1000;

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
