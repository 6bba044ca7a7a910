/**
 * Asks one question over HTTP/1.1 on a connection of its own, and reads the whole answer: for
 * programs that must name whom they trust, which `fetch` cannot be told on every runtime. ACME
 * servers and lists of revoked certificates are asked like this.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { responseFraming } from "./body.ts";
import { BodyReader } from "./body_reader.ts";
import { readResponseHead, type ResponseHead } from "./head.ts";

/** What is asked. */
export interface Question {
  /** `GET` … */
  readonly method: string;
  /** The whole URL; host, path and query of it are sent. */
  readonly url: URL;
  /** Further fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body. */
  readonly body?: string;
  /** The longest answer. @default {1048576} */
  readonly maxBytes?: number;
}

/** What was answered. */
export interface ShortAnswer {
  /** Status and fields. */
  readonly head: ResponseHead;
  /** The whole body. */
  readonly body: Uint8Array;
}

/**
 * Asks.
 *
 * @param conn a fresh connection to the host of the URL; the caller aborts it afterwards
 * @param question what
 * @throws {TunnelError} connection_closed, http_invalid, http_too_large
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pair } from "../base/duplex.ts";
 * import { askHttp } from "./ask.ts";
 *
 * const [ours, theirs] = pair();
 * theirs.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
 * const { head, body } = await askHttp(ours, { method: "GET", url: new URL("http://a.example/") });
 * assert.equal(head.status, 200);
 * assert.equal(new TextDecoder().decode(body), "hi");
 * ```
 */
export async function askHttp(conn: Duplex, question: Question): Promise<ShortAnswer> {
  const { method, url, headers = {}, body, maxBytes = 1_048_576 } = question;
  const content = body === undefined ? undefined : encodeText(body);
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    `User-Agent: sallyport/${VERSION}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...content ? [`Content-Length: ${content.length}`] : [],
    "Connection: close",
  ];
  await conn.write(encodeText(`${lines.join("\r\n")}\r\n\r\n`));
  if (content && content.length > 0) await conn.write(content);
  const head = await readResponseHead(conn);
  if (!head) {
    throw new TunnelError(
      "connection_closed",
      `Cannot get an answer from "${url.origin}": the connection was closed`,
    );
  }
  const reader = new BodyReader(conn, responseFraming(head, method), "response");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new TunnelError("http_too_large", `The answer of "${url.origin}" is too long`);
    }
    chunks.push(chunk.slice());
  }
  return { head, body: concat(chunks, size) };
}
