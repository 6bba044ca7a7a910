/**
 * Dialling on node:net: name look-up and TCP, address by address, within a limit, until aborted.
 * Called by the network of the machine.
 *
 * @module
 */
import * as net from "node:net";
import { abortError, type Clock } from "../base/clock.ts";
import { type ErrorCode, TunnelError } from "../base/errors.ts";
import { isLocalhost, triedToConnect } from "./address_words.ts";
import type { ConnectOptions } from "./net.ts";
import { addressesOf, KEEP_ALIVE_MS, NodeConn } from "./node_conn.ts";
import { systemAddresses } from "./node_names.ts";
import { translateError } from "./translate_errors.ts";

/** Head start of one address before the next is tried too (RFC 8305, 5). */
const HEAD_START_MS = 250;
/** What a machine without IPv6 (or IPv4) says of such addresses. */
const NO_WAY: ReadonlySet<ErrorCode> = new Set(["network_unreachable", "address_not_available"]);

/** Where one attempt goes: an address with a port, or a unix socket. */
export type DialTarget = {
  readonly host: string;
  readonly port: number;
  /** The address of this machine to dial from. */
  readonly localAddress?: string;
} | {
  readonly path: string;
};

/**
 * One attempt at one address: tells how it went, once.
 *
 * @returns takes the attempt back
 */
export type Attempt<C> = (
  target: DialTarget,
  won: (conn: C) => void,
  failed: (thrown: unknown) => void,
) => () => void;

/** An attempt on node:net. */
export const nodeAttempt: Attempt<NodeConn> = (
  target: DialTarget,
  won: (conn: NodeConn) => void,
  failed: (thrown: unknown) => void,
): () => void => {
  const socket = net.connect(
    "path" in target ? { path: target.path, allowHalfOpen: true } : {
      ...target,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    },
  );
  socket.once("error", failed);
  socket.once("connect", () => {
    socket.off("error", failed);
    won(new NodeConn(socket, addressesOf(socket, "path" in target ? target.path : undefined)));
  });
  return () => {
    socket.on("error", () => {}); // its failure no longer matters
    socket.destroy();
  };
};

/**
 * Name look-up and connection, within the limit, until aborted.
 *
 * @param clock times it
 * @param options what to dial
 * @param limitMs the limit
 * @param attempt how one address is dialled
 * @throws {TunnelError} see {@linkcode Net.connect}
 */
export function dial<C>(
  clock: Clock,
  options: ConnectOptions,
  limitMs: number,
  attempt: Attempt<C>,
): Promise<C> {
  const tried = triedToConnect(options);
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const race = new AddressRace(clock, options, attempt, (conn) => {
      over();
      resolve(conn);
    }, (error) => {
      over();
      reject(error);
    });
    const timer = clock.after(limitMs, () => {
      race.cancel(new TunnelError("timed_out", `${tried}: no answer within ${limitMs} ms`));
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
class AddressRace<C> {
  readonly #clock: Clock;
  readonly #options: ConnectOptions;
  readonly #attempt: Attempt<C>;
  readonly #tried: string;
  readonly #win: (conn: C) => void;
  readonly #lose: (error: TunnelError) => void;
  readonly #running = new Set<() => void>();
  #waiting: DialTarget[] = [];
  #timer: { cancel(): void } | undefined;
  #error: TunnelError | undefined;
  #over = false;

  constructor(
    clock: Clock,
    options: ConnectOptions,
    attempt: Attempt<C>,
    win: (conn: C) => void,
    lose: (error: TunnelError) => void,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#attempt = attempt;
    this.#tried = triedToConnect(options);
    this.#win = win;
    this.#lose = lose;
  }

  start(): void {
    const { path, host = "127.0.0.1", addresses } = this.#options;
    if (path !== undefined) {
      this.#waiting = [{ path }];
      this.#next();
    } else if (addresses) this.#tryAll(addresses);
    else if (net.isIP(host)) this.#tryAll([host]);
    else if (isLocalhost(host)) this.#tryAll(["127.0.0.1", "::1"]);
    else void this.#lookUp(host);
  }

  cancel(error: TunnelError): void {
    if (this.#over) return;
    this.#finish();
    this.#lose(error);
  }

  async #lookUp(host: string): Promise<void> {
    try {
      const found = await systemAddresses(host);
      if (!this.#over) this.#tryAll(found);
    } catch (thrown) {
      this.cancel(translateError(thrown, this.#tried, "host_not_found"));
    }
  }

  #tryAll(hosts: readonly string[]): void {
    const { port = 0, localAddresses, beginWith = 0 } = this.#options;
    this.#waiting = rotated(hosts, beginWith).flatMap((host): DialTarget[] => {
      if (!localAddresses) return [{ host, port }];
      const localAddress = localAddresses.find((own) => net.isIP(own) === net.isIP(host));
      return localAddress === undefined ? [] : [{ host, port, localAddress }];
    });
    if (this.#waiting.length > 0) return this.#next();
    this.cancel(
      new TunnelError(
        "address_not_available",
        `${this.#tried}: there is no address of its kind to dial from`,
      ),
    );
  }

  #next(): void {
    this.#timer?.cancel();
    const target = this.#waiting.shift();
    if (!target) return;
    let takeBack: (() => void) | undefined;
    const end = () => {
      if (takeBack) this.#running.delete(takeBack);
    };
    try {
      takeBack = this.#attempt(target, (conn) => {
        end();
        if (this.#over) return;
        this.#finish();
        this.#win(conn);
      }, (thrown) => {
        end();
        takeBack?.();
        this.#failed(thrown);
      });
    } catch (thrown) {
      return this.#failed(thrown);
    }
    this.#running.add(takeBack);
    if (this.#waiting.length > 0) {
      this.#timer = this.#clock.after(HEAD_START_MS, () => this.#next());
    }
  }

  #failed(thrown: unknown): void {
    if (this.#over) return;
    const error = translateError(thrown, this.#tried, "network_unreachable");
    // Of several failures the last says most, unless it only says that there is no way there.
    if (!this.#error || !NO_WAY.has(error.code)) this.#error = error;
    if (this.#waiting.length > 0) return this.#next();
    if (this.#running.size === 0) this.cancel(this.#error);
  }

  /** Ends the race; attempts still running are taken back. */
  #finish(): void {
    this.#over = true;
    this.#timer?.cancel();
    for (const takeBack of this.#running) takeBack();
    this.#running.clear();
  }
}

/**
 * The same list, begun elsewhere.
 *
 * @param list what to turn
 * @param by how many come last
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { rotated } from "./node_dial.ts";
 *
 * assert.deepEqual(rotated(["a", "b", "c"], 4), ["b", "c", "a"]);
 * ```
 */
export function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return at === 0 ? list : [...list.slice(at), ...list.slice(0, at)];
}
