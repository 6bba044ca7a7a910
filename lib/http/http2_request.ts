/**
 * A request of HTTP/2 as one of HTTP/1.1, and the other way round. The edge turns what visitors send
 * into a head for the one strict parser, so that no request is understood in two ways; and what goes
 * to a service that speaks HTTP/2 back into fields.
 *
 * What cannot be said in HTTP/1.1, or could be said there in two ways, is refused here; everything
 * else is for the parser to judge.
 *
 * @module
 */
import { parseAuthority } from "./authority.ts";
import { isHeaderValue, isToken, quote, writeLatin1 } from "./chars.ts";
import { HttpError } from "./fault.ts";
import type { RequestHead } from "./head.ts";

/** Header or trailer fields in order: lower-case names, pseudo-header fields first. */
export type FieldList = readonly (readonly [name: string, value: string])[];

/** What is known of a request besides its fields. */
export interface Http2RequestOptions {
  /** Whether its head was all of it (END_STREAM). */
  readonly bodiless: boolean;
  /** What the visitor speaks with us. */
  readonly scheme: "http" | "https";
  /** The `Sec-WebSocket-Key` of a WebSocket, which HTTP/2 goes without (RFC 8441 section 5). */
  readonly webSocketKey: () => string;
}

/** A request, ready for the parser of HTTP/1.1. */
export interface Http1Request {
  /** Its head. */
  readonly bytes: Uint8Array;
  /** Its method there. */
  readonly method: string;
  /** How its content goes on: not at all, as it is, in chunks, or as another protocol's bytes. */
  readonly body: "none" | "length" | "chunked" | "upgraded";
  /** What `content-length` promises. */
  readonly contentLength: number | undefined;
}

/** RFC 9113 section 8.2.2: what concerns one connection of HTTP/1.1 has no place in HTTP/2. */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const PSEUDO: ReadonlySet<string> = new Set([
  ":method",
  ":scheme",
  ":authority",
  ":path",
  ":protocol",
]);

/**
 * Writes the head of a request of HTTP/2 as one of HTTP/1.1.
 *
 * `:authority` becomes `Host`, ahead of all other fields; several `cookie` fields become one (RFC 9113
 * section 8.2.3); a WebSocket becomes a GET with `Upgrade` (RFC 8441); content without a length goes
 * in chunks. All other fields stay as they came, in order.
 *
 * @param fields as they came
 * @param options what else is known
 * @throws {HttpError} http_invalid for what RFC 9113 calls malformed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { http1Request } from "./http2_request.ts";
 *
 * const fields = [[":method", "GET"], [":scheme", "https"], [":authority", "a.test"], [":path", "/x"], ["te", "trailers"]] as const;
 * const { bytes } = http1Request(fields, { bodiless: true, scheme: "https", webSocketKey: () => "" });
 * assert.equal(new TextDecoder().decode(bytes), "GET /x HTTP/1.1\r\nhost: a.test\r\nte: trailers\r\n\r\n");
 * ```
 */
export function http1Request(fields: FieldList, options: Http2RequestOptions): Http1Request {
  const pseudo = readPseudo(fields);
  let method = required(pseudo, ":method");
  if (!isToken(method)) throw malformed(`the method ${quote(method)} is not a token`);
  const protocol = pseudo.get(":protocol");
  if (protocol !== undefined && method !== "CONNECT") {
    throw malformed('":protocol" belongs to the method CONNECT');
  }
  const opensWebSocket = method === "CONNECT" && protocol !== undefined;
  if (method === "CONNECT" && !opensWebSocket) {
    throw new HttpError(
      "connect_refused",
      "request",
      "CONNECT is not served: this is not a forward proxy",
    );
  }
  if (opensWebSocket && protocol.toLowerCase() !== "websocket") {
    throw new HttpError(
      "http2_protocol",
      "request",
      `the protocol ${quote(protocol)} is not served; "websocket" is`,
    );
  }
  const scheme = required(pseudo, ":scheme").toLowerCase();
  if (scheme !== options.scheme) {
    throw malformed(`the scheme ${quote(scheme)} came over ${quote(options.scheme)}`);
  }
  const path = checkPath(required(pseudo, ":path"), method);
  if (opensWebSocket) method = "GET";
  const { lines, host, contentLength } = readRegular(fields, pseudo.size, opensWebSocket);
  const authority = chooseHost(pseudo.get(":authority"), host);

  let text = `${method} ${path} HTTP/1.1\r\n`;
  if (authority !== undefined) text += `host: ${authority}\r\n`;
  text += lines;
  let body: Http1Request["body"] = "none";
  if (opensWebSocket) {
    if (options.bodiless) throw malformed("a WebSocket that has ended already");
    body = "upgraded";
    text += "connection: Upgrade\r\nupgrade: websocket\r\n" +
      `sec-websocket-key: ${options.webSocketKey()}\r\n`;
  } else if (options.bodiless) {
    // RFC 9113 section 8.1.1: a length that is not that of the content.
    if (contentLength) throw malformed(`content of ${contentLength} bytes was promised, none came`);
  } else if (contentLength !== undefined) {
    body = "length";
  } else {
    body = "chunked";
    text += "transfer-encoding: chunked\r\n";
  }
  text += "\r\n";
  const bytes = new Uint8Array(text.length);
  writeLatin1(text, bytes, 0);
  return { bytes, method, body, contentLength };
}

/**
 * The fields of a request of HTTP/1.1, for a service that speaks HTTP/2.
 *
 * @param head a request without an upgrade
 * @param scheme what the service is told
 */
export function http2RequestFields(head: RequestHead, scheme: "http" | "https"): FieldList {
  const fields: [string, string][] = [
    [":method", head.method],
    [":scheme", scheme],
    [":authority", head.hostHeader ?? head.host],
    [":path", head.target],
  ];
  for (let index = 0; index < head.count; index++) {
    const name = head.nameAt(index).toLowerCase();
    if (name === "host" || name === "http2-settings" || CONNECTION_SPECIFIC.has(name)) continue;
    const value = head.valueAt(index);
    if (name === "te" && value.toLowerCase() !== "trailers") continue;
    fields.push([name, value]);
  }
  return fields;
}

/** Trailer fields without what HTTP/2 does not know, names in lower case. */
export function http2Trailers(trailers: FieldList): FieldList {
  return trailers.map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !CONNECTION_SPECIFIC.has(name));
}

/**
 * Trailers as HTTP/1.1 writes them behind the last chunk.
 *
 * @param trailers fields of HTTP/2
 * @throws {HttpError} http_invalid for a name or value that could be read as something else
 */
export function http1Trailers(trailers: FieldList): string {
  let text = "";
  for (const [name, value] of trailers) {
    checkField(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

function readPseudo(fields: FieldList): Map<string, string> {
  const pseudo = new Map<string, string>();
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) !== 0x3a) break;
    if (!PSEUDO.has(name)) throw malformed(`${quote(name)} is no pseudo-header field of a request`);
    if (pseudo.has(name)) throw malformed(`${quote(name)} is there twice`);
    pseudo.set(name, value);
  }
  return pseudo;
}

function required(pseudo: ReadonlyMap<string, string>, name: string): string {
  const value = pseudo.get(name);
  if (value === undefined) throw malformed(`${quote(name)} is missing`);
  return value;
}

/** RFC 9113 section 8.3.1: a path, or "*" for OPTIONS; whole URLs have no place here. */
function checkPath(path: string, method: string): string {
  const isPath = path.charCodeAt(0) === 0x2f || (path === "*" && method === "OPTIONS");
  // A space would end the target in HTTP/1.1, and the rest would be read as a version.
  if (!isPath || !/^[\x21-\x7e\x80-\xff]+$/.test(path)) {
    throw malformed(`the path ${quote(path)} is none`);
  }
  return path;
}

/** RFC 9113 section 8.3.1: Host may come too, but must say the same. */
function chooseHost(authority: string | undefined, host: string | undefined): string | undefined {
  if (authority === undefined || host === undefined || authority === host) return authority ?? host;
  const [one, other] = [parseAuthority(authority), parseAuthority(host)];
  if (one && other && one.host === other.host && one.port === other.port) return authority;
  throw new HttpError(
    "host_conflict",
    "request",
    `":authority" ${quote(authority)} and the Host ${quote(host)} name different hosts`,
  );
}

interface Regular {
  readonly lines: string;
  readonly host: string | undefined;
  readonly contentLength: number | undefined;
}

function readRegular(fields: FieldList, from: number, opensWebSocket: boolean): Regular {
  let lines = "";
  let host: string | undefined;
  let contentLength: number | undefined;
  let cookies: string | undefined;
  for (let index = from; index < fields.length; index++) {
    const [name, value] = fields[index];
    checkField(name, value);
    if (CONNECTION_SPECIFIC.has(name)) throw malformed(`${quote(name)} has no place in HTTP/2`);
    switch (name) {
      case "te":
        if (value.toLowerCase() !== "trailers") {
          throw malformed(`"te" may only say "trailers", not ${quote(value)}`);
        }
        break;
      case "host":
        if (host !== undefined) {
          throw new HttpError("host_repeated", "request", "there are several Host fields");
        }
        host = value;
        continue;
      case "cookie":
        cookies ??= fields.filter((field) => field[0] === "cookie").map((field) => field[1])
          .join("; ");
        if (cookies !== "") lines += `cookie: ${cookies}\r\n`;
        cookies = "";
        continue;
      case "content-length":
        // What is no number, or is there twice, the parser refuses.
        contentLength ??= /^\d{1,15}$/.test(value) ? Number(value) : undefined;
        if (contentLength === undefined) {
          throw new HttpError(
            "content_length",
            "request",
            `the Content-Length ${quote(value)} is not a number`,
          );
        }
        break;
      case "sec-websocket-key":
        // Ours takes its place.
        if (opensWebSocket) continue;
    }
    lines += `${name}: ${value}\r\n`;
  }
  return { lines, host, contentLength };
}

function checkField(name: string, value: string): void {
  if (!isToken(name) || /[A-Z]/.test(name)) {
    throw malformed(`the field name ${quote(name)} is not one of HTTP/2`);
  }
  // RFC 9113 section 8.2.1; a space at either end would be lost on the way.
  if (!isHeaderValue(value) || /^[ \t]|[ \t]$/.test(value)) {
    throw malformed(`the value of ${quote(name)} has a character that may not be there`);
  }
}

function malformed(found: string): HttpError {
  return new HttpError("http2_fields", "request", found);
}
