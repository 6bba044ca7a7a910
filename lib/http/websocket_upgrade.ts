/**
 * From a request that asks for a WebSocket to a socket: the opening handshake on the server's side
 * (RFC 6455 section 4.2). `serve.ts` of the agent offers it to handlers.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { isHeaderValue, isToken, quote } from "./chars.ts";
import { ServerWebSocket, type ServerWebSocketOptions } from "./server_websocket.ts";
import { acceptKey } from "./websocket.ts";

/** How a WebSocket is accepted. */
export interface UpgradeWebSocketOptions extends ServerWebSocketOptions {
  /** The subprotocol to speak: one of those that the visitor offers. @default none */
  readonly protocol?: string;
}

/** A WebSocket that was accepted. */
export interface WebSocketUpgrade {
  /** Opens when the response was returned. */
  readonly socket: ServerWebSocket;
  /** What the handler must return. Headers that are added to it go out with the upgrade. */
  readonly response: Response;
}

/** Header lines that are about a body, or that the handshake writes itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "content-length",
  "content-type",
  "transfer-encoding",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
]);

/** The upgrade of one request. */
export class UpgradeOffer {
  readonly #request: Request;
  readonly #take: (() => Duplex) | undefined;
  readonly #clock: Clock;
  #socket: ServerWebSocket | undefined;

  /**
   * Nobody has accepted it yet.
   *
   * @param request what was asked
   * @param take gives the connection; `undefined` when the request asks for no upgrade
   * @param clock whose time
   */
  constructor(request: Request, take: (() => Duplex) | undefined, clock: Clock) {
    this.#request = request;
    this.#take = take;
    this.#clock = clock;
  }

  /**
   * Accepts it. The socket opens when the handler has returned the response.
   *
   * @throws {TunnelError} http_invalid when the request asks for no WebSocket, or not properly;
   * conflict when it was accepted before
   */
  accept(options: UpgradeWebSocketOptions = {}): WebSocketUpgrade {
    const { headers, method, url } = this.#request;
    const wants = /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.get("upgrade") ?? "");
    if (!this.#take || !wants || method !== "GET") throw notAsked();
    const version = headers.get("sec-websocket-version");
    if (version !== "13") throw refuse(`its version is ${quote(version ?? "")}, and must be "13"`);
    const key = headers.get("sec-websocket-key") ?? "";
    if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) throw refuse(`its key is ${quote(key)}`);
    const { protocol = "" } = options;
    const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((s) => s.trim());
    if (protocol !== "" && !offered.includes(protocol)) {
      throw refuse(`it does not offer the protocol ${quote(protocol)}`);
    }
    if (this.#socket) {
      throw new TunnelError("conflict", "Cannot upgrade the request: it was upgraded before");
    }
    const socket = this.#socket = new ServerWebSocket(this.#clock, { url, protocol }, options);
    // 101 cannot be made on every runtime; this stands for it.
    return { socket, response: new Response(null, { status: 204 }) };
  }

  /**
   * What the handler has answered: a socket that was accepted opens now.
   *
   * @param response as the handler gave it; an error takes the upgrade back
   * @returns the response to send, when there is no WebSocket
   */
  async settle(response: Response): Promise<Response | undefined> {
    const socket = this.#socket;
    if (!socket) return response;
    if (response.status >= 400) {
      socket.refuse(
        new TunnelError("refused", `The upgrade was answered with status ${response.status}`),
      );
      return response;
    }
    const key = this.#request.headers.get("sec-websocket-key") ?? "";
    const head = switchingHead(await acceptKey(key), socket.protocol, response.headers);
    const conn = this.#take!();
    try {
      conn.write(head);
    } catch {
      // The visitor has left; the socket finds that out when it reads.
    }
    socket.attach(conn);
    return undefined;
  }

  /** The handler has failed: whatever is answered now is no upgrade. */
  fail(thrown: unknown): void {
    const found = thrown instanceof Error ? thrown.message : String(thrown);
    this.#socket?.refuse(new TunnelError("refused", `The handler failed: ${found}`));
    this.#socket = undefined;
  }
}

/** What a handler hears that wants to upgrade a plain request. */
export function notAsked(): TunnelError {
  return refuse("it does not ask for one");
}

function refuse(found: string): TunnelError {
  return new TunnelError("http_invalid", `Cannot upgrade the request to a WebSocket: ${found}`);
}

function switchingHead(accept: string, protocol: string, headers: Headers): Uint8Array {
  let text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n`;
  if (protocol !== "") text += `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  headers.forEach((value, name) => {
    if (OWN_HEADERS.has(name) || !isToken(name) || !isHeaderValue(value)) return;
    text += `${name}: ${value}\r\n`;
  });
  return encodeText(text + "\r\n");
}
