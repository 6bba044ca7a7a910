/**
 * What tests of the inspector share.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw } from "node:zlib";
import { FakeClock } from "../../../lib/base/clock.ts";
import { DEFAULT_CAPTURE_LIMITS } from "../../../lib/inspect/capture.ts";
import type { Exchange } from "../../../lib/inspect/exchange.ts";
import { ExchangeStore } from "../../../lib/inspect/exchange_store.ts";
import { HttpTap, type HttpTapOptions } from "../../../lib/inspect/http_tap.ts";

/** Where everything in these tests comes from. */
export const ORIGIN = {
  endpointName: "web",
  endpointUrl: "https://web.example.com",
  clientAddr: "192.0.2.1:5",
};

/** A tap, its store and its clock. */
export function rig(
  limits: Partial<typeof DEFAULT_CAPTURE_LIMITS> = {},
  more: Partial<HttpTapOptions> = {},
) {
  const clock = new FakeClock(1_000_000);
  const store = new ExchangeStore();
  const tap = new HttpTap({
    store,
    clock,
    limits: { ...DEFAULT_CAPTURE_LIMITS, ...limits },
    origin: ORIGIN,
    ...more,
  });
  return { clock, store, tap };
}

/** Text as bytes, one byte a character. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Bytes as text, one character a byte. */
export function text(of: Uint8Array): string {
  return String.fromCharCode(...of);
}

/** What matters of an exchange, as plain data. */
export function plain(exchange: Exchange) {
  const { request, response } = exchange;
  return {
    state: exchange.state,
    error: exchange.error,
    request: {
      line: `${request.method} ${request.target} ${request.version}`,
      head: text(request.head),
      headers: request.headers,
      trailers: request.trailers,
      body: text(request.body.bytes),
    },
    response: response && {
      status: response.status,
      head: text(response.head),
      headers: response.headers,
      trailers: response.trailers,
      body: text(response.body.bytes),
    },
    messages: exchange.messages.map(({ preview, ...rest }) => ({ ...rest, text: text(preview) })),
  };
}

/** Compresses messages as one side of a WebSocket does. */
export async function deflated(messages: readonly (string | Uint8Array)[]): Promise<Uint8Array[]> {
  const stream = createDeflateRaw();
  const parts: Uint8Array[] = [];
  stream.on("data", (part: Uint8Array) => parts.push(part));
  const out: Uint8Array[] = [];
  for (const message of messages) {
    stream.write(message);
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    out.push(Uint8Array.from(Buffer.concat(parts.splice(0)).subarray(0, -4)));
  }
  stream.destroy();
  return out;
}

/** A message as gRPC sends it. */
export function grpcMessage(payload: string, isCompressed = false): Uint8Array {
  const out = new Uint8Array(5 + payload.length);
  out[0] = isCompressed ? 1 : 0;
  new DataView(out.buffer).setUint32(1, payload.length);
  out.set(bytes(payload), 5);
  return out;
}
