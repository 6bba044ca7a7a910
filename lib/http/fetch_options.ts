/**
 * What {@linkcode serveFetch} of `serve_fetch.ts` takes: the handler, what it learns besides the
 * request, and what a visitor may cost.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import type { Logger } from "../base/log.ts";
import type { VisitLimits } from "./visit.ts";

/** What a handler learns besides the request. Whoever serves the connection may add to it. */
export interface FetchInfo {
  /** Who asks, where that is known. */
  readonly remote?: {
    /** An IP address. */
    readonly host: string;
    /** The port. */
    readonly port: number;
  };
}

/** Fields to send behind a body, or a function that is asked for them when the body has left. */
export type ResponseTrailers = HeadersInit | (() => HeadersInit | Promise<HeadersInit>);

/** What HTTP has besides what `Request` and `Response` can say. */
export interface FetchExtras {
  /**
   * The trailer fields of the request, as soon as its body was read to the end; none when it was not
   * sent in chunks.
   *
   * @throws {TunnelError} what broke the body; aborted when the response was complete before the body
   * was read
   */
  requestTrailers(): Promise<Headers>;
  /**
   * Sends fields behind the body of the response, which goes in chunks then. To be called before the
   * response is returned. Nothing is sent to HTTP/1.0, to HEAD, or with a status that has no body.
   *
   * @param trailers the fields, announced by `Trailer`; or who knows them when the body has left
   * @throws {TypeError} when a field cannot be a trailer
   * @throws {TunnelError} conflict when the response has begun
   */
  sendTrailers(trailers: ResponseTrailers): void;
  /**
   * Sends headers, `Link` mostly, while the response is still being made (103, RFC 8297).
   *
   * @throws {TypeError} when a header cannot be sent
   * @throws {TunnelError} conflict when the response has begun
   */
  sendEarlyHints(headers: HeadersInit): void;
  /** Settles when all of the response has left; rejects with what kept it from that. */
  readonly completed: Promise<void>;
}

/**
 * Answers requests, as `fetch` of the other side expects. It may answer before it has read the
 * request's body; what it has not read when its response is complete is dropped.
 */
export type FetchHandler<Info extends FetchInfo = FetchInfo> = (
  request: Request,
  info: Info,
) => Response | Promise<Response>;

/**
 * Sees a request to leave HTTP for another protocol before the handler does. It may take the
 * connection, and then writes the 101 itself; or answer; or answer nothing, and the handler is asked.
 */
export type UpgradeHandler<Info extends FetchInfo = FetchInfo> = (
  request: Request,
  take: () => Duplex,
  info: Info,
) => Response | undefined | void | Promise<Response | undefined | void>;

/** What a visitor may cost, and for how long it may say nothing. Times in milliseconds; 0 switches one off. */
export interface FetchLimits extends VisitLimits {
  /** First line and headers of a request; more is a 431. @default {65536} */
  readonly headBytes: number;
  /** How many header lines; more is a 431. @default {200} */
  readonly headers: number;
  /** From accept, or from the first byte of a later request, to the end of its head. @default {30000} */
  readonly headMs: number;
  /** Between two requests. @default {75000} */
  readonly keepAliveMs: number;
  /**
   * Without a byte when the handler waits for the request's body, and without room for one when the
   * visitor does not take the response. The handler itself may take as long as it likes. @default {60000}
   */
  readonly idleMs: number;
  /**
   * A visitor that has ended its side may only be waiting for the answer, or may have gone: TCP does
   * not say. So long nothing may be sent to it until it counts as gone. @default {30000}
   */
  readonly endedMs: number;
  /** After the last response, for the visitor to take it and close. @default {5000} */
  readonly lingerMs: number;
  /** How much of a body that the handler left unread is read and dropped to keep the connection. @default {262144} */
  readonly discardBytes: number;
}

/** The defaults that each member of {@linkcode FetchLimits} names. */
export const DEFAULT_FETCH_LIMITS: FetchLimits = {
  headBytes: 65_536,
  headers: 200,
  headMs: 30_000,
  keepAliveMs: 75_000,
  idleMs: 60_000,
  endedMs: 30_000,
  lingerMs: 5_000,
  discardBytes: 262_144,
};

/** How a connection is served. */
export interface FetchOptions<Info extends FetchInfo = FetchInfo> {
  /** Whose time. */
  readonly clock: Clock;
  /** What the visitor speaks with us: how the URLs of its requests begin. */
  readonly scheme: "http" | "https";
  /** What differs from {@linkcode DEFAULT_FETCH_LIMITS}. */
  readonly limits?: Partial<FetchLimits>;
  /** Where failures of the handler and cut connections are told. @default {silentLogger} */
  readonly logger?: Logger;
  /** What the handler gets besides the request. @default {{}} */
  readonly info?: Info;
  /** Makes what it gets, for each request, out of what only HTTP has. @default `info` */
  readonly infoOf?: (extras: FetchExtras) => Info;
  /** The host in the URL of an HTTP/1.0 request that names none. @default {"localhost"} */
  readonly host?: string;
  /** Sees requests to change the protocol first. @default they are treated as plain requests */
  readonly onUpgrade?: UpgradeHandler<Info>;
}
