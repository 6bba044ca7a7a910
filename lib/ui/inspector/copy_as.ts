/**
 * A captured request as something to paste: a curl command, or a call of fetch().
 *
 * @module
 */
import type { ExchangeDetail, HeaderJson } from "../../api/agent/shapes.ts";
import { bytesOf } from "./base64.ts";
import { textOf } from "./body_kind.ts";

/** What the client makes by itself, or what belongs to one connection, or was added on the way. */
const NOT_COPIED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|proxy-connection|x-forwarded-(?:for|host|proto)|sec-websocket-.*)$/i;

/** What no page may set; fetch() on a server could, but refuses or ignores most of it. */
const NOT_FETCHED = /^(?:accept-encoding|sec-.*|expect|date|origin)$/i;

/** The public address that was asked for. */
export function urlOf({ endpoint_url: url, target }: ExchangeDetail): string {
  if (/^https?:\/\//i.test(target)) return target;
  return url.replace(/\/$/, "") + (target.startsWith("/") ? target : "");
}

/** A command for a POSIX shell that sends the request again. */
export function curlText(exchange: ExchangeDetail): string {
  const { method, request } = exchange;
  const body = bytesOf(request.body.base64);
  const text = textOf(body);
  const words = ["curl"];
  if (method === "HEAD") words.push("--head");
  else if (method !== (body.length > 0 ? "POST" : "GET")) words.push(`--request ${quote(method)}`);
  words.push(quote(urlOf(exchange)));
  if (/[[\]{}]/.test(exchange.target)) words.push("--globoff");
  if (acceptsCoding(request.headers)) words.push("--compressed");
  for (const [name, value] of copied(request.headers)) {
    // An empty header is written with a semicolon: a colon would remove it (curl --header).
    words.push(`--header ${quote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  let start = "";
  if (body.length > 0) {
    // A shell keeps no NUL in an argument, and "@" would name a file.
    const asText = text !== undefined && !text.includes("\0");
    if (!asText) start = `base64 -d <<< ${quote(request.body.base64)} | `;
    words.push(asText ? `--data-raw ${quote(text)}` : "--data-binary @-");
  }
  return start + words.join(" \\\n  ");
}

/** JavaScript that sends the request again. */
export function fetchText(exchange: ExchangeDetail): string {
  const { method, request } = exchange;
  const body = bytesOf(request.body.base64);
  const lines: string[] = [];
  if (method !== "GET") lines.push(`  method: ${JSON.stringify(method)},`);
  const headers = copied(request.headers).filter(([name]) => !NOT_FETCHED.test(name));
  if (headers.length > 0) {
    lines.push("  headers: [");
    for (const [name, value] of headers) {
      lines.push(`    [${JSON.stringify(name)}, ${JSON.stringify(value)}],`);
    }
    lines.push("  ],");
  }
  if (body.length > 0) {
    const text = textOf(body);
    lines.push(
      text !== undefined
        ? `  body: ${JSON.stringify(text)},`
        : `  body: Uint8Array.from(atob(${JSON.stringify(request.body.base64)}), (char) => ` +
          `char.charCodeAt(0)),`,
    );
  }
  const url = JSON.stringify(urlOf(exchange));
  const call = lines.length === 0 ? `fetch(${url})` : `fetch(${url}, {\n${lines.join("\n")}\n})`;
  return `const response = await ${call};`;
}

function copied(headers: readonly HeaderJson[]): HeaderJson[] {
  return headers.filter(([name]) => !NOT_COPIED.test(name));
}

function acceptsCoding(headers: readonly HeaderJson[]): boolean {
  return headers.some(([name, value]) =>
    /^accept-encoding$/i.test(name) && /gzip|br|zstd|deflate/i.test(value)
  );
}

/** A word of a POSIX shell; nothing in it means anything. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
