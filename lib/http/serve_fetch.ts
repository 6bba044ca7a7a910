/**
 * Serves a fetch handler on any carrier: a socket, TLS, a stream of a tunnel, a pipe in memory. The
 * REST API, the admin page, the agent's local API and `serve(handler)` stand on it.
 *
 * It speaks HTTP/1.1 (and 1.0) by the parser of this room: nothing of a runtime is used but
 * `Request` and `Response`.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { HttpError } from "./fault.ts";
import { FetchExchange, type FetchVisitor } from "./fetch_exchange.ts";
import {
  DEFAULT_FETCH_LIMITS,
  type FetchExtras,
  type FetchHandler,
  type FetchInfo,
  type FetchLimits,
  type FetchOptions,
  type UpgradeHandler,
} from "./fetch_options.ts";
import { DateText } from "./fetch_response.ts";
import type { RequestHead } from "./head.ts";
import type { News } from "./lookahead.ts";
import { formatResponse } from "./response.ts";
import { type HttpVisit, type Then, Visit } from "./visit.ts";

export { DEFAULT_FETCH_LIMITS };
export type { FetchHandler, FetchInfo, FetchLimits, FetchOptions, UpgradeHandler };

/** A visitor being served. */
export type FetchVisit = HttpVisit;

/**
 * Serves one visitor until its connection is over: its requests one after the other, each answered
 * by the handler.
 *
 * - `request.body` is read from the visitor as the handler reads it. What is unread when the
 *   response is complete is dropped, and the connection kept if that is little.
 * - A body with `Content-Length` or one that is at hand as a whole is sent with its length, any other
 *   in chunks, each at once; to HTTP/1.0 until the connection closes.
 * - Text has a type even where the runtime leaves it out (Bun does, until its own server sends it).
 * - `request.signal` fires, and the response's body is cancelled, when the visitor goes away before
 *   the response is complete.
 * - A handler that throws, or whose response cannot be sent, is a 500 without details and a line in
 *   the log; once a part of the response was sent, the connection is cut.
 * - GET and HEAD have no body for the handler, whatever was sent; `OPTIONS *` is answered here.
 *
 * @param conn the visitor; over TLS after its handshake
 * @param handler who answers
 * @param options time, scheme, limits, where failures are told
 * @returns how the visit goes; it must be drained or aborted when the door closes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FakeClock } from "../base/clock.ts";
 * import { pair } from "../base/duplex.ts";
 * import { serveFetch } from "./serve_fetch.ts";
 *
 * const [visitor, conn] = pair();
 * const visit = serveFetch(
 *   conn,
 *   async (request) => new Response(`You sent ${await request.text()}`),
 *   { clock: new FakeClock(0), scheme: "http" },
 * );
 * visitor.write(new TextEncoder().encode(
 *   "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
 * ));
 * assert.equal(
 *   new TextDecoder().decode(await visitor.read()),
 *   "HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\n" +
 *     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 11\r\nConnection: close\r\n\r\nYou sent hi",
 * );
 * visitor.closeWrite();
 * await visitor.read();
 * await visit.over;
 * ```
 */
export function serveFetch<Info extends FetchInfo = FetchInfo>(
  conn: Duplex,
  handler: FetchHandler<Info>,
  options: FetchOptions<Info>,
): FetchVisit {
  return new HandledVisit(conn, handler, options);
}

class HandledVisit<Info extends FetchInfo> extends Visit implements FetchVisitor<Info> {
  readonly limits: FetchLimits;
  readonly logger: Logger;
  readonly date: DateText = new DateText();
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly handler: FetchHandler<Info>;
  readonly onUpgrade: UpgradeHandler<Info> | undefined;
  readonly info: Info;
  readonly infoOf: ((extras: FetchExtras) => Info) | undefined;
  readonly over: Promise<void>;
  #exchange: FetchExchange<Info> | undefined;

  constructor(conn: Duplex, handler: FetchHandler<Info>, options: FetchOptions<Info>) {
    const limits = { ...DEFAULT_FETCH_LIMITS, ...options.limits };
    super(conn, options.clock, limits, {
      maxBytes: limits.headBytes,
      maxHeaders: limits.headers,
    });
    this.limits = limits;
    this.logger = options.logger ?? silentLogger;
    this.scheme = options.scheme;
    this.host = options.host ?? "localhost";
    this.handler = handler;
    this.onUpgrade = options.onUpgrade;
    this.info = options.info ?? {} as Info;
    this.infoOf = options.infoOf;
    // While bytes of the visitor wait to be read, only this tells that it is gone.
    conn.closed.then(() => {
      this.#exchange?.visitorGone(
        this.ahead.error ?? new TunnelError("connection_closed", "The visitor went away"),
      );
    });
    this.over = this.run();
  }

  protected override async serve(head: RequestHead): Promise<Then> {
    const exchange = this.#exchange = new FetchExchange(this, head);
    try {
      const then = await exchange.run();
      if (then === "keep") this.#exchange = undefined;
      return then;
    } catch (thrown) {
      if (!(thrown instanceof HttpError)) throw thrown;
      await this.say(this.refuse(thrown));
      return "close";
    }
  }

  protected override refuse(error: HttpError): Uint8Array {
    this.logger.log("debug", "request was refused", { error: error.message });
    return this.#refusal(error.status, error.message);
  }

  protected override refuseSlow(limitMs: number): Uint8Array {
    return this.#refusal(408, `Cannot read the HTTP request: no head within ${limitMs} ms`);
  }

  protected override get reading(): Promise<void> | undefined {
    return this.#exchange?.reading;
  }

  protected override onNews(news: News): void {
    if (news === "error") this.#exchange?.visitorGone(this.ahead.error!);
    if (news === "end") this.#exchange?.visitorEnded();
  }

  protected override onExpired(): void {
    this.#exchange?.expired();
  }

  /** Whoever left in the middle of something is no news; a mistake of ours is. */
  protected override onCut(error: TunnelError): void {
    const level = error.code === "internal" ? "error" : "debug";
    this.logger.log(level, "visitor was cut", { error: error.message });
  }

  #refusal(status: number, text: string): Uint8Array {
    return formatResponse({
      status,
      headers: [["Content-Type", "text/plain; charset=utf-8"]],
      body: `${text}\n`,
      close: true,
      dateMs: this.clock.now(),
    });
  }
}
