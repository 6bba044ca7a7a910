/**
 * A visitor that speaks HTTP: reads its requests one after the other, finds the endpoint of each,
 * and has it relayed. Both HTTP doors hand their connections to {@linkcode serveHttp}.
 *
 * Requests are served strictly in order; the next head is read when the response before it is
 * complete. HTTP/1.0 is served too, for the tools that still speak it: its requests go on as
 * HTTP/1.0, and its connection is kept only if it asks.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { HttpError } from "../http/fault.ts";
import { readRequestHead, type RequestHead } from "../http/head.ts";
import { keepsAlive } from "../http/hop_by_hop.ts";
import { Lookahead, type News } from "../http/lookahead.ts";
import { Watchdog } from "../http/watchdog.ts";
import type { Conn } from "../runtime/net.ts";
import { formatAddress } from "./door_tcp.ts";
import type { Endpoint, EndpointTable } from "./endpoint.ts";
import { renderProblem, wantsHtml } from "./error_page.ts";
import { type After, Exchange, type ExchangeVisitor } from "./http_exchange.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./http_limits.ts";
import { KeptStream } from "./kept_stream.ts";
import { badRequest, type Problem, requestTimeout } from "./problem.ts";
import { type Arrival, routeRequest } from "./route.ts";
import { HeadFirst } from "./through.ts";

/** What an HTTP door needs besides its connections. */
export interface HttpServing {
  /** Where names lead. */
  readonly endpoints: EndpointTable;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** What differs from {@linkcode DEFAULT_HTTP_LIMITS}. */
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Hears of each exchange that is over. */
  readonly onExchange?: ((event: ExchangeEnded) => void) | undefined;
}

/** An exchange is over. */
export interface ExchangeEnded {
  /** Who was asked; `undefined` when the request led nowhere. */
  readonly endpoint: Endpoint | undefined;
  /** Who asked: `ip:port`, IPv6 in brackets. */
  readonly clientAddr: string;
  /** What the visitor spoke with us. */
  readonly scheme: "http" | "https";
  /** The host asked for. */
  readonly host: string;
  /** As written. */
  readonly method: string;
  /** As written, without the query: that may hold secrets. */
  readonly path: string;
  /** What the visitor got; `undefined` when it got nothing whole. */
  readonly status: number | undefined;
  /** The number after `ERR_NGROK_`, when the edge answered itself. */
  readonly ngrokCode: number | undefined;
  /** Bytes of the request's body, framing included. */
  readonly requestBytes: number;
  /** Bytes of the response's body, framing included. */
  readonly responseBytes: number;
  /** From the end of the request's head to the end of the exchange. */
  readonly durationMs: number;
  /** What cut it. */
  readonly error: TunnelError | undefined;
}

/** A visitor being served. */
export interface HttpVisit {
  /** Settles, never rejects, when its connection is over. */
  readonly over: Promise<void>;
  /** Lets the request under way end, and no other begin. */
  drain(): void;
  /** Ends it now. */
  abort(reason?: unknown): void;
}

/**
 * Serves one visitor until its connection is over.
 *
 * @param conn the visitor; over TLS after its handshake
 * @param scheme what it speaks with us
 * @param serving endpoints, time, limits, events
 */
export function serveHttp(conn: Conn, scheme: "http" | "https", serving: HttpServing): HttpVisit {
  return new Visit(conn, scheme, serving);
}

/** Where a visit stands, for the deadline. */
type Phase = "first" | "idle" | "head" | "exchange" | "answer" | "closing" | "over";

class Visit implements HttpVisit, ExchangeVisitor, Arrival {
  readonly conn: Conn;
  readonly out: HeadFirst;
  readonly clientAddr: string;
  readonly scheme: "http" | "https";
  readonly serverName: string | undefined;
  readonly ahead: Lookahead;
  readonly watchdog: Watchdog;
  readonly kept: KeptStream;
  readonly limits: HttpLimits;
  readonly clock: Clock;
  readonly over: Promise<void>;
  draining = false;
  readonly #serving: HttpServing;
  #phase: Phase = "first";
  #exchange: Exchange | undefined;

  constructor(conn: Conn, scheme: "http" | "https", serving: HttpServing) {
    this.conn = conn;
    this.out = new HeadFirst(conn);
    this.clientAddr = formatAddress(conn.remote);
    this.scheme = scheme;
    // As it stood in the ClientHello, which may have any case.
    this.serverName = conn.tls?.serverName?.toLowerCase().replace(/\.$/, "");
    this.clock = serving.clock;
    this.limits = { ...DEFAULT_HTTP_LIMITS, ...serving.limits };
    this.ahead = new Lookahead(conn, (news) => this.#onNews(news));
    this.watchdog = new Watchdog(serving.clock, () => this.#onExpired());
    this.kept = new KeptStream({ clock: this.clock, ...this.limits });
    this.#serving = serving;
    this.over = this.#run();
  }

  drain(): void {
    this.draining = true;
    if (this.#phase === "first" || this.#phase === "idle") this.#startClosing();
  }

  abort(reason?: unknown): void {
    this.conn.abort(reason);
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const head = await this.#nextHead();
        if (!head) break;
        const then = await this.#serve(head);
        if (then === "over") return;
        if (then === "close" || this.draining) break;
        this.#phase = "idle";
      }
      await this.#takeLeave();
    } catch (thrown) {
      // Whoever left in the middle of something is no news; a mistake of ours is.
      const error = toTunnelError(thrown);
      this.#serving.logger.log(
        error.code === "internal" ? "error" : "debug",
        "visitor was cut",
        { clientAddr: this.clientAddr, error: error.message },
      );
      this.conn.abort(error);
    } finally {
      this.#phase = "over";
      this.watchdog.stop();
      this.kept.letGo();
    }
  }

  /** The next request; `undefined` when there is none to serve. */
  async #nextHead(): Promise<RequestHead | undefined> {
    const { ahead, limits, watchdog } = this;
    const first = this.#phase === "first";
    if (first) watchdog.set(limits.headMs);
    else this.#waitIdle();
    ahead.start();
    if (ahead.pending) await ahead.pending;
    if (this.#phase === "closing" || ahead.ended) return undefined;
    if (ahead.error) throw ahead.error;
    this.#phase = "head";
    if (!first) watchdog.set(limits.headMs);
    try {
      const head = await readRequestHead(this.conn, { maxBytes: limits.requestHeadBytes });
      return this.#isClosing() ? undefined : head;
    } catch (thrown) {
      if (this.#isClosing()) return undefined;
      if (!(thrown instanceof HttpError)) throw thrown;
      const { clientAddr } = this;
      this.#serving.logger.log("debug", "request was refused", {
        clientAddr,
        error: thrown.message,
      });
      await this.#answer(badRequest(thrown.status, thrown.message), undefined, true);
      return undefined;
    }
  }

  /** The phase changes behind the back of whoever awaits. */
  #isClosing(): boolean {
    return this.#phase === "closing";
  }

  /** Sets the deadline of an idle connection: for its stream first, which is dearer. */
  #waitIdle(): void {
    const { keepStreamMs, keepAliveMs } = this.limits;
    const streamFirst = this.kept.holds && keepStreamMs > 0 &&
      (keepAliveMs === 0 || keepStreamMs < keepAliveMs);
    this.watchdog.set(streamFirst ? keepStreamMs : keepAliveMs);
  }

  /** Serves one request. */
  async #serve(head: RequestHead): Promise<"keep" | "close" | "over"> {
    const startedMs = this.clock.steady();
    this.#phase = "exchange";
    const { endpoint, problem } = routeRequest(this.#serving.endpoints, this, head);
    let exchange: Exchange | undefined;
    let after: After;
    if (endpoint) {
      exchange = this.#exchange = new Exchange(this, head, endpoint);
      after = await exchange.run();
    } else {
      const bodiless = !head.chunked && !head.contentLength;
      after = { then: "answer", problem, close: !bodiless };
    }
    try {
      if (after.then !== "answer") {
        if (after.then === "keep") this.#exchange = undefined;
        return after.then;
      }
      const close = after.close || this.draining || !keepsAlive(head);
      await this.#answer(after.problem, head, close);
      if (!close) this.#exchange = undefined;
      return close ? "close" : "keep";
    } finally {
      if (this.#serving.onExchange) this.#report(startedMs, head, endpoint, exchange, after);
    }
  }

  /** Says something on our own account. */
  async #answer(problem: Problem, head: RequestHead | undefined, close: boolean): Promise<void> {
    this.#phase = "answer";
    this.watchdog.set(this.limits.idleMs);
    const full = this.conn.write(renderProblem(problem, {
      html: wantsHtml(head?.get("accept")),
      body: head?.method !== "HEAD",
      close,
      nowMs: this.clock.now(),
    }));
    if (full) await full;
  }

  /**
   * Ends the connection so that the last response arrives: we say our end and read on until the
   * visitor says its own, for an RST would destroy what it has not read yet (RFC 9112 section 9.6).
   */
  async #takeLeave(): Promise<void> {
    this.#startClosing();
    if (this.#exchange?.upload) await this.#exchange.upload;
    if (this.ahead.pending) await this.ahead.pending;
    if (this.ahead.ended) return;
    for (;;) {
      const next = this.conn.read();
      if ((next instanceof Promise ? await next : next) === undefined) return;
    }
  }

  #startClosing(): void {
    if (this.#phase === "closing") return;
    this.#phase = "closing";
    this.watchdog.set(this.limits.lingerMs);
    try {
      const full = this.conn.closeWrite();
      if (full) full.catch((thrown: unknown) => this.conn.abort(thrown));
    } catch (thrown) {
      this.conn.abort(thrown);
    }
  }

  #onNews(news: News): void {
    if (news === "error") this.#exchange?.visitorGone(this.ahead.error!);
  }

  #onExpired(): void {
    switch (this.#phase) {
      case "idle":
        if (!this.kept.holds) return this.#startClosing();
        this.kept.letGo();
        return this.watchdog.set(this.limits.keepAliveMs);
      case "first":
        return this.#startClosing();
      case "head":
        return this.#refuseSlowHead();
      case "exchange":
        return this.#exchange?.expired();
      case "answer":
      case "closing":
        return this.conn.abort(
          new TunnelError("timed_out", "The visitor took nothing for too long"),
        );
    }
  }

  /** Somebody sends a head byte by byte to keep us busy, or its network does. */
  #refuseSlowHead(): void {
    const answer = this.#answer(requestTimeout(this.limits.headMs), undefined, true);
    answer.catch((thrown: unknown) => this.conn.abort(thrown));
    this.#startClosing();
  }

  #report(
    startedMs: number,
    head: RequestHead,
    endpoint: Endpoint | undefined,
    exchange: Exchange | undefined,
    after: After,
  ): void {
    const problem = after.then === "answer" ? after.problem : undefined;
    try {
      this.#serving.onExchange!({
        endpoint,
        clientAddr: this.clientAddr,
        scheme: this.scheme,
        host: head.host,
        method: head.method,
        path: head.path,
        status: problem?.status ?? exchange?.status,
        ngrokCode: problem?.ngrokCode,
        requestBytes: exchange?.requestBytes ?? 0,
        responseBytes: exchange?.responseBytes ?? 0,
        durationMs: this.clock.steady() - startedMs,
        error: exchange?.error,
      });
    } catch (thrown) {
      this.#serving.logger.log("error", "a listener failed", {
        event: "exchange ended",
        error: String(thrown),
      });
    }
  }
}
