/**
 * A visitor that speaks HTTP: finds the endpoint of each of its requests, and has it relayed. Both
 * HTTP doors hand their connections to {@linkcode serveHttp}.
 *
 * Requests of HTTP/1.0 go on as HTTP/1.0, and their connection is kept only if it asks.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { HttpError } from "../http/fault.ts";
import type { RequestHead } from "../http/head.ts";
import { keepsAlive } from "../http/hop_by_hop.ts";
import type { News } from "../http/lookahead.ts";
import { formatResponse } from "../http/response.ts";
import { type HttpVisit, type Then, Visit } from "../http/visit.ts";
import { Watchdog } from "../http/watchdog.ts";
import type { CompiledPolicy } from "../policy/engine.ts";
import type { Conn } from "../runtime/net.ts";
import type { Comeback } from "./comeback.ts";
import { formatAddress } from "./door_tcp.ts";
import type { Endpoint, EndpointTable } from "./endpoint.ts";
import { preferredForm, renderProblem } from "./error_page.ts";
import {
  type After,
  Exchange,
  type ExchangeVisitor,
  type PolicyOutcome,
  type PoolVisit,
} from "./http_exchange.ts";
import { type Http2Limits, upstreamSession } from "./http2_limits.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./http_limits.ts";
import { interstitial } from "./interstitial.ts";
import { KeptStream } from "./kept_stream.ts";
import { Http2Upstreams } from "./h2_upstream.ts";
import type { KeptStreams } from "./kept_streams.ts";
import type { HostServer, Mounts } from "./mounts.ts";
import {
  addressRefused,
  badRequest,
  certificateRefused,
  type Problem,
  requestTimeout,
} from "./problem.ts";
import { type Arrival, type Route, routeRequest } from "./route.ts";
import { HeadFirst } from "./through.ts";
import type { Trace, Tracer } from "./trace_context.ts";
import type { VisitorRestrictions } from "./visitor_restrictions.ts";

export type { HttpVisit };

/** What an HTTP door needs besides its connections. */
export interface HttpServing {
  /** Where names lead. */
  readonly endpoints: EndpointTable;
  /** The names that others serve. */
  readonly mounts?: Mounts | undefined;
  /** What the edge itself answers at a path, whatever the host: proofs for ACME servers (http-01). */
  readonly ownAnswer?: ((path: string) => string | undefined) | undefined;
  /** Whether browsers see a page before they see an endpoint. @default {false} */
  readonly interstitial?: boolean;
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Whom accounts keep out of all of their endpoints. */
  readonly restrictions?: Pick<VisitorRestrictions, "refuses"> | undefined;
  /** What differs from {@linkcode DEFAULT_HTTP_LIMITS}. */
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Knows whose agents will be back in a moment. */
  readonly comeback?: Pick<Comeback, "wait"> | undefined;
  /** Makes requests part of traces. */
  readonly tracer?: Tracer | undefined;
  /** What differs from {@linkcode DEFAULT_HTTP2_LIMITS}; without it HTTPS visitors are offered HTTP/1.1 alone. */
  readonly http2?: Partial<Http2Limits> | undefined;
  /** Hears of each exchange that is over. */
  readonly onExchange?: ((event: ExchangeEnded) => void) | undefined;
}

/** An exchange is over. */
export interface ExchangeEnded {
  /** Who was asked; `undefined` when the request led nowhere. */
  readonly endpoint: Endpoint | undefined;
  /** Who asked: `ip:port`, IPv6 in brackets. */
  readonly clientAddr: string;
  /** Where it asked: our `ip:port`. */
  readonly serverAddr: string;
  /** What the visitor spoke with us. */
  readonly scheme: "http" | "https";
  /** The host asked for. */
  readonly host: string;
  /** As written. */
  readonly method: string;
  /** As written, without the query: that may hold secrets. */
  readonly path: string;
  /** The request itself. Its query, and most of its headers, may hold secrets. */
  readonly head: RequestHead;
  /** The trace it is part of, when somebody asked for traces. */
  readonly trace: Trace | undefined;
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
  /** How many members of a pool could not serve it before this one; absent when none. */
  readonly retries?: number;
  /** What the visitor spoke: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2.0`. */
  readonly protocol: string;
  /** The version of its TLS, `TLSv1.3`; absent without TLS. */
  readonly tlsVersion?: string;
  /** What the traffic policy of the endpoint made of it in place of the service; absent when nothing. */
  readonly policyOutcome?: PolicyOutcome;
}

/**
 * Serves one visitor until its connection is over.
 *
 * @param conn the visitor; over TLS after its handshake
 * @param scheme what it speaks with us
 * @param serving endpoints, time, limits, events
 * @param shared streams to agents that it shares with the other requests of its connection
 */
export function serveHttp(
  conn: Conn,
  scheme: "http" | "https",
  serving: HttpServing,
  shared?: KeptStreams,
): HttpVisit {
  return new EdgeVisit(conn, scheme, serving, shared);
}

class EdgeVisit extends Visit<Conn> implements ExchangeVisitor, Arrival {
  readonly out: HeadFirst;
  readonly clientAddr: string;
  readonly scheme: "http" | "https";
  readonly serverName: string | undefined;
  readonly patience: Watchdog;
  readonly kept: KeptStream;
  readonly limits: HttpLimits;
  readonly over: Promise<void>;
  readonly logger: Logger;
  admittedBy: WeakSet<CompiledPolicy> | undefined;
  readonly #serving: HttpServing;
  /** The trace that the request under way is part of. */
  trace: Trace | undefined;
  readonly #shared: KeptStreams | undefined;
  #upstreams: Http2Upstreams | undefined;
  #exchange: Exchange | undefined;
  /** Who serves the connection from now on, when that is not us any more. */
  #heir: HttpVisit | undefined;

  constructor(
    conn: Conn,
    scheme: "http" | "https",
    serving: HttpServing,
    shared: KeptStreams | undefined,
  ) {
    const limits = { ...DEFAULT_HTTP_LIMITS, ...serving.limits };
    super(conn, serving.clock, limits, { maxBytes: limits.requestHeadBytes });
    this.out = new HeadFirst(conn);
    this.patience = new Watchdog(serving.clock, () => void this.#exchange?.late());
    this.clientAddr = formatAddress(conn.remote);
    this.scheme = scheme;
    // As it stood in the ClientHello, which may have any case.
    this.serverName = conn.tls?.serverName?.toLowerCase().replace(/\.$/, "");
    this.limits = limits;
    this.#shared = shared;
    this.kept = shared?.take() ?? new KeptStream({ clock: this.clock, ...limits });
    this.#serving = serving;
    this.logger = serving.logger;
    this.over = this.run();
  }

  /** Lets the request under way end, and no other begin. */
  override drain(): void {
    super.drain();
    this.#heir?.drain();
  }

  /** Serves one request. */
  protected override async serve(head: RequestHead): Promise<Then> {
    const refusal = this.conn.tls?.refusal;
    if (refusal) return await this.#turnAway(refusal, head);
    const own = this.#serving.ownAnswer?.(head.path);
    if (own !== undefined) return await this.#answerOwn(own, head);
    // Over TLS the door has looked at the name already, and a request for another one is misdirected.
    const heir = this.scheme === "http" ? this.#serving.mounts?.find(head.host) : undefined;
    if (heir) return await this.#handOver(heir, head);
    const startedMs = this.clock.steady();
    this.trace = this.#serving.tracer?.begin(head);
    const route = this.#route(head);
    const { endpoint: place, problem } = this.#admit(
      route instanceof Promise ? await route : route,
    );
    if (place && this.#serving.interstitial) {
      const between = this.#standBetween(place, head, startedMs);
      if (between) return await between;
    }
    let endpoint: Endpoint | undefined = place;
    let after: After;
    let retries = 0;
    if (place?.pick) {
      ({ endpoint, after, retries } = await this.#askPool(place, head));
    } else if (place) {
      after = await this.#ask(place, head);
    } else {
      const bodiless = !head.chunked && !head.contentLength;
      after = { then: "answer", problem: problem!, close: !bodiless };
    }
    const exchange = endpoint && this.#exchange;
    try {
      if (after.then !== "answer") {
        if (after.then === "keep") this.#exchange = undefined;
        return after.then;
      }
      const close = after.close || this.draining || !keepsAlive(head);
      await this.say(this.#render(after.problem, head, close));
      if (!close) this.#exchange = undefined;
      return close ? "close" : "keep";
    } finally {
      if (this.#serving.onExchange) {
        const said = after.then === "answer" ? after.problem : undefined;
        this.#report(startedMs, head, endpoint, exchange, said, retries);
      }
    }
  }

  /** Has a request relayed to one endpoint. */
  async #ask(endpoint: Endpoint, head: RequestHead, pool?: PoolVisit): Promise<After> {
    const exchange = this.#exchange = new Exchange(this, head, endpoint, pool);
    endpoint.traffic.begin();
    try {
      return await exchange.run();
    } finally {
      endpoint.traffic.end();
    }
  }

  /** Has a request relayed to one member of a pool after the other, until one takes it. */
  async #askPool(
    pool: Endpoint,
    head: RequestHead,
  ): Promise<{ endpoint: Endpoint; after: After; retries: number }> {
    const tried = new Set<Endpoint>();
    let endpoint = pool.pick!() ?? pool;
    for (;;) {
      tried.add(endpoint);
      const next = pool.pick!(tried);
      const visit = endpoint.pooled?.load.begin(this.clock.steady());
      let after: After;
      try {
        after = await this.#ask(endpoint, head, visit && { visit, hasOthers: next !== undefined });
      } finally {
        visit?.end();
      }
      const retries = tried.size - 1;
      if (after.then !== "answer" || !after.elsewhere) return { endpoint, after, retries };
      // Much may have changed since the other one was seen; it is still better than a refusal.
      const other = pool.pick!(tried) ?? next;
      if (!other || tried.has(other)) return { endpoint, after, retries };
      endpoint = other;
    }
  }

  /** Shows the page that stands between visitors and endpoints, if this one has to see it. */
  #standBetween(place: Endpoint, head: RequestHead, startedMs: number): Promise<Then> | undefined {
    const close = this.draining || !keepsAlive(head) || head.chunked || !!head.contentLength;
    const nowMs = this.clock.now();
    const serverIp = this.conn.local.host;
    const answer = interstitial(head, { scheme: this.scheme, serverIp, close, nowMs });
    return answer &&
      this.say(answer.bytes).then((): Then => close ? "close" : "keep").finally(() => {
        if (this.#serving.onExchange) this.#report(startedMs, head, place, undefined, answer, 0);
      });
  }

  /** A proof for an ACME server (RFC 8555 section 8.3), before any endpoint or its policy sees the request. */
  async #answerOwn(body: string, head: RequestHead): Promise<Then> {
    await this.say(formatResponse({
      status: 200,
      headers: [["Content-Type", "application/octet-stream"]],
      body,
      toHead: head.method === "HEAD",
      close: true,
      dateMs: this.clock.now(),
    }));
    return "close";
  }

  /** Its certificate is not welcome (edge K: 3002); the handshake could not say so. */
  async #turnAway({ message }: TunnelError, head: RequestHead): Promise<Then> {
    const found = message.slice(message.indexOf(": ") + 2);
    await this.say(this.#render(certificateRefused(found), head, true));
    return "close";
  }

  /** The account of the endpoint may want to have nothing to do with this visitor. */
  #admit(route: Route): Route {
    const { endpoint } = route;
    const { restrictions } = this.#serving;
    if (!endpoint || !restrictions?.refuses(endpoint.accountId, this.conn.remote.host)) {
      return route;
    }
    return { endpoint: undefined, problem: addressRefused() };
  }

  /** Finds the endpoint; after a restart its agent may take a moment to be back. */
  #route(head: RequestHead): Route | Promise<Route> {
    const { endpoints, comeback } = this.#serving;
    const host = head.host === "" ? this.serverName ?? "" : head.host;
    const back = comeback?.wait([this.scheme, "https"], host);
    if (!back) return routeRequest(endpoints, this, head);
    this.watchdog.set(0);
    return back.then(() => routeRequest(endpoints, this, head));
  }

  /** Gives the whole connection to somebody else, with the request that was just read. */
  async #handOver(serve: HostServer, head: RequestHead): Promise<Then> {
    this.watchdog.stop();
    this.kept.letGo();
    this.conn.unread(head.bytes);
    this.#heir = serve(this.conn, this.scheme);
    if (this.draining) this.#heir.drain();
    await this.#heir.over;
    return "over";
  }

  protected override refuse(error: HttpError): Uint8Array {
    this.#serving.logger.log("debug", "request was refused", {
      clientAddr: this.clientAddr,
      error: error.message,
    });
    return this.#render(badRequest(error.status, error.message), undefined, true);
  }

  protected override refuseSlow(limitMs: number): Uint8Array {
    return this.#render(requestTimeout(limitMs), undefined, true);
  }

  /** What we say on our own account. */
  #render(problem: Problem, head: RequestHead | undefined, close: boolean): Uint8Array {
    return renderProblem(problem, {
      ...preferredForm(head?.all("accept").join(",")),
      body: head?.method !== "HEAD",
      close,
      nowMs: this.clock.now(),
    });
  }

  protected override get reading(): Promise<void> | undefined {
    return this.#exchange?.upload;
  }

  protected override onNews(news: News): void {
    if (news === "error") this.#exchange?.visitorGone(this.ahead.error!);
  }

  protected override onExpired(): void {
    this.#exchange?.expired();
  }

  /** Sets the deadline of an idle connection: for its stream first, which is dearer. */
  protected override waitIdle(): void {
    const { keepStreamMs, keepAliveMs } = this.limits;
    const streamFirst = this.kept.holds && keepStreamMs > 0 &&
      (keepAliveMs === 0 || keepStreamMs < keepAliveMs);
    this.watchdog.set(streamFirst ? keepStreamMs : keepAliveMs);
  }

  protected override onIdleExpired(): boolean {
    if (!this.kept.holds) return true;
    this.kept.letGo();
    this.watchdog.set(this.limits.keepAliveMs);
    return false;
  }

  /** Whoever left in the middle of something is no news; a mistake of ours is. */
  protected override onCut(error: TunnelError): void {
    this.#serving.logger.log(
      error.code === "internal" ? "error" : "debug",
      "visitor was cut",
      { clientAddr: this.clientAddr, error: error.message },
    );
  }

  protected override onOver(): void {
    this.patience.stop();
    if (this.#shared) this.#shared.giveBack(this.kept, this.limits.keepStreamMs);
    else this.kept.letGo();
    this.#upstreams?.close();
  }

  /** Sessions with services that speak HTTP/2: all requests of a connection share them. */
  get upstreams(): Http2Upstreams {
    if (this.#shared) return this.#shared.upstreams;
    return this.#upstreams ??= new Http2Upstreams({
      clock: this.clock,
      keepMs: this.limits.keepStreamMs,
      session: upstreamSession(this.#serving.http2),
    });
  }

  #report(
    startedMs: number,
    head: RequestHead,
    endpoint: Endpoint | undefined,
    exchange: Exchange | undefined,
    said: { readonly status: number; readonly ngrokCode: number | undefined } | undefined,
    retries: number,
  ): void {
    const { tls } = this.conn;
    const policyOutcome = exchange?.policyOutcome;
    try {
      this.#serving.onExchange!({
        endpoint,
        clientAddr: this.clientAddr,
        serverAddr: formatAddress(this.conn.local),
        scheme: this.scheme,
        host: head.host,
        method: head.method,
        path: head.path,
        head,
        trace: this.trace,
        status: said?.status ?? exchange?.status,
        ngrokCode: said?.ngrokCode,
        requestBytes: exchange?.requestBytes ?? 0,
        responseBytes: exchange?.responseBytes ?? 0,
        durationMs: this.clock.steady() - startedMs,
        error: exchange?.error,
        protocol: tls?.alpn === "h2" ? "HTTP/2.0" : `HTTP/${head.version}`,
        ...(tls && { tlsVersion: tls.version }),
        ...(retries > 0 ? { retries } : {}),
        ...(policyOutcome && { policyOutcome }),
      });
    } catch (thrown) {
      this.#serving.logger.log("error", "a listener failed", {
        event: "exchange ended",
        error: String(thrown),
      });
    }
  }
}
