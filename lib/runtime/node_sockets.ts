/**
 * The network on node:net and node:tls, which serve all three runtimes.
 *
 * @module
 */
import * as dns from "node:dns/promises";
import * as net from "node:net";
import { rm } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import { abortError } from "../base/clock.ts";
import { TunnelError } from "../base/errors.ts";
import type { Address, Conn, ConnectOptions, Listener, ListenOptions, Net } from "./net.ts";
import { addressesOf, NodeConn } from "./node_conn.ts";
import { nodeTls } from "./node_tls.ts";
import { outOfTime } from "./node_tls_contexts.ts";
import type { Differences } from "./node_underlay.ts";
import { codeOf, retell, translateError } from "./translate_errors.ts";

const CONNECT_MS = 10_000;
/** Limit of a second look at a certificate, for the sake of a better message. */
const LOOK_AGAIN_MS = 2_000;
/** Head start of one address before the next is tried too (RFC 8305, 5). */
const HEAD_START_MS = 250;
/** Silence after which TCP asks whether the peer is alive: what vanished must not be held for ever. */
const KEEP_ALIVE_MS = 30_000;

/**
 * The network of the machine.
 *
 * @param clock times connects and handshakes
 * @param differences what the runtime does otherwise
 */
export function nodeNet(clock: Clock, differences: Differences = {}): Net {
  const { startTlsClient, startTlsServer } = nodeTls(clock, differences);
  return {
    startTlsClient,
    startTlsServer,
    listen,
    async connect(options) {
      const limitMs = options.timeoutMs ?? CONNECT_MS;
      const startedMs = clock.steady();
      const conn = await dial(clock, options, limitMs);
      if (!options.tls) return conn;
      return await secure(conn, options, limitMs, startedMs);
    },
  };

  async function secure(
    conn: NodeConn,
    options: ConnectOptions,
    limitMs: number,
    startedMs: number,
  ): Promise<Conn> {
    const onAbort = () => conn.abort(abortError(options.signal!));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await startTlsClient(conn, {
        ...options.tls,
        serverName: options.tls?.serverName ?? options.host ?? "localhost",
        timeoutMs: Math.max(1, Math.ceil(limitMs - (clock.steady() - startedMs))),
      });
    } catch (thrown) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const error = retell(thrown, triedText(options), limitMs);
      const isVague = differences.hidesExpiry && error.code === "tls_untrusted";
      throw isVague ? await lookAgain(options, error) : error;
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Dials once more to see the certificate that was refused, only to say what is wrong with it:
   * nothing is sent over that connection, and our own certificate is not shown.
   */
  async function lookAgain(options: ConnectOptions, error: TunnelError): Promise<TunnelError> {
    const serverName = options.tls?.serverName ?? options.host ?? "localhost";
    try {
      const conn = await dial(clock, options, LOOK_AGAIN_MS);
      const look = await startTlsClient(conn, {
        serverName,
        verify: false,
        timeoutMs: LOOK_AGAIN_MS,
      });
      look.abort();
      const pem = look.tls?.peerCertificatePem;
      return pem && outOfTime(pem, triedText(options), clock.now()) || error;
    } catch {
      return error; // what is known already is all there is to tell
    }
  }
}

function triedText(options: ConnectOptions): string {
  return `Cannot connect to "${options.path ?? hostPort(options.host ?? "", options.port ?? 0)}"`;
}

/** `host:port`, with brackets round an IPv6 address. */
function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Name look-up and TCP, within the limit, until aborted. */
function dial(
  clock: Clock,
  options: ConnectOptions,
  limitMs: number,
): Promise<NodeConn> {
  const tried = triedText(options);
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
    else if (/(^|\.)localhost\.?$/i.test(host)) {
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
    // Of several failures a refusal says most: somebody was there.
    if (!this.#error || error.code === "connection_refused") {
      this.#error = error;
    }
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

async function listen(options: ListenOptions): Promise<Listener> {
  if (options.path !== undefined) {
    return await listenUnix(options, options.path);
  }
  const host = options.host ?? "127.0.0.1";
  if (host.toLowerCase() !== "localhost") {
    return listenerOf([await open(options, host, options.port ?? 0)]);
  }
  return await listenLoopback(options);
}

/** Both loopback addresses at one port, where the machine has both. */
async function listenLoopback(options: ListenOptions): Promise<Listener> {
  const wanted = options.port ?? 0;
  for (let attempt = 1;; attempt++) {
    let v4: net.Server | undefined;
    try {
      v4 = await open(options, "127.0.0.1", wanted);
    } catch (thrown) {
      if (!isMissingFamily(thrown)) throw thrown;
    }
    try {
      const v6 = await open(options, "::1", v4 ? portOf(v4) : wanted);
      return listenerOf(v4 ? [v4, v6] : [v6]);
    } catch (thrown) {
      if (v4 && isMissingFamily(thrown)) return listenerOf([v4]);
      v4?.close();
      // The port that was free on one address is taken on the other: draw again.
      if (wanted !== 0 || attempt === 10) throw thrown;
    }
  }
}

function isMissingFamily(thrown: unknown): boolean {
  return thrown instanceof TunnelError &&
    thrown.code === "address_not_available";
}

async function listenUnix(
  options: ListenOptions,
  path: string,
): Promise<Listener> {
  try {
    return listenerOf([await open(options, undefined, 0, path)], path);
  } catch (thrown) {
    if (!(thrown instanceof TunnelError) || thrown.code !== "address_in_use") {
      throw thrown;
    }
    if (await isAnswered(path)) throw thrown;
  }
  await rm(path, { force: true }); // left behind by a program that did not end in order
  return listenerOf([await open(options, undefined, 0, path)], path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (thrown) => {
      probe.destroy();
      resolve(codeOf(thrown) !== "ECONNREFUSED");
    });
  });
}

function open(
  options: ListenOptions,
  host: string | undefined,
  port: number,
  path?: string,
): Promise<net.Server> {
  const tried = `Cannot listen at "${path ?? hostPort(host ?? "", port)}"`;
  return new Promise((resolve, reject) => {
    const server = net.createServer(
      {
        allowHalfOpen: true,
        noDelay: path === undefined,
        keepAlive: path === undefined,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
      },
      (socket) => options.onConnection(new NodeConn(socket, addressesOf(socket, path))),
    );
    const onError = (thrown: unknown) => reject(translateError(thrown, tried));
    server.once("error", onError);
    server.once("listening", () => {
      server.off("error", onError);
      server.on("error", () => {}); // accepting one visitor failed: there is nobody to tell
      resolve(server);
    });
    try {
      const backlog = options.backlog ?? 511;
      // A port beside a path would win.
      server.listen(
        path !== undefined ? { path, backlog } : { host, port, backlog },
      );
    } catch (thrown) {
      reject(translateError(thrown, tried));
    }
  });
}

function portOf(server: net.Server): number {
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : 0;
}

function listenerOf(servers: readonly net.Server[], path?: string): Listener {
  const bound = servers[0].address();
  const address: Address = path !== undefined
    ? { host: "", port: 0, path }
    : bound !== null && typeof bound === "object"
    ? { host: bound.address, port: bound.port }
    : { host: "", port: 0 };
  let open = true;
  return {
    address,
    close() {
      if (open) {
        open = false;
        // Not awaited: node's close() settles only after the last connection has gone.
        for (const server of servers) server.close();
      }
      return Promise.resolve();
    },
  };
}
