/**
 * Sends a captured request once more, straight to the service: no edge and no policy sees it. The
 * agent's API asks for it.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { pair } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { isToken, quote } from "../http/chars.ts";
import { checkHeaderLine } from "../http/edit.ts";
import { formatProxyHeader } from "../http/proxy_protocol.ts";
import type { CapturedRequest, Exchange, HeaderLine } from "../inspect/exchange.ts";
import type { HttpTap } from "../inspect/http_tap.ts";
import type { Conn, Net } from "../runtime/net.ts";
import { parseHostPort } from "./address.ts";
import type { Inspector } from "./inspector.ts";
import { enterService } from "./service.ts";
import { dialUpstream, type UpstreamTarget } from "./upstream_dial.ts";

/** What to send in the place of what was captured; what is left out is sent as it was. */
export interface ReplayEdits {
  /** Another endpoint, whose service gets it. @default the one it came through */
  readonly endpointName?: string | undefined;
  /** Another method. */
  readonly method?: string | undefined;
  /** Another path and query. */
  readonly target?: string | undefined;
  /** Other lines; the length of the body is put right in them. */
  readonly headers?: readonly HeaderLine[] | undefined;
  /** Other lines behind the body. */
  readonly trailers?: readonly HeaderLine[] | undefined;
  /** Another body. */
  readonly body?: Uint8Array | undefined;
}

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
}

/** An answer that never ends is followed for so long. */
const LIMIT_MS = 300_000;

const HTTP2 = "2";

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
  const bytes = requestBytes(exchange.request, edits);
  const { clock, inspector, signal } = options;
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

/**
 * The bytes of a captured request, as they were or changed.
 *
 * @param request as captured
 * @param edits what differs
 * @throws {TunnelError} http_invalid, saying why it cannot be sent
 */
export function requestBytes(request: CapturedRequest, edits: ReplayEdits): Uint8Array {
  const { method = request.method, target = request.target } = edits;
  if (request.version === HTTP2) throw fault("it came by HTTP/2, which is not repeated");
  if (request.headers.some(([name]) => name.toLowerCase() === "upgrade")) {
    throw fault("it asks for another protocol than HTTP");
  }
  if (edits.body === undefined && request.body.isTruncated) {
    throw fault(
      `only ${request.body.bytes.length} of the ${request.body.totalBytes} bytes of its body were kept`,
    );
  }
  if (!isToken(method)) throw fault(`${quote(method)} is no method`);
  if (target === "" || !/^[\x21-\x7e\x80-\xff]+$/.test(target)) {
    throw fault(`${quote(target)} is no request target`);
  }
  const body = edits.body ?? request.body.bytes;
  const isChanged = edits.headers !== undefined || edits.body !== undefined ||
    edits.trailers !== undefined;
  const lines = isChanged
    ? framed(edits.headers ?? request.headers, body, edits.trailers ?? request.trailers)
    : request.headers;
  const head = isChanged
    ? writeHead(`${method} ${target} HTTP/${request.version}`, lines)
    : restart(request, method, target);
  return concat([head, writeBody(body, lines, edits.trailers ?? request.trailers)]);
}

/** The head as it was, with another first line where one is wanted. */
function restart(request: CapturedRequest, method: string, target: string): Uint8Array {
  if (method === request.method && target === request.target) return request.head;
  const LF = 10;
  const rest = request.head.subarray(request.head.indexOf(LF) + 1);
  return concat([latin1(`${method} ${target} HTTP/${request.version}\r\n`), rest]);
}

/** The lines with a length, or a coding, that fits the body. */
function framed(
  headers: readonly HeaderLine[],
  body: Uint8Array,
  trailers: readonly HeaderLine[],
): readonly HeaderLine[] {
  const isCoding = ([name]: HeaderLine) => name.toLowerCase() === "transfer-encoding";
  const isLength = ([name]: HeaderLine) => name.toLowerCase() === "content-length";
  if (headers.some(isCoding) || trailers.length > 0) {
    const lines = headers.filter((line) => !isLength(line) && !isCoding(line));
    return [...lines, ["Transfer-Encoding", "chunked"]];
  }
  const had = headers.find(isLength);
  if (!had && body.length === 0) return headers;
  const length: HeaderLine = [had?.[0] ?? "Content-Length", String(body.length)];
  let isWritten = false;
  const lines = headers.flatMap((line) => {
    if (!isLength(line)) return [line];
    if (isWritten) return [];
    isWritten = true;
    return [length];
  });
  return isWritten ? lines : [...lines, length];
}

function writeHead(firstLine: string, lines: readonly HeaderLine[]): Uint8Array {
  return latin1(`${[firstLine, ...lines.map(writeLine)].join("\r\n")}\r\n\r\n`);
}

function writeLine(line: HeaderLine): string {
  try {
    checkHeaderLine(line);
  } catch (thrown) {
    throw fault(messageOf(thrown));
  }
  return `${line[0]}: ${line[1]}`;
}

function writeBody(
  body: Uint8Array,
  lines: readonly HeaderLine[],
  trailers: readonly HeaderLine[],
): Uint8Array {
  const isChunked = lines.some(([name]) => name.toLowerCase() === "transfer-encoding");
  if (!isChunked) return body;
  const end = latin1(`0\r\n${trailers.map((line) => `${writeLine(line)}\r\n`).join("")}\r\n`);
  if (body.length === 0) return end;
  return concat([encodeText(`${body.length.toString(16)}\r\n`), body, encodeText("\r\n"), end]);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function fault(found: string): TunnelError {
  return new TunnelError("http_invalid", `Cannot repeat the request: ${found}`);
}
