/**
 * An endpoint as the agent keeps it: what was asked for, what the server gave, and whether it is
 * online. It outlives sessions; the agent binds it on each new one.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { Exchange } from "../inspect/exchange.ts";
import type { ExchangeStore } from "../inspect/exchange_store.ts";
import type { TlsClientOptions, TlsServerOptions } from "../runtime/net.ts";
import type { BindRequest, BindResponse } from "../wire/messages.ts";
import {
  type BindWish,
  buildBindRequest,
  buildRebindRequest,
  buildRenewedRequest,
} from "./bind.ts";
import type { ForwardOptions } from "./config.ts";
import { followEvents, type FollowOptions } from "../base/event_queue.ts";
import { type EndpointScheme, kindOfScheme } from "./endpoint_url.ts";
import { EndpointMetrics } from "./metrics.ts";
import type { Service } from "./service.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamTarget } from "./upstream_dial.ts";

/** How an endpoint ended. */
export interface EndpointEnd {
  /** Why, when it was not its own agent that closed it. */
  readonly error: TunnelError | undefined;
}

/** A public URL that leads to a local service. */
export interface AgentEndpoint extends AsyncDisposable {
  /** The local name. */
  readonly name: string;
  /** The public URL. It stays the same across reconnects. */
  readonly url: string;
  /** The server's id of the binding. */
  readonly id: string;
  /** What visitors speak. */
  readonly proto: EndpointScheme;
  /** Where traffic goes, as a URL. */
  readonly upstream: string;
  /** The text kept with the endpoint on the edge. */
  readonly metadata: string;
  /** What was asked for. */
  readonly options: ForwardOptions;
  /** Whether its exchanges are kept. */
  readonly inspect: boolean;
  /** What is counted of it. */
  readonly metrics: EndpointMetrics;
  /** Whether it can be visited at this moment. */
  readonly online: boolean;
  /** Visitors' connections that are open now. */
  readonly openConnections: number;
  /** Visitors' connections since it began. */
  readonly totalConnections: number;
  /**
   * The exchanges of this endpoint from now on, each as soon as it is over: what was asked, what was
   * answered, what was sent in it. Ends with the endpoint.
   *
   * @param options when it ends, and which are wanted: `{ where: (one) => one.response?.status === 500 }`
   * @throws {TunnelError} config_invalid when none are kept: the agent needs `inspectBytes`
   */
  exchanges(options?: FollowOptions<Exchange>): AsyncIterableIterator<Exchange>;
  /** Takes it down; connections that are open go on. Idempotent. */
  close(): Promise<void>;
  /** Settles (never rejects) when it is over. */
  readonly closed: Promise<EndpointEnd>;
}

/** What an endpoint is made of. */
export interface EndpointParts extends BindWish {
  /** The local name. */
  readonly name: string;
  /** How TLS is spoken to it. */
  readonly tls: TlsClientOptions | undefined;
  /** How TLS of visitors ends in the agent; without it their bytes are passed on. */
  readonly termination?: TlsServerOptions | undefined;
  /** Whether its exchanges are kept, by an agent that keeps any. @default {false} */
  readonly inspect?: boolean;
  /** Where they are kept. */
  readonly store?: ExchangeStore | undefined;
  /** Takes visitors in this program, instead of the upstream. */
  readonly service?: Service | undefined;
  /** Whose time its numbers have. */
  readonly clock: Clock;
  /** Takes it down on the server. */
  readonly onClose: (endpoint: OwnEndpoint) => Promise<void>;
}

/** Where visitors go. */
export type Way = Pick<EndpointParts, "tls" | "service"> & {
  /** What is there. */
  readonly upstream: Upstream;
};

/** The agent's own view of an endpoint. */
export class OwnEndpoint implements AgentEndpoint {
  readonly name: string;
  readonly metadata: string;
  readonly metrics: EndpointMetrics;
  /** Settles with the first success or the refusal of the first bind. */
  readonly ready: Promise<void>;
  readonly closed: Promise<EndpointEnd>;
  /** Every id the server ever gave it: visitors of a late frame may still name an old one. */
  readonly ids: Set<string> = new Set();
  openConnections = 0;
  totalConnections = 0;
  online = false;
  /** A first bind whose answer was lost may have succeeded. */
  maybeBound = false;
  readonly #parts: EndpointParts;
  readonly #first: BindRequest;
  #way: Way;
  #answer: BindResponse | undefined;
  #forgotten = false;
  #over = false;
  #setReady!: () => void;
  #failReady!: (error: TunnelError) => void;
  #setClosed!: (end: EndpointEnd) => void;

  /**
   * Makes one that has not been asked for yet.
   *
   * @param parts what it is made of
   */
  constructor(parts: EndpointParts) {
    this.name = parts.name;
    this.metadata = parts.options.metadata ?? "";
    this.metrics = new EndpointMetrics(parts.clock);
    this.#parts = parts;
    const { upstream, tls, service } = parts;
    this.#way = { upstream, tls, service };
    this.#first = buildBindRequest(parts);
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.#failReady = reject;
    });
    // whoever asked awaits it; an agent that ends before anybody does must not crash the program
    this.ready.catch(() => undefined);
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
  }

  get url(): string {
    return this.#answer?.URL ?? "";
  }

  get id(): string {
    return this.#answer?.Id ?? "";
  }

  get proto(): EndpointScheme {
    return this.#parts.wanted.scheme;
  }

  get upstream(): string {
    return this.#way.upstream.display;
  }

  get options(): ForwardOptions {
    return this.#parts.options;
  }

  get inspect(): boolean {
    return this.#parts.inspect ?? false;
  }

  /** Where a visitor's connection goes. */
  get target(): UpstreamTarget {
    const { name, termination, options } = this.#parts;
    const proxyProtocol = options.upstreamProxyProtocol !== undefined;
    const { url, inspect, metrics } = this;
    return { name, url, ...this.#way, proxyProtocol, termination, inspect, metrics };
  }

  /** From now on visitors go another way. */
  redirect(way: Way): void {
    this.#way = way;
  }

  exchanges(options: FollowOptions<Exchange> = {}): AsyncIterableIterator<Exchange> {
    const { store } = this.#parts;
    if (!store || !this.inspect) {
      throw new TunnelError(
        "config_invalid",
        `Cannot follow the exchanges of "${this.name}": none are kept; say "inspect: true" to ` +
          'forward() or serve(), or give the agent "inspectBytes", and use an http endpoint',
      );
    }
    const told = new WeakSet<Exchange>();
    return followEvents<Exchange>(
      (listener) =>
        store.on((event) => {
          if (event.type === "cleared" || event.type === "evicted") return;
          const { exchange } = event;
          if (exchange.endpointName !== this.name || exchange.state === "open") return;
          if (told.has(exchange)) return;
          told.add(exchange);
          listener(exchange);
        }),
      options,
      this.closed,
    );
  }

  /** Whether others may serve its URL as well. */
  get pools(): boolean {
    return this.#parts.options.poolingEnabled ?? false;
  }

  /** Whether it was ever online. */
  get wasOnline(): boolean {
    return this.#answer !== undefined;
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** What to ask the server next. */
  nextRequest(): BindRequest {
    if (!this.#answer) return this.#first;
    if (this.#forgotten) {
      return buildRenewedRequest(
        this.#first,
        this.#wantedUrl(this.#answer.URL),
      );
    }
    return buildRebindRequest(this.#first, this.#answer);
  }

  /**
   * The server has lost the binding: ask afresh for the same URL.
   *
   * @returns whether that is news
   */
  forgetBinding(): boolean {
    if (!this.#answer || this.#forgotten) return false;
    this.#forgotten = true;
    return true;
  }

  /**
   * Takes the server's answer in.
   *
   * @returns the URL until now, when the new one is another
   */
  adopt(answer: BindResponse): string | undefined {
    const before = this.#answer;
    this.#answer = {
      ...answer,
      Id: answer.Id || before?.Id || "",
      URL: answer.URL || before?.URL || this.#parts.wanted.url,
      Proto: answer.Proto || this.#first.Proto,
    };
    this.#forgotten = false;
    this.maybeBound = false;
    this.ids.add(this.#answer.Id);
    this.online = true;
    this.#setReady();
    return before && before.URL !== this.#answer.URL ? before.URL : undefined;
  }

  /** It is over. Idempotent. */
  finish(error: TunnelError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.online = false;
    this.#failReady(
      error ??
        new TunnelError(
          "session_closed",
          `Cannot forward to "${this.upstream}": the agent was closed`,
        ),
    );
    this.#setClosed({ error });
  }

  close(): Promise<void> {
    return this.#parts.onClose(this);
  }

  /** The same as {@linkcode OwnEndpoint.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * A public URL in the form in which it can be asked for: edges on unusual ports print the port,
   * but it cannot be wanted (agent.md E3).
   */
  #wantedUrl(url: string): string {
    const isHttp = kindOfScheme(this.proto) === "http";
    return isHttp && !/\.internal(:|$)/.test(url) ? url.replace(/:[0-9]+$/, "") : url;
  }
}
