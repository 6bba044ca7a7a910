/**
 * Dialling on node:net: name look-up and TCP, address by address, within a limit, until aborted.
 * Called by the network of the machine.
 *
 * @module
 */
import * as dns from "node:dns/promises";
import * as net from "node:net";
import { abortError, type Clock } from "../base/clock.ts";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import { isLocalhost, triedToConnect } from "./address_words.ts";
import type { ConnectOptions } from "./net.ts";
import { addressesOf, KEEP_ALIVE_MS, NodeConn } from "./node_conn.ts";
import { translateError } from "./translate_errors.ts";

/** Head start of one address before the next is tried too (RFC 8305, 5). */
const HEAD_START_MS = 250;
/** What a machine without IPv6 (or IPv4) says of such addresses. */
const NO_WAY: ReadonlySet<ErrorCode> = new Set(["network_unreachable", "address_not_available"]);

/** Name look-up and TCP, within the limit, until aborted. */
export function dial(
  clock: Clock,
  options: ConnectOptions,
  limitMs: number,
): Promise<NodeConn> {
  const tried = triedToConnect(options);
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const race = new AddressRace(clock, options, tried, (socket) => {
      over();
      resolve(new NodeConn(socket, addressesOf(socket, options.path)));
    }, (error) => {
      over();
      reject(error);
    });
    const timer = clock.after(limitMs, () => {
      race.cancel(
        new TunnelError(
          "timed_out",
          `${tried}: no answer within ${limitMs} ms`,
        ),
      );
    });
    const onAbort = () => race.cancel(abortError(signal!));
    signal?.addEventListener("abort", onAbort, { once: true });
    function over() {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
    }
    race.start();
  });
}

/**
 * Tries the addresses of a name one after the other, each with a head start over the next; the
 * first that answers wins ("Happy Eyeballs", RFC 8305).
 */
class AddressRace {
  readonly #clock: Clock;
  readonly #options: ConnectOptions;
  readonly #tried: string;
  readonly #win: (socket: net.Socket) => void;
  readonly #lose: (error: TunnelError) => void;
  readonly #running = new Set<net.Socket>();
  #waiting: string[] = [];
  #timer: { cancel(): void } | undefined;
  #error: TunnelError | undefined;
  #over = false;

  constructor(
    clock: Clock,
    options: ConnectOptions,
    tried: string,
    win: (socket: net.Socket) => void,
    lose: (error: TunnelError) => void,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#tried = tried;
    this.#win = win;
    this.#lose = lose;
  }

  start(): void {
    const host = this.#options.host ?? "127.0.0.1";
    if (this.#options.path !== undefined) this.#waiting = [""];
    else if (net.isIP(host)) this.#waiting = [host];
    // RFC 6761, 6.3: these names are the loopback, whatever a resolver would say.
    else if (isLocalhost(host)) {
      this.#waiting = ["127.0.0.1", "::1"];
    } else return void this.#lookUp(host);
    this.#next();
  }

  cancel(error: TunnelError): void {
    if (this.#over) return;
    this.#finish();
    this.#lose(error);
  }

  async #lookUp(host: string): Promise<void> {
    try {
      const found = await dns.lookup(host, { all: true, verbatim: true });
      this.#waiting = interleave(found);
    } catch (thrown) {
      return this.cancel(translateError(thrown, this.#tried, "host_not_found"));
    }
    if (!this.#over) this.#next();
  }

  #next(): void {
    this.#timer?.cancel();
    const address = this.#waiting.shift();
    if (address === undefined) return;
    const { path, port } = this.#options;
    let socket: net.Socket;
    try {
      socket = net.connect(
        path !== undefined ? { path, allowHalfOpen: true } : {
          host: address,
          port: port ?? 0,
          allowHalfOpen: true,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KEEP_ALIVE_MS,
        },
      );
    } catch (thrown) {
      return this.#failed(undefined, thrown);
    }
    this.#running.add(socket);
    const onError = (thrown: unknown) => this.#failed(socket, thrown);
    socket.once("error", onError);
    socket.once("connect", () => {
      if (this.#over) return;
      socket.off("error", onError);
      this.#running.delete(socket);
      this.#finish();
      this.#win(socket);
    });
    if (this.#waiting.length > 0) {
      this.#timer = this.#clock.after(HEAD_START_MS, () => this.#next());
    }
  }

  #failed(socket: net.Socket | undefined, thrown: unknown): void {
    if (socket) {
      this.#running.delete(socket);
      socket.destroy();
    }
    if (this.#over) return;
    const error = translateError(thrown, this.#tried, "network_unreachable");
    // Of several failures the last says most, unless it only says that there is no way there.
    if (!this.#error || !NO_WAY.has(error.code)) this.#error = error;
    if (this.#waiting.length > 0) return this.#next();
    if (this.#running.size === 0) this.cancel(this.#error);
  }

  /** Ends the race; those still running are dropped. */
  #finish(): void {
    this.#over = true;
    this.#timer?.cancel();
    for (const socket of this.#running) {
      socket.on("error", () => {}); // its failure no longer matters
      socket.destroy();
    }
    this.#running.clear();
  }
}

/** Addresses of both families in turn, the resolver's first choice first (RFC 8305, 4). */
function interleave(
  found: readonly { address: string; family: number }[],
): string[] {
  const first = found.filter((one) => one.family === found[0].family);
  const second = found.filter((one) => one.family !== found[0].family);
  const order: string[] = [];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    if (at < first.length) order.push(first[at].address);
    if (at < second.length) order.push(second[at].address);
  }
  return order;
}
