/**
 * Sends a captured request once more, straight to the service: no edge and no policy sees it. The
 * agent's API asks for it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { pair } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { formatProxyHeader } from "../http/proxy_protocol.ts";
import type { Exchange } from "../inspect/exchange.ts";
import type { HttpTap } from "../inspect/http_tap.ts";
import type { Conn, Net } from "../runtime/net.ts";
import { parseHostPort } from "./address.ts";
import type { Inspector } from "./inspector.ts";
import { replayHttp2 } from "./replay_http2.ts";
import { type ReplayEdits, requestBytes, requestFields, requestParts } from "./replay_request.ts";
import { enterService } from "./service.ts";
import { dialUpstream, type UpstreamTarget } from "./upstream_dial.ts";

/** What a replay needs of its agent. */
export interface ReplayOptions {
  /** Where services are dialled. */
  readonly net: Net;
  /** Whose time. */
  readonly clock: Clock;
  /** Keeps the new exchange. */
  readonly inspector: Inspector;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Which PROXY header the service expects. @default {1} */
  readonly proxyVersion?: 1 | 2 | undefined;
  /** What the service speaks. @default {"http1"} */
  readonly protocol?: "http1" | "http2" | undefined;
}

/** An answer that never ends is followed for so long. */
const LIMIT_MS = 300_000;

/**
 * Sends a request once more. It goes on by itself; the store tells how.
 *
 * @param exchange what to repeat
 * @param target the service it goes to
 * @param edits what differs
 * @param options network, time, inspector
 * @returns the id of the new exchange, once its request has begun
 * @throws {TunnelError} http_invalid when it cannot be sent so; what keeps the service from being reached
 */
export async function replay(
  exchange: Exchange,
  target: UpstreamTarget,
  edits: ReplayEdits,
  options: ReplayOptions,
): Promise<string> {
  const parts = requestParts(exchange.request, edits);
  const { clock, inspector, signal } = options;
  // A service in this program is given requests of HTTP/1.1, whatever visitors speak.
  if (options.protocol === "http2" && !target.service) {
    const asked = requestFields(parts, target.tls ? "https" : "http");
    const conn = await dial(target, exchange, options);
    return await replayHttp2(exchange, asked, conn, target, { ...options, limitMs: LIMIT_MS });
  }
  const bytes = requestBytes(parts);
  const conn = await dial(target, exchange, options);
  const tap = inspector.watch(target, exchange.clientAddr, exchange.id);
  let id = "";
  const forget = inspector.exchanges.on((event) => {
    if (event.type === "added" && id === "") id = event.exchange.id;
  });
  tap.fromVisitor(bytes);
  forget();
  const end = () => conn.abort();
  signal.addEventListener("abort", end, { once: true });
  const timer = clock.after(LIMIT_MS, end);
  void follow(conn, bytes, tap).finally(() => {
    timer.cancel();
    signal.removeEventListener("abort", end);
    conn.abort();
  });
  return id;
}

/** Sends, and reads until the answer is complete. Never throws: the exchange says what went wrong. */
async function follow(conn: Conn, bytes: Uint8Array, tap: HttpTap): Promise<void> {
  let error: string | undefined;
  // A service may answer, and close, before it has read everything.
  const sending = Promise.resolve(conn.write(bytes)).catch((thrown: unknown) => {
    error = messageOf(thrown);
  });
  try {
    while (!tap.isIdle) {
      const chunk = await conn.read();
      if (chunk === undefined) {
        tap.serviceEnded();
        break;
      }
      tap.fromService(chunk);
    }
  } catch (thrown) {
    error = messageOf(thrown);
  }
  conn.abort();
  await sending;
  tap.close(error);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A connection to the service, with the PROXY header that it expects. */
async function dial(
  target: UpstreamTarget,
  exchange: Exchange,
  { net, signal, proxyVersion = 1 }: ReplayOptions,
): Promise<Conn> {
  // A service in this program has no address that could be dialled.
  if (target.service) return enterService(target.service, exchange.clientAddr, target.url);
  const [ours, visitor] = pair();
  let header: Uint8Array | undefined;
  if (target.proxyProtocol) {
    const { host, port } = parseHostPort(
      exchange.clientAddr,
      (found) => new TunnelError("address_invalid", found),
    );
    const source = { host, port: port ?? 0 };
    header = formatProxyHeader(proxyVersion, { source, destination: { host, port: 0 } });
    await ours.write(header);
  }
  const conn = await dialUpstream(target, visitor, net, signal);
  // Towards TLS the header was sent ahead of it.
  if (header && !target.tls) await conn.write(header);
  return conn;
}
