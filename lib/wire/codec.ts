/**
 * JSON over a stream, and the header in front of a visitor's bytes (wire-protocol 5 and 7).
 *
 * Requests carry no length and no end mark: an object is complete when its last brace is there. Our
 * answers end with FIN, because the Rust SDK reads to the end of the stream.
 *
 * @module
 */
import { concat, decodeText, encodeText } from "../base/bytes.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { MAX_MESSAGE_BYTES, MAX_PROXY_HEADER_BYTES, type ProxyHeader } from "./messages.ts";

/**
 * Finds the end of one JSON value that starts with `{`, across chunks: braces outside of strings
 * are counted.
 */
export class JsonBoundary {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun = false;

  /**
   * Looks at more bytes.
   *
   * @returns the index after the closing brace, or -1 when the value goes on
   * @throws {TunnelError} message_invalid when the first byte that is not blank is no `{`
   */
  push(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#inString = false;
      } else if (byte === 0x22) {
        this.#inString = true;
        if (!this.#begun) throw notAnObject();
      } else if (byte === 0x7b || byte === 0x5b) {
        if (!this.#begun && byte !== 0x7b) throw notAnObject();
        this.#begun = true;
        this.#depth++;
      } else if (byte === 0x7d || byte === 0x5d) {
        if (!this.#begun) throw notAnObject();
        if (--this.#depth === 0) return at + 1;
      } else if (!this.#begun && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        throw notAnObject();
      }
    }
    return -1;
  }
}

function notAnObject(): TunnelError {
  return new TunnelError("message_invalid", "Cannot read the message: it is not a JSON object");
}

/**
 * Reads one JSON object from a stream. Bytes behind it stay on the stream.
 *
 * @param stream where from
 * @param maxBytes the largest object accepted
 * @returns the object; {@linkcode pick} turns it into a message
 * @throws {TunnelError} message_invalid, message_too_large, connection_closed
 */
export async function readJson(
  stream: Duplex,
  maxBytes: number = MAX_MESSAGE_BYTES,
): Promise<Record<string, unknown>> {
  const boundary = new JsonBoundary();
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = await stream.read();
    if (chunk === undefined) {
      throw new TunnelError(
        "connection_closed",
        `Cannot read the message: the stream ended after ${total} bytes`,
      );
    }
    const end = boundary.push(chunk);
    total += end < 0 ? chunk.length : end;
    if (total > maxBytes) {
      throw new TunnelError(
        "message_too_large",
        `Cannot read the message: it has more than ${maxBytes} bytes`,
      );
    }
    if (end < 0) {
      chunks.push(chunk);
      continue;
    }
    chunks.push(chunk.subarray(0, end));
    stream.unread(chunk.subarray(end));
    return parseObject(decodeText(concat(chunks, total)));
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new TunnelError("message_invalid", "Cannot read the message: it is not valid JSON", {
      cause,
    });
  }
}

/**
 * Writes one JSON object and ends our direction with it.
 *
 * @param stream where to
 * @param message the object; its keys go out as they are spelled
 */
export async function answerJson(stream: Duplex, message: object): Promise<void> {
  await stream.write(encodeText(JSON.stringify(message)));
  await stream.closeWrite();
}

/** The message as bytes for the frame that opens a stream. */
export function encodeJson(message: object): Uint8Array {
  return encodeText(JSON.stringify(message));
}

/** What {@linkcode pick} checks a key for. */
export type FieldKind = "string" | "number" | "boolean" | "strings" | "object" | "any";

/**
 * Reads the known keys of an object without regard to case. A key that is absent or `null` is left
 * out; `Authtoken` and `AuthToken` are the same key, as both are on the wire.
 *
 * @param object what was parsed
 * @param fields the spelling we use, and the type it must have
 * @param what names the message in the error
 * @throws {TunnelError} message_invalid when a key has another type
 */
export function pick<T>(
  object: Record<string, unknown>,
  fields: { readonly [K in keyof T]-?: FieldKind },
  what: string,
): Partial<T> {
  const byLower = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) byLower.set(key.toLowerCase(), value);
  const result: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(fields) as [string, FieldKind][]) {
    const value = byLower.get(key.toLowerCase());
    if (value === undefined || value === null) continue;
    if (!fits(value, kind)) {
      throw new TunnelError(
        "message_invalid",
        `Cannot read ${what}: ${JSON.stringify(key)} must be of type ${kind}`,
        { ngrokCode: 301 },
      );
    }
    result[key] = value;
  }
  return result as Partial<T>;
}

function fits(value: unknown, kind: FieldKind): boolean {
  switch (kind) {
    case "any":
      return true;
    case "strings":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "object":
      return typeof value === "object" && !Array.isArray(value);
    default:
      // deno-lint-ignore valid-typeof -- kind is one of string, number, boolean here
      return typeof value === kind;
  }
}

/**
 * The bytes between the stream type and the visitor's bytes: i64 little-endian length, JSON.
 *
 * @param header all five keys
 */
export function encodeProxyHeader(header: ProxyHeader): Uint8Array {
  const json = encodeText(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const PROXY_FIELDS = {
  Id: "string",
  ClientAddr: "string",
  Proto: "string",
  EdgeType: "any",
  PassthroughTLS: "boolean",
} as const;

/**
 * Reads the header in front of a visitor's bytes; those stay on the stream. Missing keys get empty
 * values, for v2 servers send three of the five.
 *
 * @param stream a stream of type proxy
 * @throws {TunnelError} message_invalid, message_too_large, connection_closed
 */
export async function readProxyHeader(stream: Duplex): Promise<ProxyHeader> {
  const lengthBytes = await readExactly(stream, 8);
  const length = new DataView(lengthBytes.buffer, lengthBytes.byteOffset).getBigInt64(0, true);
  if (length < 0n || length > BigInt(MAX_PROXY_HEADER_BYTES)) {
    throw new TunnelError(
      "message_too_large",
      `Cannot read the proxy header: its length is ${length}, the limit ${MAX_PROXY_HEADER_BYTES}`,
    );
  }
  const text = decodeText(await readExactly(stream, Number(length)));
  const header = pick<ProxyHeader>(parseObject(text), PROXY_FIELDS, "the proxy header");
  return {
    Id: header.Id ?? "",
    ClientAddr: header.ClientAddr ?? "",
    Proto: header.Proto ?? "",
    EdgeType: String(header.EdgeType ?? "0"),
    PassthroughTLS: header.PassthroughTLS ?? false,
  };
}

/**
 * Reads exactly `count` bytes; what came behind them stays on the stream.
 *
 * @throws {TunnelError} connection_closed when the stream ends before
 */
export async function readExactly(stream: Duplex, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let missing = count;
  while (missing > 0) {
    const chunk = await stream.read();
    if (chunk === undefined) {
      throw new TunnelError(
        "connection_closed",
        `The stream ended ${missing} bytes before the end of a message`,
      );
    }
    if (chunk.length > missing) {
      stream.unread(chunk.subarray(missing));
      chunks.push(chunk.subarray(0, missing));
      missing = 0;
    } else {
      chunks.push(chunk);
      missing -= chunk.length;
    }
  }
  return chunks.length === 0 ? new Uint8Array(0) : concat(chunks, count);
}
