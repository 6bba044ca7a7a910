/**
 * A message as lines of text, for comparing: start line, headers, body. A body that is JSON is laid
 * out first, so that one changed value is one changed line.
 *
 * @module
 */
import type { BodyJson, ExchangeDetail, HeaderJson } from "../../api/agent/shapes.ts";
import { bytesOf } from "./base64.ts";
import { bodyFacts } from "./body_kind.ts";
import { formatJson } from "./json_view.ts";
import { formatXml } from "./xml_view.ts";

/** The lines of the request. */
export function requestLines({ method, target, request }: ExchangeDetail): string[] {
  return [
    `${method} ${target} HTTP/${request.version}`,
    ...headerLines(request.headers),
    "",
    ...bodyLines(request.body, headerOf(request.headers, "content-type") ?? ""),
    ...headerLines(request.trailers),
  ];
}

/** The lines of the response; one that says so when there is none. */
export function responseLines({ status, response, error }: ExchangeDetail): string[] {
  if (!response) return [error ?? "no response"];
  return [
    `HTTP/${response.version} ${status} ${response.reason}`.trimEnd(),
    ...headerLines(response.headers),
    "",
    ...bodyLines(response.body, headerOf(response.headers, "content-type") ?? ""),
    ...headerLines(response.trailers),
  ];
}

/** The first header of that name, whatever the case of its letters. */
export function headerOf(headers: readonly HeaderJson[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The bytes of a body as people read them: without content coding, where it could be undone. */
export function readableBytes({ base64, decoded }: BodyJson): Uint8Array<ArrayBuffer> {
  return bytesOf(decoded ? decoded.base64 : base64);
}

function headerLines(headers: readonly HeaderJson[]): string[] {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

function bodyLines(body: BodyJson, type: string): string[] {
  const { kind, text } = bodyFacts(readableBytes(body), type);
  if (text === undefined) return [`(${body.total_bytes} bytes that are no text)`];
  if (text === "") return [];
  const pretty = kind === "json" || kind === "ndjson"
    ? formatJson(text, kind === "ndjson")
    : kind === "xml"
    ? formatXml(text)
    : undefined;
  if (!pretty || pretty.flaw) return text.split(/\r\n|\n|\r/);
  return pretty.lines.map((line) => line.map(({ text }) => text).join(""));
}
