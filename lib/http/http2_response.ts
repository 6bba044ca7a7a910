/**
 * A response of HTTP/1.1 as one of HTTP/2, and the other way round. The edge answers visitors with
 * the first, and hears services that speak HTTP/2 through the second.
 *
 * @module
 */
import { BodyCut, type BodyFraming, responseFraming } from "./body.ts";
import { writeLatin1 } from "./chars.ts";
import { HttpError } from "./fault.ts";
import { parseResponseHead, type ResponseHead } from "./head.ts";
import type { FieldList } from "./http2_request.ts";
import { http1Trailers } from "./http2_request.ts";
import { reasonPhrase } from "./response.ts";

/** What concerns one connection of HTTP/1.1 (RFC 9113 section 8.2.2). */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The fields of a response of HTTP/1.1. A change of protocol is a 200 there (RFC 8441 section 5).
 *
 * @param head the response
 */
export function http2ResponseFields(head: ResponseHead): FieldList {
  const switches = head.status === 101;
  const noLength = head.status < 200 || head.status === 204;
  const fields: [string, string][] = [[":status", switches ? "200" : String(head.status)]];
  for (let index = 0; index < head.count; index++) {
    const name = head.nameAt(index).toLowerCase();
    if (CONNECTION_SPECIFIC.has(name)) continue;
    if (name === "content-length" && noLength) continue;
    if (name === "sec-websocket-accept" && switches) continue;
    fields.push([name, head.valueAt(index)]);
  }
  return fields;
}

/** What a response of HTTP/2 becomes. */
export interface Http1Response {
  /** Its head. */
  readonly bytes: Uint8Array;
  /** Whether its content goes in chunks. */
  readonly chunked: boolean;
}

/**
 * Writes the head of a response of HTTP/2 as one of HTTP/1.1.
 *
 * @param fields with `:status`
 * @param bodiless whether nothing follows
 * @param requestMethod what it answers
 * @throws {HttpError} http_invalid, when there is no status or a field that cannot be said there
 */
export function http1Response(
  fields: FieldList,
  bodiless: boolean,
  requestMethod: string,
): Http1Response {
  const status = fields.find(([name]) => name === ":status")?.[1] ?? "";
  if (!/^[1-9]\d\d$/.test(status) || status === "101") {
    throw new HttpError("status_line", "response", `":status" is ${JSON.stringify(status)}`);
  }
  const interim = status.startsWith("1");
  const rest = fields.filter(([name]) => name.charCodeAt(0) !== 0x3a);
  for (const [name] of rest) {
    if (!CONNECTION_SPECIFIC.has(name)) continue;
    throw new HttpError("http2_fields", "response", `"${name}" has no place in HTTP/2`);
  }
  let text = `HTTP/1.1 ${status} ${reasonPhrase(Number(status))}\r\n${http1Trailers(rest)}`;
  const hasLength = rest.some(([name]) => name === "content-length");
  const empty = interim || status === "204" || status === "304" || requestMethod === "HEAD";
  const chunked = !empty && !hasLength && !bodiless;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  else if (!empty && !hasLength) text += "Content-Length: 0\r\n";
  text += "\r\n";
  const bytes = new Uint8Array(text.length);
  writeLatin1(text, bytes, 0);
  return { bytes, chunked };
}

/** Hears what a response is made of. */
export interface ResponseParts {
  /** An interim head (1xx). */
  onInterim(head: ResponseHead): void;
  /** The final head; 101 too, after which everything is content. */
  onHead(head: ResponseHead, framing: BodyFraming): void;
  /** Content: a view into what was written. */
  onContent(piece: Uint8Array): void;
  /** The end, unless the protocol was changed. */
  onEnd(trailers: FieldList): void;
}

/** Takes the bytes of one response of HTTP/1.1, interim ones ahead of it, in any cut. */
export class ResponseTaker {
  readonly #method: string;
  readonly #parts: ResponseParts;
  #held: Uint8Array | undefined;
  #body: BodyCut | undefined;
  #isRaw = false;
  #isDone = false;

  /**
   * At the first byte.
   *
   * @param requestMethod what is answered
   * @param parts hears what comes
   */
  constructor(requestMethod: string, parts: ResponseParts) {
    this.#method = requestMethod;
    this.#parts = parts;
  }

  /** Whether the final head has come. */
  get begun(): boolean {
    return this.#body !== undefined || this.#isRaw || this.#isDone;
  }

  /** Whether the response is complete. */
  get done(): boolean {
    return this.#isDone;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {HttpError} when they are no response
   */
  take(bytes: Uint8Array): void {
    if (this.#isDone) return;
    if (this.#isRaw) return this.#parts.onContent(bytes);
    if (this.#body) return this.#takeBody(bytes);
    this.#takeHead(this.#held ? concat(this.#held, bytes) : bytes);
  }

  /** Hears that no more bytes come; whether the response is complete. */
  end(): boolean {
    if (this.#isDone || this.#isRaw) return true;
    const body = this.#body;
    if (!body || body.leftBytes !== undefined || body.trailers) return false;
    this.#finish();
    return true;
  }

  #takeHead(bytes: Uint8Array): void {
    const end = endOfHead(bytes);
    if (end < 0) {
      this.#held = bytes;
      return;
    }
    this.#held = undefined;
    const head = parseResponseHead(bytes.subarray(0, end));
    const rest = bytes.subarray(end);
    if (head.interim) {
      this.#parts.onInterim(head);
      if (rest.length > 0) this.#takeHead(rest);
      return;
    }
    const framing = responseFraming(head, this.#method);
    this.#parts.onHead(head, framing);
    if (head.status === 101) this.#isRaw = true;
    else if (framing.kind === "none") this.#isDone = true;
    else {
      this.#body = new BodyCut(framing, "response", (piece) => this.#parts.onContent(piece));
    }
    if (rest.length > 0) this.take(rest);
  }

  #takeBody(bytes: Uint8Array): void {
    this.#body!.take(bytes);
    if (this.#body!.done) this.#finish();
  }

  #finish(): void {
    this.#isDone = true;
    this.#parts.onEnd(this.#body?.trailers ?? []);
  }
}

/** After the empty line; -1 when it is not there. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte > 13) {
      at += 3; // neither CR nor LF: no end of a head reaches over it
      continue;
    }
    if (byte === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) {
      return at + 1;
    }
  }
  return -1;
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
