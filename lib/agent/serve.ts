/**
 * A fetch handler with a public URL and no local port: visitors' connections are parsed in this
 * program. `agent.ts` makes one for each `serve()`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import type { Logger } from "../base/log.ts";
import { parseWith, type Schema, z } from "../base/schema.ts";
import type {
  FetchExtras,
  FetchInfo,
  FetchLimits,
  ResponseTrailers,
} from "../http/fetch_options.ts";
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
  /**
   * Answers when the handler has failed: what it threw or rejected with. @default a 500 without
   * details, and a line in the log
   */
  readonly onError?: (thrown: unknown, request: Request) => Response | Promise<Response>;
}

/** What a handler learns besides the request, and what it can do besides answering. */
export interface ServeInfo extends FetchInfo, FetchExtras {
  /** Who asks: the visitor's own address. */
  readonly remote: {
    /** An IP address. */
    readonly host: string;
    /** The port. */
    readonly port: number;
  };
  /** The same as `Deno.serve()` says it, for handlers that were written for that. */
  readonly remoteAddr: {
    /** What carries it. */
    readonly transport: "tcp";
    /** An IP address. */
    readonly hostname: string;
    /** The port. */
    readonly port: number;
  };
  /** The public URL of the endpoint. */
  readonly url: string;
  /**
   * Makes the request a WebSocket. Return the response; the socket opens then. It takes the place of
   * what runtimes have for their own servers (`Deno.upgradeWebSocket`, `server.upgrade` of Bun).
   *
   * @throws {TunnelError} http_invalid when the request does not ask for one
   */
  upgradeWebSocket(options?: UpgradeWebSocketOptions): WebSocketUpgrade;
}

/**
 * Answers requests. What it throws is a 500, and a line in the log, unless
 * {@linkcode ServeOptions.onError} says otherwise.
 */
export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>;

/** An app with a handler, as `export default` has it for Bun, `deno serve` and Workers; one of Hono. */
export interface ServeApp {
  /** Answers requests. */
  fetch(request: Request, info: ServeInfo): Response | Promise<Response>;
}

const ms = z.number().min(0).max(2 ** 31 - 1).optional();

const limitsSchema: Schema<Partial<FetchLimits>> = z.strictObject({
  headBytes: z.int().min(1).optional(),
  headers: z.int().min(1).optional(),
  headMs: ms,
  keepAliveMs: ms,
  idleMs: ms,
  endedMs: ms,
  lingerMs: ms,
  discardBytes: z.int().min(0).optional(),
});

/**
 * Checks what a visitor may cost.
 *
 * @param limits as the caller gave them
 * @throws {TunnelError} config_invalid
 */
export function readLimits(limits: Partial<FetchLimits> = {}): Partial<FetchLimits> {
  return parseWith(limitsSchema, limits, "the limits");
}

/** What serving needs. */
export interface ServingOptions extends Pick<ServeOptions, "limits" | "onError"> {
  /** Whose time. */
  readonly clock: Clock;
  /** Where failures of the handler are told. */
  readonly logger: Logger;
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
   * @throws {TypeError} when it is no handler
   * @throws {TunnelError} config_invalid for limits that are none
   */
  constructor(handler: ServeHandler | ServeApp, options: ServingOptions) {
    this.#handler = handlerOf(handler, options.onError);
    this.#options = { ...options, limits: readLimits(options.limits) };
  }

  /** A visitor comes. */
  readonly enter = (conn: Duplex, visitor: ServiceVisitor): void => {
    const { clock, logger, limits } = this.#options;
    const handler = this.#handler;
    const visit = serveFetch<HandlerInfo>(conn, handler, {
      clock,
      logger,
      limits,
      infoOf: (extras) => new HandlerInfo(visitor, extras),
      scheme: /^(?:https|tls):/.test(visitor.url) ? "https" : "http",
      onUpgrade: async (request, take, info) => {
        const offer = info.offer = new UpgradeOffer(request, take, clock);
        try {
          return await offer.settle(await handler(request, info));
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

/** What the handler of one request gets; its functions can be taken out of it. */
class HandlerInfo implements ServeInfo {
  readonly remote: ServeInfo["remote"];
  readonly url: string;
  /** What asks for an upgrade. */
  offer: UpgradeOffer | undefined;
  readonly #extras: FetchExtras;

  constructor({ remote, url }: ServiceVisitor, extras: FetchExtras) {
    this.remote = remote;
    this.url = url;
    this.#extras = extras;
  }

  get remoteAddr(): ServeInfo["remoteAddr"] {
    const { host: hostname, port } = this.remote;
    return { transport: "tcp", hostname, port };
  }

  get completed(): Promise<void> {
    return this.#extras.completed;
  }

  readonly requestTrailers = (): Promise<Headers> => this.#extras.requestTrailers();

  readonly sendTrailers = (trailers: ResponseTrailers): void => this.#extras.sendTrailers(trailers);

  readonly sendEarlyHints = (headers: HeadersInit): void => this.#extras.sendEarlyHints(headers);

  readonly upgradeWebSocket = (options?: UpgradeWebSocketOptions): WebSocketUpgrade => {
    if (!this.offer) throw notAsked();
    return this.offer.accept(options);
  };
}

/**
 * The handler of an app, with an answer for when it fails.
 *
 * @param given a handler or an app
 * @param onError answers when it fails
 * @throws {TypeError} when it is neither
 */
export function handlerOf(
  given: ServeHandler | ServeApp,
  onError?: ServeOptions["onError"],
): ServeHandler {
  const app = given as Partial<ServeApp> | null | undefined;
  const handler = typeof given === "function"
    ? given
    : typeof app?.fetch === "function"
    ? (request: Request, info: ServeInfo) => (app as ServeApp).fetch(request, info)
    : undefined;
  if (!handler) {
    throw new TypeError(
      `Cannot serve ${
        given === null ? "null" : typeof given
      }: neither a function nor an object with "fetch"`,
    );
  }
  if (!onError) return handler;
  return async (request, info) => {
    try {
      return await handler(request, info);
    } catch (thrown) {
      if (info instanceof HandlerInfo) info.offer?.fail(thrown);
      return await onError(thrown, request);
    }
  };
}
