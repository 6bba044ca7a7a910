/**
 * An endpoint whose connections the program takes itself, one by one, as `accept` gives them: for
 * tcp and tls mostly. `agent.ts` makes one for each `listen()`.
 *
 * @module
 */
import { abortError, type Clock } from "../base/clock.ts";
import { type Duplex, join } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type { Address } from "../runtime/net.ts";
import type { ForwardOptions } from "./config.ts";
import type { AgentEndpoint } from "./endpoint.ts";
import type { ServiceVisitor } from "./service.ts";

/** What a program can ask for when it serves visitors itself. */
export interface ListenEndpointOptions extends
  Omit<
    ForwardOptions,
    | "addr"
    | "upstreamProtocol"
    | "upstreamProxyProtocol"
    | "upstreamTlsVerify"
    | "upstreamTlsVerifyCas"
  > {
  /** What the edge and the logs are told about where traffic goes. @default {"app://localhost"} */
  readonly forwardsTo?: string;
  /** How many connections may wait to be taken; a visitor beyond that is refused. @default {128} */
  readonly backlog?: number;
}

/**
 * A visitor's connection: bytes both ways, each way ending on its own. Disposing of it lets what was
 * written arrive and drops what the visitor still sends; `abort()` ends it now.
 */
export interface EndpointConnection extends Duplex, AsyncDisposable {
  /** Who it is. */
  readonly remote: Address;
  /** The public URL it came to. */
  readonly url: string;
}

/** How visitors are passed on to a service after all. */
export type ForwardToOptions = Pick<ForwardOptions, "upstreamTlsVerify" | "upstreamTlsVerifyCas">;

/** How a connection is waited for. */
export interface AcceptOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An endpoint that is listened on. `for await` takes its connections in the order in which they came;
 * nothing of a connection is read before somebody reads it.
 */
export interface ListeningEndpoint
  extends AgentEndpoint, AsyncIterable<EndpointConnection>, AsyncDisposable {
  /**
   * The next connection; `undefined` when the endpoint is over.
   *
   * @param options what ends the wait; the connection that would have come waits for somebody else
   * @throws {TunnelError} aborted
   */
  accept(options?: AcceptOptions): Promise<EndpointConnection | undefined>;
  /**
   * From now on visitors are forwarded to a service, like those of {@linkcode Agent.forward}; so are
   * the connections that wait.
   *
   * @throws {TunnelError} address_invalid, config_invalid, not_found
   */
  forwardTo(addr: string | number, options?: ForwardToOptions): Promise<void>;
}

/** How many wait unless told otherwise. */
const DEFAULT_BACKLOG = 128;

/** How long a visitor that is done with may go on sending. */
const LINGER_MS = 5_000;

/**
 * Checks how many connections may wait.
 *
 * @param backlog as the caller gave it
 * @throws {TunnelError} config_invalid
 */
export function readBacklog(backlog: number = DEFAULT_BACKLOG): number {
  if (Number.isInteger(backlog) && backlog >= 0) return backlog;
  throw new TunnelError(
    "config_invalid",
    `Cannot use the endpoint options: "backlog": ${backlog} is no count of connections`,
  );
}

/** The connections of one endpoint that nobody has taken yet. */
export class ConnectionQueue {
  readonly #clock: Clock;
  readonly #backlog: number;
  readonly #waiting: EndpointConnection[] = [];
  readonly #takers: ((conn: EndpointConnection | undefined) => void)[] = [];
  #sink: ((conn: EndpointConnection) => void) | undefined;
  #isOver = false;

  /**
   * Begins empty.
   *
   * @param clock whose time
   * @param backlog how many may wait
   * @throws {TunnelError} config_invalid for a backlog that is none
   */
  constructor(clock: Clock, backlog?: number) {
    this.#clock = clock;
    this.#backlog = readBacklog(backlog);
  }

  /** A visitor comes. */
  readonly enter = (carrier: Duplex, { remote, url }: ServiceVisitor): void => {
    const conn = connectionOf(carrier, remote, url, this.#clock);
    if (this.#sink) return this.#sink(conn);
    const taker = this.#takers.shift();
    if (taker) return taker(conn);
    if (this.#isOver || this.#waiting.length >= this.#backlog) {
      const found = this.#isOver ? "it is closed" : `${this.#waiting.length} wait already`;
      return carrier.abort(
        new TunnelError("stream_refused", `Cannot take a connection of ${url}: ${found}`),
      );
    }
    this.#waiting.push(conn);
    void carrier.closed.then(() => this.#forget(conn));
  };

  /** The next one; `undefined` at the end. */
  async accept({ signal }: AcceptOptions = {}): Promise<EndpointConnection | undefined> {
    if (signal?.aborted) throw abortError(signal);
    const conn = this.#waiting.shift();
    if (conn || this.#isOver) return conn;
    return await new Promise((resolve, reject) => {
      const taker = (next: EndpointConnection | undefined) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(next);
      };
      const onAbort = () => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        reject(abortError(signal!));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#takers.push(taker);
    });
  }

  /** Those that wait and those to come go there instead. */
  pour(sink: (conn: EndpointConnection) => void): void {
    this.#sink = sink;
    for (const conn of this.#waiting.splice(0)) sink(conn);
  }

  /** Nobody comes any more. Those that wait are cut. */
  close(): void {
    this.#isOver = true;
    for (const conn of this.#waiting.splice(0)) conn.abort();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #forget(conn: EndpointConnection): void {
    const at = this.#waiting.indexOf(conn);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}

function connectionOf(
  carrier: Duplex,
  remote: Address,
  url: string,
  clock: Clock,
): EndpointConnection {
  return Object.assign(carrier, {
    remote,
    url,
    [Symbol.asyncDispose]: () => hangUp(carrier, clock),
  });
}

async function hangUp(carrier: Duplex, clock: Clock): Promise<void> {
  const timer = clock.after(LINGER_MS, () => carrier.abort());
  try {
    await carrier.closeWrite();
    while (await carrier.read() !== undefined);
  } catch {
    // It broke before: that is an end as well.
  } finally {
    timer.cancel();
    carrier.abort();
  }
  await carrier.closed;
}

/**
 * Passes a connection that was taken on to another carrier.
 *
 * @param conn taken
 * @param dial gives the other
 */
export async function passOn(conn: EndpointConnection, dial: () => Promise<Duplex>): Promise<void> {
  try {
    await join(conn, await dial());
  } catch (thrown) {
    conn.abort(thrown); // the service is not there, and its visitor learns that it is not
  }
}
