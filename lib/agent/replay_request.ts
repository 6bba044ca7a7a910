/**
 * A captured request as it is sent once more: checked, with its edits, for a service that speaks
 * HTTP/1.1 or HTTP/2, whichever it came by. `replay.ts` sends it.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { isToken, quote } from "../http/chars.ts";
import { checkHeaderLine } from "../http/edit.ts";
import { parseRequestHead } from "../http/head.ts";
import { type FieldList, http2RequestFields, http2Trailers } from "../http/http2_request.ts";
import type { CapturedRequest, HeaderLine } from "../inspect/exchange.ts";

/** What to send in the place of what was captured; what is left out is sent as it was. */
export interface ReplayEdits {
  /** Another endpoint, whose service gets it. @default the one it came through */
  readonly endpointName?: string | undefined;
  /** Another method. */
  readonly method?: string | undefined;
  /** Another path and query. */
  readonly target?: string | undefined;
  /** Other lines; the length of the body is put right in them. */
  readonly headers?: readonly HeaderLine[] | undefined;
  /** Other lines behind the body. */
  readonly trailers?: readonly HeaderLine[] | undefined;
  /** Another body. */
  readonly body?: Uint8Array | undefined;
}

/** A request that can be sent. */
export interface RequestParts {
  /** First line and lines, with the empty one; of HTTP/1.x. */
  readonly head: Uint8Array;
  /** Its body, without a transfer coding. */
  readonly body: Uint8Array;
  /** The lines behind the body. */
  readonly trailers: readonly HeaderLine[];
  /** Whether the head says that the body comes in chunks. */
  readonly isChunked: boolean;
}

const HTTP2 = "2";

/**
 * A captured request, as it was or changed.
 *
 * @param request as captured
 * @param edits what differs
 * @throws {TunnelError} http_invalid, saying why it cannot be sent
 */
export function requestParts(request: CapturedRequest, edits: ReplayEdits): RequestParts {
  const { method = request.method, target = request.target } = edits;
  if (method === "CONNECT" || request.headers.some(([name]) => name.toLowerCase() === "upgrade")) {
    throw fault("it asks for another protocol than HTTP");
  }
  if (edits.body === undefined && request.body.isTruncated) {
    throw fault(
      `only ${request.body.bytes.length} of the ${request.body.totalBytes} bytes of its body were kept`,
    );
  }
  if (!isToken(method)) throw fault(`${quote(method)} is no method`);
  if (target === "" || !/^[\x21-\x7e\x80-\xff]+$/.test(target)) {
    throw fault(`${quote(target)} is no request target`);
  }
  const body = edits.body ?? request.body.bytes;
  const trailers = edits.trailers ?? request.trailers;
  const isOfHttp2 = request.version === HTTP2;
  const isChanged = isOfHttp2 || edits.headers !== undefined || edits.body !== undefined ||
    edits.trailers !== undefined;
  const given = edits.headers ?? (isOfHttp2 ? oneCookie(request.headers) : request.headers);
  const lines = isChanged ? framed(given, body, trailers) : request.headers;
  const version = isOfHttp2 ? "1.1" : request.version;
  return {
    head: isChanged
      ? writeHead(`${method} ${target} HTTP/${version}`, lines)
      : restart(request, method, target),
    body,
    trailers,
    isChunked: lines.some(isCoding),
  };
}

/**
 * The bytes of a request of HTTP/1.x.
 *
 * @param parts the request
 * @throws {TunnelError} http_invalid for trailers that would be read as something else
 */
export function requestBytes({ head, body, trailers, isChunked }: RequestParts): Uint8Array {
  if (!isChunked) return concat([head, body]);
  const end = latin1(`0\r\n${trailers.map((line) => `${writeLine(line)}\r\n`).join("")}\r\n`);
  if (body.length === 0) return concat([head, end]);
  const size = encodeText(`${body.length.toString(16)}\r\n`);
  return concat([head, size, body, encodeText("\r\n"), end]);
}

/** A request of HTTP/2. */
export interface RequestFields {
  /** Its head, pseudo-header fields first. */
  readonly fields: FieldList;
  /** Its content. */
  readonly body: Uint8Array;
  /** Behind its content. */
  readonly trailers: FieldList;
}

/**
 * The fields of a request of HTTP/2.
 *
 * @param parts the request
 * @param scheme what the service is told
 * @throws {TunnelError} http_invalid for a head that would be read as something else
 */
export function requestFields(parts: RequestParts, scheme: "http" | "https"): RequestFields {
  for (const line of parts.trailers) writeLine(line);
  try {
    const fields = http2RequestFields(parseRequestHead(parts.head), scheme);
    return { fields, body: parts.body, trailers: http2Trailers(parts.trailers) };
  } catch (thrown) {
    throw fault(messageOf(thrown));
  }
}

/** The head as it was, with another first line where one is wanted. */
function restart(request: CapturedRequest, method: string, target: string): Uint8Array {
  if (method === request.method && target === request.target) return request.head;
  const LF = 10;
  const rest = request.head.subarray(request.head.indexOf(LF) + 1);
  return concat([latin1(`${method} ${target} HTTP/${request.version}\r\n`), rest]);
}

/** Cookies that came as several fields are one (RFC 9113 section 8.2.3). */
function oneCookie(headers: readonly HeaderLine[]): readonly HeaderLine[] {
  const isCookie = ([name]: HeaderLine) => name.toLowerCase() === "cookie";
  const cookies = headers.filter(isCookie);
  if (cookies.length < 2) return headers;
  const joined = cookies.map(([, value]) => value).join("; ");
  return [...headers.filter((line) => !isCookie(line)), ["cookie", joined]];
}

function isCoding([name]: HeaderLine): boolean {
  return name.toLowerCase() === "transfer-encoding";
}

/** The lines with a length, or a coding, that fits the body. */
function framed(
  headers: readonly HeaderLine[],
  body: Uint8Array,
  trailers: readonly HeaderLine[],
): readonly HeaderLine[] {
  const isLength = ([name]: HeaderLine) => name.toLowerCase() === "content-length";
  if (headers.some(isCoding) || trailers.length > 0) {
    const lines = headers.filter((line) => !isLength(line) && !isCoding(line));
    return [...lines, ["Transfer-Encoding", "chunked"]];
  }
  const had = headers.find(isLength);
  if (!had && body.length === 0) return headers;
  const length: HeaderLine = [had?.[0] ?? "Content-Length", String(body.length)];
  let isWritten = false;
  const lines = headers.flatMap((line) => {
    if (!isLength(line)) return [line];
    if (isWritten) return [];
    isWritten = true;
    return [length];
  });
  return isWritten ? lines : [...lines, length];
}

function writeHead(firstLine: string, lines: readonly HeaderLine[]): Uint8Array {
  return latin1(`${[firstLine, ...lines.map(writeLine)].join("\r\n")}\r\n\r\n`);
}

function writeLine(line: HeaderLine): string {
  try {
    checkHeaderLine(line);
  } catch (thrown) {
    throw fault(messageOf(thrown));
  }
  return `${line[0]}: ${line[1]}`;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function fault(found: string): TunnelError {
  return new TunnelError("http_invalid", `Cannot repeat the request: ${found}`);
}
