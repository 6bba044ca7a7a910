/**
 * The head of a request as the `Request` that a fetch handler gets. `fetch_exchange.ts` calls it.
 *
 * @module
 */
import { HttpError } from "./fault.ts";
import type { RequestHead } from "./head.ts";

/** What a request has besides its head. */
export interface ToRequestOptions {
  /** What the visitor speaks with us. What an absolute target says about it is the visitor's opinion. */
  readonly scheme: "http" | "https";
  /** The host in the URL when the head names none, as HTTP/1.0 may. */
  readonly host: string;
  /** Fires when the visitor goes away. */
  readonly signal: AbortSignal;
  /** Its body. That of GET and HEAD is left out: a `Request` cannot hold one. */
  readonly body?: BodyInit;
}

/**
 * Makes a `Request`. Header values are strings with one character a byte, as the Fetch standard has
 * it; everything the visitor sent is there, framing headers included.
 *
 * @param head what the visitor sent
 * @param options what comes with it
 * @throws {HttpError} target (400) when its URL is none; method_unsupported (501) when the Fetch
 * standard forbids the method, or the runtime's `Request` would hold another one
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { toRequest } from "./fetch_request.ts";
 * import { parseRequestHead } from "./head.ts";
 *
 * const text = "GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nCookie: d=e\r\n\r\n";
 * const head = parseRequestHead(new TextEncoder().encode(text));
 * const { signal } = new AbortController();
 * const request = toRequest(head, { scheme: "https", host: "localhost", signal });
 * assert.equal(request.url, "https://example.com:8080/a?b=c");
 * assert.equal(request.headers.get("cookie"), "d=e");
 * ```
 */
export function toRequest(head: RequestHead, options: ToRequestOptions): Request {
  const { method } = head;
  if (!PLAIN_METHODS.has(method) && ODD_METHODS.test(method)) throw unsupported(method);
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers: headerLines(head),
    signal: options.signal,
  };
  if (options.body !== undefined && method !== "GET" && method !== "HEAD") {
    init.body = options.body;
    init.duplex = "half";
  }
  const url = urlOf(head, options);
  let request: Request;
  try {
    request = new Request(url, init);
  } catch (thrown) {
    if (URL.canParse(url)) throw thrown;
    throw new HttpError("target", "request", `${JSON.stringify(url)} is not a URL`);
  }
  // Bun makes every method that it does not know GET.
  if (request.method !== method) throw unsupported(method);
  return request;
}

const PLAIN_METHODS: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
]);

/**
 * In any case: what the Fetch standard forbids, and what it makes upper case although methods are
 * case-sensitive (RFC 9110 section 9.1), so that `get` would be a GET for the handler and not for us.
 */
const ODD_METHODS = /^(?:CONNECT|TRACE|TRACK|DELETE|GET|HEAD|OPTIONS|POST|PUT)$/i;

function unsupported(method: string): HttpError {
  return new HttpError("method_unsupported", "request", `the method "${method}" is not supported`);
}

function urlOf(head: RequestHead, { scheme, host }: ToRequestOptions): string {
  const { target } = head;
  // Absolute-form (RFC 9112 section 3.2.2): the parser has made sure that Host says the same.
  if (head.scheme) return scheme + target.slice(target.indexOf(":"));
  return `${scheme}://${head.hostHeader ?? host}${target}`;
}

function headerLines(head: RequestHead): [string, string][] {
  const lines: [string, string][] = [];
  let cookie: [string, string] | undefined;
  for (let index = 0; index < head.count; index++) {
    const line: [string, string] = [head.nameAt(index), head.valueAt(index)];
    if (line[0].length === 6 && line[0].toLowerCase() === "cookie") {
      // Several come from HTTP/2 and are one (RFC 9113 section 8.2.3); a comma would spoil them.
      if (cookie) {
        cookie[1] += `; ${line[1]}`;
        continue;
      }
      cookie = line;
    }
    lines.push(line);
  }
  return lines;
}
