/**
 * Exchanges as an HTTP Archive (HAR 1.2) and back. Bodies are base64 where they are no text; what
 * HAR has no field for stands in fields with `_`, as the format allows.
 *
 * @module
 */
import { toBase64 } from "../../base/base64.ts";
import { concat, encodeText } from "../../base/bytes.ts";
import { newId } from "../../base/ids.ts";
import { parseWith, z } from "../../base/schema.ts";
import { VERSION } from "../../base/version.ts";
import type { CapturedMessage, Exchange, HeaderLine } from "../../inspect/exchange.ts";
import type { StoredExchange } from "../../inspect/exchange_store.ts";
import { headerOf, readBase64 } from "./exchange_json.ts";

const named = z.object({ name: z.string(), value: z.string() });
const message = {
  httpVersion: z.string(),
  headers: z.array(named),
};
const harSchema = z.object({
  log: z.object({
    entries: z.array(z.object({
      startedDateTime: z.string(),
      time: z.number().nullish(),
      request: z.object({
        ...message,
        method: z.string(),
        url: z.string(),
        postData: z.object({
          text: z.string().optional(),
          encoding: z.string().optional(),
          _encoding: z.string().optional(),
        }).nullish(),
      }),
      response: z.object({
        ...message,
        status: z.number(),
        statusText: z.string(),
        content: z.object({
          size: z.number().optional(),
          text: z.string().optional(),
          encoding: z.string().optional(),
        }),
      }),
      serverIPAddress: z.string().optional(),
      _endpoint: z.string().optional(),
      _endpointUrl: z.string().optional(),
      _client: z.string().optional(),
      _target: z.string().optional(),
    })),
  }),
});

/**
 * Writes exchanges as HAR.
 *
 * @param exchanges in the order they began
 */
export function harOf(exchanges: readonly Exchange[]): Record<string, unknown> {
  return {
    log: {
      version: "1.2",
      creator: { name: "sallyport", version: VERSION },
      entries: exchanges.map(entryOf),
    },
  };
}

function entryOf(exchange: Exchange): Record<string, unknown> {
  const { request, response, timing } = exchange;
  const wait = (timing.firstByteMs ?? 0) - (timing.requestMs ?? 0);
  const url = new URL(exchange.endpointUrl);
  const total = timing.durationMs ?? timing.firstByteMs ?? 0;
  return {
    startedDateTime: new Date(exchange.startedAtMs).toISOString(),
    time: total,
    request: {
      method: request.method,
      url: /^\//.test(request.target) ? `${url.origin}${request.target}` : request.target,
      ...parts(request),
      queryString: [...new URLSearchParams(request.target.split("?")[1] ?? "")]
        .map(([name, value]) => ({ name, value })),
      ...(request.body.totalBytes > 0 && { postData: postData(request) }),
      bodySize: request.body.totalBytes,
    },
    response: {
      status: response?.status ?? 0,
      statusText: response?.reason ?? "",
      ...(response
        ? parts(response)
        : { httpVersion: "", headers: [], cookies: [], headersSize: -1 }),
      redirectURL: (response && headerOf(response, "location")) ?? "",
      content: {
        size: response?.body.totalBytes ?? 0,
        mimeType: (response && headerOf(response, "content-type")) ?? "",
        ...(response && text(response)),
      },
      bodySize: response?.body.totalBytes ?? 0,
    },
    cache: {},
    timings: {
      send: Math.max(0, timing.requestMs ?? 0),
      wait: Math.max(0, wait),
      receive: Math.max(0, total - (timing.firstByteMs ?? total)),
    },
    _id: exchange.id,
    _endpoint: exchange.endpointName,
    _endpointUrl: exchange.endpointUrl,
    _client: exchange.clientAddr,
    _target: request.target,
    ...(exchange.error !== undefined && { _error: exchange.error }),
  };
}

function parts(of: CapturedMessage): Record<string, unknown> {
  return {
    httpVersion: `HTTP/${of.version}`,
    headers: of.headers.map(([name, value]) => ({ name, value })),
    cookies: [],
    headersSize: of.head.length,
  };
}

function postData(of: CapturedMessage): Record<string, unknown> {
  const { text: written, encoding } = text(of);
  return {
    mimeType: headerOf(of, "content-type") ?? "",
    params: [],
    text: written,
    // HAR knows an encoding of contents alone.
    ...(encoding !== undefined && { _encoding: encoding }),
  };
}

function text({ body }: CapturedMessage): { text: string; encoding?: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.bytes) };
  } catch {
    return { text: toBase64(body.bytes), encoding: "base64" };
  }
}

/**
 * Reads a HAR.
 *
 * @param har parsed JSON
 * @param nowMs for entries whose time is none
 * @throws {Error} saying what is wrong with it
 */
export function exchangesOfHar(har: unknown, nowMs: number): readonly StoredExchange[] {
  const { log } = parseWith(harSchema, har, "the HAR");
  return log.entries.map((entry) => {
    const { request, response } = entry;
    const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
    const target = entry._target ?? (url ? url.pathname + url.search : request.url);
    const startedAtMs = Date.parse(entry.startedDateTime) || nowMs;
    const { postData } = request;
    const asked = bytesOf(postData?.text, postData?._encoding ?? postData?.encoding);
    const answered = bytesOf(response.content.text, response.content.encoding);
    const askedParts = captured(`${request.method} ${target} `, request, asked, undefined);
    const answer = captured(
      "",
      response,
      answered,
      response.content.size,
      ` ${response.status} ${response.statusText}`,
    );
    const durationMs = entry.time ?? undefined;
    return {
      id: newId("airt", startedAtMs),
      endpointName: entry._endpoint ?? "imported",
      endpointUrl: entry._endpointUrl ?? url?.origin ?? "",
      clientAddr: entry._client ?? "0.0.0.0:0",
      startedAtMs,
      request: { ...askedParts, method: request.method, target },
      response: response.status === 0
        ? undefined
        : { ...answer, status: response.status, reason: response.statusText },
      state: response.status === 0 ? "cut" : "complete",
      error: response.status === 0 ? "There was no answer" : undefined,
      timing: { requestMs: undefined, firstByteMs: durationMs, durationMs },
      messages: [],
      droppedMessages: 0,
      replayOf: undefined,
      costBytes: 2_048 + askedParts.head.length + answer.head.length + asked.length +
        answered.length,
    };
  });
}

function bytesOf(content: string | undefined, encoding: string | undefined): Uint8Array {
  return encoding === "base64" ? readBase64(content ?? "") : encodeText(content ?? "");
}

function captured(
  before: string,
  { httpVersion, headers }: { httpVersion: string; headers: { name: string; value: string }[] },
  body: Uint8Array,
  totalBytes: number | undefined,
  after = "",
): CapturedMessage {
  const version = /^http\/(\d(\.\d)?)$/i.exec(httpVersion)?.[1] ?? "1.1";
  const lines = headers.filter(({ name }) => !name.startsWith(":"))
    .map(({ name, value }): HeaderLine => [name, value]);
  const head = encodeText(
    [`${before}HTTP/${version}${after}`, ...lines.map(([name, value]) => `${name}: ${value}`)]
      .join("\r\n") + "\r\n\r\n",
  );
  const total = Math.max(totalBytes ?? 0, body.length);
  return {
    version,
    headers: lines,
    trailers: [],
    head: concat([head]),
    body: { bytes: body, totalBytes: total, isTruncated: total > body.length },
  };
}
