/**
 * The parts of a `multipart/…` body (RFC 2046 section 5.1).
 *
 * @module
 */
import { decodeText } from "../../base/bytes.ts";
import type { NamedValue } from "./form_fields.ts";

/** One part. */
export interface Part {
  /** The field it is the value of. */
  readonly name: string | undefined;
  /** What the file was called. */
  readonly filename: string | undefined;
  /** Its media type. @default {"text/plain"} */
  readonly type: string;
  /** All its lines. */
  readonly headers: readonly NamedValue[];
  /** What is in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What became of a body. */
export interface Multipart {
  /** In order. */
  readonly parts: readonly Part[];
  /** What is wrong with it. */
  readonly problem: string | undefined;
}

/**
 * Takes a body apart.
 *
 * @param bytes the body
 * @param type its `Content-Type`
 */
export function parseMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Multipart {
  const boundary = parameter(type, "boundary");
  if (!boundary) return { parts: [], problem: "The content type names no boundary" };
  const mark = Uint8Array.from(`--${boundary}`, (char) => char.charCodeAt(0));
  const parts: Part[] = [];
  let at = find(bytes, mark, 0);
  if (at < 0) return { parts, problem: `The boundary "${boundary}" is nowhere in the body` };
  for (;;) {
    at += mark.length;
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return { parts, problem: undefined };
    const from = afterLine(bytes, at);
    const end = find(bytes, mark, from);
    const to = end < 0 ? bytes.length : beforeLineEnd(bytes, end, from);
    parts.push(partOf(bytes.subarray(from, to)));
    if (end < 0) return { parts, problem: "The last part is not ended by the boundary" };
    at = end;
  }
}

/** A parameter of a header value, without its quotes. */
export function parameter(value: string, name: string): string | undefined {
  const pattern = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i");
  const match = pattern.exec(value);
  return match ? match[1]?.replace(/\\(.)/g, "$1") ?? match[2] : undefined;
}

function partOf(bytes: Uint8Array<ArrayBuffer>): Part {
  const gap = find(bytes, CRLF2, 0);
  const bare = bytes[0] === 0x0d && bytes[1] === 0x0a;
  const head = bare || gap < 0 ? "" : decodeText(bytes.subarray(0, gap));
  const headers = head.split("\r\n").filter((line) => line.includes(":")).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const value = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const disposition = value("content-disposition") ?? "";
  return {
    name: parameter(disposition, "name"),
    filename: parameter(disposition, "filename"),
    type: value("content-type") ?? "text/plain",
    headers,
    bytes: bare ? bytes.subarray(2) : gap < 0 ? bytes : bytes.subarray(gap + 4),
  };
}

const CRLF2 = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a]);

function find(bytes: Uint8Array, what: Uint8Array, from: number): number {
  outer: for (let at = bytes.indexOf(what[0], from); at >= 0; at = bytes.indexOf(what[0], at + 1)) {
    for (let index = 1; index < what.length; index++) {
      if (bytes[at + index] !== what[index]) continue outer;
    }
    return at;
  }
  return -1;
}

function afterLine(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(0x0a, from);
  return at < 0 ? bytes.length : at + 1;
}

function beforeLineEnd(bytes: Uint8Array, at: number, least: number): number {
  if (bytes[at - 1] === 0x0a) at--;
  if (bytes[at - 1] === 0x0d) at--;
  return Math.max(at, least);
}
