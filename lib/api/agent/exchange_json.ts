/**
 * Exchanges as JSON: the summary that lists have, the detail, and the form that programs of the
 * ecosystem know (spec agent H).
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../base/base64.ts";
import { concat } from "../../base/bytes.ts";
import type {
  CapturedBody,
  CapturedMessage,
  Exchange,
  HeaderLine,
  StreamMessage,
} from "../../inspect/exchange.ts";
import type { Codecs } from "../../runtime/codecs.ts";
import type {
  BodyJson,
  ExchangeDetail,
  ExchangeSummary,
  MessagePartsJson,
  StreamMessageJson,
} from "./shapes.ts";

/** Where captured requests are. */
export const REQUESTS_PATH = "/api/requests/http";

/** A body is decoded up to here: as much as is kept of one. */
const MAX_DECODED_BYTES = 4 * 1024 * 1024;

/** A message as programs of the ecosystem know it. */
export interface LegacyMessageJson {
  /** `HTTP/1.1`. */
  readonly proto: string;
  /** By name, as Go spells them. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Head and body, base64. */
  readonly raw: string;
}

/** An exchange as programs of the ecosystem know it. */
export interface LegacyRequestJson {
  /** Where it is in this API. */
  readonly uri: string;
  /** `airt_…`. */
  readonly id: string;
  /** The local name of its endpoint. */
  readonly tunnel_name: string;
  /** Who asked, without a port. */
  readonly remote_addr: string;
  /** When: RFC 3339. */
  readonly start: string;
  /** Nanoseconds. */
  readonly duration: number;
  /** What was asked. */
  readonly request: {
    /** As written. */
    readonly method: string;
    /** As written: path and query. */
    readonly uri: string;
  } & LegacyMessageJson;
  /** What came back; `null` until it does. */
  readonly response:
    | ({
      /** `200 OK`. */
      readonly status: string;
      /** 200. */
      readonly status_code: number;
    } & LegacyMessageJson)
    | null;
}

/**
 * An exchange as lists have it.
 *
 * @param exchange which
 */
export function summaryOf(exchange: Exchange): ExchangeSummary {
  const { request, response, timing, messages, droppedMessages } = exchange;
  return {
    id: exchange.id,
    endpoint_name: exchange.endpointName,
    endpoint_url: exchange.endpointUrl,
    client_addr: exchange.clientAddr,
    started_at: new Date(exchange.startedAtMs).toISOString(),
    method: request.method,
    target: request.target,
    host: headerOf(request, "host") ?? "",
    status: response?.status ?? null,
    state: exchange.state,
    error: exchange.error ?? null,
    kind: kindOf(exchange),
    request_bytes: request.body.totalBytes,
    response_bytes: response?.body.totalBytes ?? 0,
    response_type: (response && headerOf(response, "content-type")) ?? null,
    first_byte_ms: timing.firstByteMs ?? null,
    duration_ms: timing.durationMs ?? null,
    message_count: messages.length + droppedMessages,
    replay_of: exchange.replayOf ?? null,
  };
}

function kindOf({ request, response, messages }: Exchange): ExchangeSummary["kind"] {
  if (messages.length > 0) return messages[0].kind;
  if (response?.status === 101) {
    return /^websocket$/i.test(headerOf(request, "upgrade") ?? "") ? "websocket" : "http";
  }
  const type = (response && headerOf(response, "content-type")) ??
    headerOf(request, "content-type");
  if (/^text\/event-stream\b/i.test(type ?? "")) return "sse";
  return /^application\/grpc\b/i.test(type ?? "") ? "grpc" : "http";
}

/** The first line of that name. */
export function headerOf(message: CapturedMessage, name: string): string | undefined {
  return message.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

/**
 * An exchange in full.
 *
 * @param exchange which
 * @param codecs undoes content codings
 */
export async function detailOf(exchange: Exchange, codecs: Codecs): Promise<ExchangeDetail> {
  const { request, response, timing, messages, droppedMessages } = exchange;
  return {
    ...summaryOf(exchange),
    request: await partsOf(request, codecs),
    response: response ? { ...await partsOf(response, codecs), reason: response.reason } : null,
    request_ms: timing.requestMs ?? null,
    messages: messages.map(messageJson),
    dropped_messages: droppedMessages,
  };
}

async function partsOf(message: CapturedMessage, codecs: Codecs): Promise<MessagePartsJson> {
  const { version, headers, trailers, head, body } = message;
  const coding = headerOf(message, "content-encoding");
  return {
    version,
    headers,
    trailers,
    head_base64: toBase64(head),
    body: await bodyJson(body, coding, codecs),
  };
}

async function bodyJson(
  body: CapturedBody,
  coding: string | undefined,
  codecs: Codecs,
): Promise<BodyJson> {
  const plain = coding === undefined || /^\s*(identity)?\s*$/i.test(coding);
  const decoded = plain || body.bytes.length === 0
    ? undefined
    : await codecs.decode(coding, body.bytes, MAX_DECODED_BYTES);
  return {
    base64: toBase64(body.bytes),
    total_bytes: body.totalBytes,
    truncated: body.isTruncated,
    decoded: decoded === undefined || coding === undefined
      ? null
      : { coding, base64: toBase64(decoded.bytes), error: decoded.error ?? null },
  };
}

function messageJson(message: StreamMessage): StreamMessageJson {
  return {
    kind: message.kind,
    from: message.from,
    at_ms: message.atMs,
    size_bytes: message.sizeBytes,
    preview_base64: toBase64(message.preview),
    truncated: message.isTruncated,
    opcode: message.opcode ?? null,
    final: message.isFinal ?? null,
    compressed: message.isCompressed ?? null,
    close_code: message.closeCode ?? null,
    event_name: message.eventName ?? null,
    event_id: message.eventId ?? null,
  };
}

/**
 * An exchange as programs of the ecosystem know it.
 *
 * @param exchange which
 * @param nowMs since 1970: how long one that is under way has lasted
 */
export function legacyOf(exchange: Exchange, nowMs: number): LegacyRequestJson {
  const { id, request, response, timing } = exchange;
  const durationMs = timing.durationMs ?? nowMs - exchange.startedAtMs;
  return {
    uri: `${REQUESTS_PATH}/${id}`,
    id,
    tunnel_name: exchange.endpointName,
    remote_addr: exchange.clientAddr.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""),
    start: new Date(exchange.startedAtMs).toISOString().replace(/\.\d+Z$/, "Z"),
    duration: Math.round(durationMs * 1e6),
    request: {
      method: request.method,
      proto: `HTTP/${request.version}`,
      headers: goHeaders(request.headers),
      uri: request.target,
      raw: toBase64(concat([request.head, request.body.bytes])),
    },
    response: response
      ? {
        status: `${response.status} ${response.reason}`.trim(),
        status_code: response.status,
        proto: `HTTP/${response.version}`,
        headers: goHeaders(response.headers),
        raw: toBase64(concat([response.head, response.body.bytes])),
      }
      : null,
  };
}

/** Names as Go spells them, sorted, each with its values. */
function goHeaders(lines: readonly HeaderLine[]): Record<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    const values = byName.get(canonical);
    if (values) values.push(value);
    else byName.set(canonical, [value]);
  }
  return Object.fromEntries([...byName].sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Base64 as bytes.
 *
 * @throws {SyntaxError} when it is none
 */
export function readBase64(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (!bytes) throw new SyntaxError("it is no base64");
  return bytes;
}
