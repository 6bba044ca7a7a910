/**
 * Sallyport for Hono: an app gets a public URL with no local port, knows who visits it, and speaks
 * WebSocket, on every runtime alike.
 *
 * `serve(app.fetch)` of the main door is enough for an app that needs none of this.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Hono } from "hono";
 * import { getConnInfo, type SallyportEnv, serve, upgradeWebSocket } from "./hono.ts";
 *
 * const app = new Hono<SallyportEnv>();
 * app.get("/", (c) => c.text(`Hello ${getConnInfo(c).remote.address}`));
 * app.get("/echo", upgradeWebSocket(() => ({ onMessage: ({ data }, ws) => ws.send(`${data}`) })));
 * await using tunnel = await serve(app);
 * assert.match(tunnel.url, /^http:\/\//);
 * ```
 *
 * @module
 */
import type { Context, Env, Hono, Schema } from "hono";
import { defineWebSocketHelper, type UpgradeWebSocket, WSContext } from "hono/ws";
import type { ServeInfo } from "./lib/agent/serve.ts";
import type { ServerWebSocket } from "./lib/http/server_websocket.ts";
import type { UpgradeWebSocketOptions } from "./lib/http/websocket_upgrade.ts";
import { serve as serveHandler, type ServeTunnelOptions, type Tunnel } from "./mod.ts";

/** What an app's `c.env` is: `new Hono<SallyportEnv>()`. */
export interface SallyportEnv {
  /** What is learnt besides the request. */
  Bindings: ServeInfo;
}

/** Who visits, as Hono's own helpers say it. */
export interface ConnInfo {
  /** The visitor. */
  readonly remote: {
    /** An IP address. */
    readonly address: string;
    /** The port. */
    readonly port: number;
    /** Which family it is of. */
    readonly addressType: "IPv4" | "IPv6";
    /** What carries it. */
    readonly transport: "tcp";
  };
}

/**
 * Gives an app a public URL.
 *
 * @param app whose `c.env` is the {@linkcode ServeInfo}
 * @param options where the edge is, who we are, which URL is wanted
 * @throws {TunnelError} as {@linkcode serveHandler}
 */
export function serve<E extends Env, S extends Schema, P extends string>(
  app: Hono<E, S, P>,
  options?: ServeTunnelOptions,
): Promise<Tunnel> {
  return serveHandler((request, info) => app.fetch(request, info as E["Bindings"]), options);
}

/**
 * Who visits.
 *
 * @param c the context of a request that came through {@linkcode serve}
 * @throws {TypeError} when it came another way
 */
export function getConnInfo(c: Context): ConnInfo {
  const { host: address, port } = infoOf(c).remote;
  const addressType = address.includes(":") ? "IPv6" : "IPv4";
  return { remote: { address, port, addressType, transport: "tcp" } };
}

/**
 * Hono's WebSocket helper. What is no request for a WebSocket goes on to the next handler.
 */
export const upgradeWebSocket: UpgradeWebSocket<ServerWebSocket, UpgradeWebSocketOptions> =
  defineWebSocketHelper<ServerWebSocket, UpgradeWebSocketOptions>((c, events, options) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return;
    const { socket, response } = infoOf(c).upgradeWebSocket(options);
    socket.binaryType = "arraybuffer";
    const ws = new WSContext<ServerWebSocket>({
      raw: socket,
      url: socket.url,
      protocol: socket.protocol,
      get readyState() {
        return socket.readyState as 0 | 1 | 2 | 3;
      },
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
    });
    socket.onopen = (event) => events.onOpen?.(event, ws);
    socket.onmessage = (event) => events.onMessage?.(event, ws);
    socket.onerror = (event) => events.onError?.(event, ws);
    socket.onclose = (event) => events.onClose?.(event as unknown as CloseEvent, ws);
    return response;
  });

/** What came with a request. */
function infoOf(c: Context): ServeInfo {
  const info = c.env as Partial<ServeInfo> | undefined;
  if (info?.remote && info.upgradeWebSocket) return info as ServeInfo;
  throw new TypeError(
    "Cannot tell who visits: the app was not given its request by serve() of @sallyport/sallyport; " +
      "hand its second argument on as app.fetch(request, info)",
  );
}
