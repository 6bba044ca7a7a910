/**
 * A fetch handler with a public URL and no local port: visitors' connections are parsed in this
 * program. `agent.ts` makes one for each `serve()`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import type { Logger } from "../base/log.ts";
import type { FetchInfo, FetchLimits } from "../http/fetch_options.ts";
import { type FetchVisit, serveFetch } from "../http/serve_fetch.ts";
import {
  notAsked,
  UpgradeOffer,
  type UpgradeWebSocketOptions,
  type WebSocketUpgrade,
} from "../http/websocket_upgrade.ts";
import type { ListenEndpointOptions } from "./listen.ts";
import type { ServiceVisitor } from "./service.ts";

/** How a handler is served. */
export interface ServeOptions extends Omit<ListenEndpointOptions, "backlog"> {
  /** What a visitor may cost, where it differs from the defaults. */
  readonly limits?: Partial<FetchLimits>;
}

/** What a handler learns besides the request. */
export interface ServeInfo extends FetchInfo {
  /** Who asks: the visitor's own address. */
  readonly remote: {
    /** An IP address. */
    readonly host: string;
    /** The port. */
    readonly port: number;
  };
  /** The public URL of the endpoint. */
  readonly url: string;
  /**
   * Makes the request a WebSocket. Return the response; the socket opens then.
   *
   * @throws {TunnelError} http_invalid when the request does not ask for one
   */
  upgradeWebSocket(options?: UpgradeWebSocketOptions): WebSocketUpgrade;
}

/** Answers requests. What it throws is a 500, and a line in the log. */
export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>;

/** What serving needs. */
export interface ServingOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Where failures of the handler are told. */
  readonly logger: Logger;
  /** What a visitor may cost. */
  readonly limits?: Partial<FetchLimits> | undefined;
}

/** A handler, and those who visit it. */
export class HandlerService {
  readonly #handler: ServeHandler;
  readonly #options: ServingOptions;
  readonly #visits: Set<FetchVisit> = new Set();

  /**
   * Nobody visits it yet.
   *
   * @param handler who answers
   * @param options time, log, limits
   */
  constructor(handler: ServeHandler, options: ServingOptions) {
    this.#handler = handler;
    this.#options = options;
  }

  /** A visitor comes. */
  readonly enter = (conn: Duplex, { remote, url }: ServiceVisitor): void => {
    const { clock, logger, limits } = this.#options;
    const handler = this.#handler;
    const infoOf = (offer: UpgradeOffer): ServeInfo => ({
      remote,
      url,
      upgradeWebSocket: (options) => offer.accept(options),
    });
    const info: ServeInfo = { remote, url, upgradeWebSocket: noWebSocket };
    const visit = serveFetch<ServeInfo>(conn, handler, {
      clock,
      logger,
      limits,
      info,
      scheme: /^(?:https|tls):/.test(url) ? "https" : "http",
      onUpgrade: async (request, take) => {
        const offer = new UpgradeOffer(request, take, clock);
        try {
          return await offer.settle(await handler(request, infoOf(offer)));
        } catch (thrown) {
          offer.fail(thrown);
          throw thrown;
        }
      },
    });
    this.#visits.add(visit);
    void visit.over.then(() => this.#visits.delete(visit));
  };

  /** Lets the requests under way end, and no other begin. */
  drain(): void {
    for (const visit of this.#visits) visit.drain();
  }
}

/** The request asks for no upgrade. */
function noWebSocket(): WebSocketUpgrade {
  throw notAsked();
}
