/**
 * A visitor that speaks HTTP/2: each of its streams is served as a visitor of HTTP/1.1 is, by the
 * same code. `door_http.ts` comes here with connections that agreed on `h2`.
 *
 * @module
 */
import { toBase64 } from "../base/base64.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { toTunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { HttpError } from "../http/fault.ts";
import { http1Request } from "../http/http2_request.ts";
import type { HttpVisit } from "../http/visit.ts";
import { H2_CODE, type Http2Request, type Http2Session } from "../http/h2/http2.ts";
import { serveHttp2Session } from "../http/h2/session.ts";
import type { Conn } from "../runtime/net.ts";
import { formatAddress } from "./door_tcp.ts";
import { renderProblem, wantsHtml } from "./error_page.ts";
import { Http2Conn } from "./h2_conn.ts";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "./http2_limits.ts";
import { badRequest } from "./problem.ts";

/** What the door needs besides a connection. */
export interface Http2Serving {
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** What differs from {@linkcode DEFAULT_HTTP2_LIMITS}. */
  readonly limits?: Partial<Http2Limits> | undefined;
  /** Serves one stream, as if it were a connection of HTTP/1.1. */
  readonly serve: (conn: Conn) => HttpVisit;
}

/**
 * Serves one visitor until its connection is over.
 *
 * @param conn the visitor, after its handshake
 * @param serving what is needed
 */
export function serveHttp2(conn: Conn, serving: Http2Serving): HttpVisit {
  return new Http2Visit(conn, serving);
}

class Http2Visit implements HttpVisit {
  readonly over: Promise<void>;
  readonly #conn: Conn;
  readonly #serving: Http2Serving;
  readonly #limits: Http2Limits;
  readonly #session: Http2Session;
  readonly #visits = new Set<HttpVisit>();
  #idle: Timer | undefined;
  #isDraining = false;
  #isOver = false;

  constructor(conn: Conn, serving: Http2Serving) {
    this.#conn = conn;
    this.#serving = serving;
    const limits = this.#limits = { ...DEFAULT_HTTP2_LIMITS, ...serving.limits };
    const { clock } = serving;
    this.#session = serveHttp2Session(conn, clock, limits, (request) => this.#take(request));
    this.over = this.#session.closed.then(() => this.#end());
    this.#waitIdle();
  }

  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#session.close();
    for (const visit of this.#visits) visit.drain();
  }

  abort(reason?: unknown): void {
    for (const visit of this.#visits) visit.abort(reason);
    this.#session.abort(H2_CODE.cancel);
    this.#conn.abort(reason);
  }

  #take(request: Http2Request): void {
    // What the visitor took back may still be under way on our side: it is not to begin more.
    if (this.#isDraining || this.#visits.size >= 2 * this.#limits.maxStreams) {
      return request.reset(H2_CODE.refusedStream);
    }
    this.#idle?.cancel();
    let visit: HttpVisit;
    try {
      if (request.isTooLarge) throw tooLarge(this.#limits.maxFieldBytes);
      const translated = http1Request(request.fields, {
        bodiless: request.bodiless,
        scheme: this.#conn.tls ? "https" : "http",
        webSocketKey,
      });
      visit = this.#serving.serve(new Http2Conn(request, translated, this.#conn));
    } catch (thrown) {
      this.#refuse(request, thrown);
      return this.#waitIdle();
    }
    this.#visits.add(visit);
    void visit.over.then(() => {
      this.#visits.delete(visit);
      this.#waitIdle();
    });
  }

  /** A request that cannot be said in HTTP/1.1, or only in two ways. */
  #refuse(request: Http2Request, thrown: unknown): void {
    const error = toTunnelError(thrown);
    this.#serving.logger.log(error.code === "internal" ? "error" : "debug", "request was refused", {
      clientAddr: formatAddress(this.#conn.remote),
      error: error.message,
    });
    if (!(error instanceof HttpError)) return request.reset(H2_CODE.internalError);
    const isHead = request.fields.some(([name, value]) => name === ":method" && value === "HEAD");
    const accept = request.fields.find(([name]) => name === "accept")?.[1];
    const answer = { bytes: new Uint8Array(0), method: "GET", body: "none" } as const;
    const conn = new Http2Conn(request, { ...answer, contentLength: undefined }, this.#conn);
    try {
      conn.write(renderProblem(badRequest(error.status, error.message), {
        html: wantsHtml(accept),
        body: !isHead,
        close: false,
        nowMs: this.#serving.clock.now(),
      }));
    } catch {
      // Gone already.
    }
    request.endsAll();
  }

  #waitIdle(): void {
    this.#idle?.cancel();
    const { idleMs } = this.#limits;
    if (this.#visits.size > 0 || idleMs === 0 || this.#isOver) return;
    this.#idle = this.#serving.clock.after(idleMs, () => {
      this.#session.close();
      // A peer that does not answer our end is not waited for.
      this.#idle = this.#serving.clock.after(
        this.#limits.lingerMs,
        () => this.#session.abort(H2_CODE.noError),
      );
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#idle?.cancel();
    for (const visit of this.#visits) visit.abort();
  }
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError("head_too_large", "request", `the head is larger than ${maxBytes} bytes`);
}

/** RFC 6455 section 4.1: 16 bytes that nobody could know. */
function webSocketKey(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(16)));
}
