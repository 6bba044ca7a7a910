/**
 * What a body is, by its type and, where that says nothing, by its bytes; and its text. The views of
 * bodies are chosen by it.
 *
 * @module
 */
import { parameter } from "./multipart.ts";

/** How a body is shown. */
export type BodyKind =
  | "empty"
  | "json"
  | "ndjson"
  | "xml"
  | "form"
  | "multipart"
  | "image"
  | "html"
  | "css"
  | "javascript"
  | "graphql"
  | "text"
  | "binary";

/** What a body is. */
export interface BodyFacts {
  /** How it is shown. */
  readonly kind: BodyKind;
  /** Its text; `undefined` when it is none. */
  readonly text: string | undefined;
}

/** Images a browser shows; SVG is shown as the text it is, for it can hold script. */
const IMAGE = /^image\/(?:png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/;

/**
 * Looks at a body.
 *
 * @param bytes without their content coding
 * @param type the `Content-Type`; empty without one
 */
export function bodyFacts(bytes: Uint8Array, type: string): BodyFacts {
  if (bytes.length === 0) return { kind: "empty", text: "" };
  const media = mediaOf(type);
  if (IMAGE.test(media)) return { kind: "image", text: undefined };
  const text = textOf(bytes, type);
  if (media.startsWith("multipart/")) return { kind: "multipart", text };
  if (text === undefined) return { kind: "binary", text };
  return { kind: kindOfText(media, text), text };
}

/** The media type alone, in small letters. */
export function mediaOf(type: string): string {
  return type.split(";", 1)[0].trim().toLowerCase();
}

function kindOfText(media: string, text: string): BodyKind {
  if (/^application\/(?:x-ndjson|jsonl|json-seq)$|^application\/jsonlines$/.test(media)) {
    return "ndjson";
  }
  if (/[/+]json$|^text\/json$/.test(media)) return "json";
  if (media === "application/graphql") return "graphql";
  if (media === "application/x-www-form-urlencoded") return "form";
  if (media === "text/html" || media === "application/xhtml+xml") return "html";
  if (/[/+]xml$/.test(media)) return "xml";
  if (media === "text/css") return "css";
  if (/^(?:text|application)\/(?:x-)?(?:java|ecma)script$/.test(media)) return "javascript";
  if (media === "" || media === "text/plain" || media === "application/octet-stream") {
    // Many services forget the type.
    const start = text.trimStart();
    if (/^[{[]/.test(start) && isJson(text)) return "json";
    if (start.startsWith("<?xml")) return "xml";
    if (/^<(?:!doctype html|html)\b/i.test(start)) return "html";
  }
  return "text";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Shorter bodies are not cut by anybody. */
const CUT_BYTES = 256;

/** The text that bytes are, or `undefined` when they are none. */
export function textOf(bytes: Uint8Array, type: string = ""): string | undefined {
  const charset = parameter(type, "charset");
  const declared = /^text\/|[/+](?:json|xml)$|script$|urlencoded$/.test(mediaOf(type));
  if (charset && !/^utf-?8$/i.test(charset)) {
    try {
      return new TextDecoder(charset).decode(bytes);
    } catch {
      // A name no browser knows: the bytes decide.
    }
  }
  try {
    // A long one may have been cut in the middle of a character: its last bytes may be a part of one.
    const stream = bytes.length > CUT_BYTES;
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    return !declared && /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return declared ? new TextDecoder("windows-1252").decode(bytes) : undefined;
  }
}

/** What a GraphQL request asks for. */
export interface GraphqlRequest {
  /** The document. */
  readonly query: string;
  /** The operation in it. */
  readonly operation: string | undefined;
  /** Its variables, as JSON. */
  readonly variables: string | undefined;
}

/** The GraphQL request in a JSON body; `undefined` when there is none. */
export function graphqlIn(text: string): GraphqlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { query, operationName, variables } = value as Record<string, unknown>;
  if (typeof query !== "string") return undefined;
  if (!/^\s*(?:#.*\n\s*)*(?:query|mutation|subscription|fragment|\{)/.test(query)) return undefined;
  return {
    query,
    operation: typeof operationName === "string" ? operationName : undefined,
    variables: variables && typeof variables === "object" && Object.keys(variables).length > 0
      ? JSON.stringify(variables)
      : undefined,
  };
}
