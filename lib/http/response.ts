/**
 * Whole small responses as bytes: error pages of the edge, the agent's 502.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import { isHeaderValue, quote, writeLatin1 } from "./chars.ts";
import { checkHeaderLine, type HeaderLine } from "./edit.ts";

/** The reason phrases of RFC 9110 section 15 and the registered codes beside it. */
const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};

/** The usual reason phrase of a status; empty when it has none. */
export function reasonPhrase(status: number): string {
  return REASONS[status] ?? "";
}

/** A response to write. */
export interface ResponseOptions {
  /** 100 to 999. */
  readonly status: number;
  /** The reason phrase. @default the usual one */
  readonly reason?: string;
  /** In this order; `Content-Length` and `Connection: close` are added behind them. */
  readonly headers?: readonly HeaderLine[];
  /** Text is sent as UTF-8. @default {""} */
  readonly body?: string | Uint8Array;
  /** Whether it answers HEAD: then the body is measured, not sent (RFC 9110 section 9.3.2). @default {false} */
  readonly toHead?: boolean;
  /** Whether to announce that the connection ends with this response. @default {false} */
  readonly close?: boolean;
  /** The time for a `Date` header, in milliseconds since 1970. @default no such header */
  readonly dateMs?: number;
}

/**
 * A complete HTTP/1.1 response.
 *
 * @param options what it says
 * @returns head and body, in one piece so that they leave in one write
 * @throws {TypeError} when a header or the reason has a control character, or a header is about length
 * @throws {RangeError} when the status is none
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatResponse } from "./response.ts";
 *
 * const bytes = formatResponse({
 *   status: 404,
 *   headers: [["Content-Type", "text/plain"]],
 *   body: "gone",
 *   close: true,
 * });
 * assert.equal(
 *   new TextDecoder().decode(bytes),
 *   "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone",
 * );
 * ```
 */
export function formatResponse(options: ResponseOptions): Uint8Array {
  const { status, headers = [], toHead = false, close = false, dateMs } = options;
  const reason = options.reason ?? reasonPhrase(status);
  if (!Number.isInteger(status) || status < 100 || status > 999) {
    throw new RangeError(
      `Cannot write a response with status ${status}: not between 100 and 999`,
    );
  }
  if (!isHeaderValue(reason)) {
    throw new TypeError(
      `Cannot write the reason ${quote(reason)}: it has a control character`,
    );
  }
  const body = typeof options.body === "string" ? encodeText(options.body) : options.body;
  let head = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (const line of headers) {
    checkHeaderLine(line);
    if (/^(content-length|transfer-encoding)$/i.test(line[0])) {
      throw new TypeError(
        `Cannot write the header ${quote(line[0])}: it is made from the body`,
      );
    }
    head += `${line[0]}: ${line[1]}\r\n`;
  }
  if (dateMs !== undefined) {
    head += `Date: ${new Date(dateMs).toUTCString()}\r\n`;
  }
  // RFC 9110 section 8.6: no Content-Length with 1xx and 204. A 304 has no body either, and its
  // length would be that of the answer it stands for, which we do not know.
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  if (hasBody) head += `Content-Length: ${body?.length ?? 0}\r\n`;
  if (close) head += "Connection: close\r\n";
  head += "\r\n";
  const sent = hasBody && !toHead && body ? body : undefined;
  const bytes = new Uint8Array(head.length + (sent?.length ?? 0));
  const at = writeLatin1(head, bytes, 0);
  if (sent) bytes.set(sent, at);
  return bytes;
}
