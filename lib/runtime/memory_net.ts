/**
 * A network inside the process: virtual hosts and ports, delay, arbitrary chunking, faults. For
 * tests, and for users who want to try a tunnel without a socket.
 *
 * @module
 */
import { abortError, type Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { isLocalhost, triedToConnect, triedToListen } from "./address_words.ts";
import { MemoryConn } from "./memory_conn.ts";
import { type Chunking, MemoryPipe, type PipeFault } from "./memory_pipe.ts";
import type {
  AcceptedConn,
  Address,
  Conn,
  ConnectOptions,
  HandshakeLimits,
  Listener,
  ListenOptions,
  LookUpOptions,
  Net,
  TlsClientOptions,
  TlsServerOptions,
} from "./net.ts";
import { retell } from "./translate_errors.ts";

const CONNECT_MS = 10_000;
/** Where ephemeral ports begin (RFC 6335, 6). */
const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;

/** What a dialler of a faulty address meets. */
export type NetFault =
  /** Nobody listens there. */
  | { readonly kind: "refuse" }
  /** No answer ever comes. */
  | { readonly kind: "blackhole" }
  /** The connection goes wrong after so many bytes towards the listener (`up`) or back (`down`). */
  | (PipeFault & { readonly direction: "up" | "down" });

/** How a network in memory behaves. */
export interface MemoryNetOptions {
  /** Whose time delays and limits are. */
  readonly clock: Clock;
  /** How long bytes travel towards the listener (`up`) and back, in milliseconds. @default {0} */
  readonly delayMs?: number | { readonly up: number; readonly down: number };
  /** How bytes are cut on their way. @default not at all */
  readonly chunking?: Chunking;
  /** Bytes one direction holds before a writer must wait. @default {65536} */
  readonly highWaterBytes?: number;
  /** Names that resolve, with their addresses. A name that somebody listens at needs no entry. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  /** Who speaks TLS over these connections. @default nobody: TLS fails */
  readonly tls?: Pick<Net, "startTlsClient" | "startTlsServer">;
}

interface Door {
  readonly address: Address;
  readonly onConnection: (conn: AcceptedConn) => void;
}

/**
 * A network in memory. Whatever is dialled in it must listen in it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { systemClock } from "../base/clock.ts";
 * import { MemoryNet } from "./memory_net.ts";
 *
 * const net = new MemoryNet({ clock: systemClock });
 * const door = await net.listen({ host: "edge.example", port: 80, onConnection: (c) => c.closeWrite() });
 * const conn = await net.connect({ host: "edge.example", port: 80 });
 * assert.equal(await conn.read(), undefined);
 * conn.closeWrite();
 * await door.close();
 * ```
 */
export class MemoryNet implements Net {
  readonly #options: MemoryNetOptions;
  readonly #doors: Map<string, Door> = new Map();
  readonly #faults: Map<string, NetFault> = new Map();
  #nextPort = FIRST_FREE_PORT;

  /**
   * Makes a network with no doors.
   *
   * @param options how it behaves
   */
  constructor(options: MemoryNetOptions) {
    this.#options = options;
  }

  /**
   * The same network as another machine sees it: what is dialled through it comes from `host`.
   *
   * @param host the IP address of that machine
   */
  from(host: string): Net {
    return {
      connect: (options) => this.#connect(options, host),
      listen: (options) => this.listen(options),
      lookUp: (name, options) => this.lookUp(name, options),
      startTlsClient: (carrier, options) => this.startTlsClient(carrier, options),
      startTlsServer: (carrier, options) => this.startTlsServer(carrier, options),
    };
  }

  /**
   * Makes an address faulty for connections dialled from now on.
   *
   * @param host as it is dialled
   * @param port as it is dialled
   * @param fault what goes wrong
   * @returns mends it
   */
  fault(host: string, port: number, fault: NetFault): () => void {
    const key = keyOf(host, port);
    this.#faults.set(key, fault);
    return () => {
      if (this.#faults.get(key) === fault) this.#faults.delete(key);
    };
  }

  /** See {@linkcode Net.connect}. */
  connect(options: ConnectOptions): Promise<Conn> {
    return this.#connect(options, undefined);
  }

  async #connect(
    options: ConnectOptions,
    from: string | undefined,
  ): Promise<Conn> {
    const { clock } = this.#options;
    const startedMs = clock.steady();
    const limitMs = options.timeoutMs ?? CONNECT_MS;
    const conn = await this.#dial(options, from, limitMs);
    if (!options.tls) return conn;
    const onAbort = () => conn.abort(abortError(options.signal!));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.startTlsClient(conn, {
        ...options.tls,
        serverName: options.tls.serverName ?? options.host ?? "localhost",
        timeoutMs: Math.max(1, Math.ceil(limitMs - (clock.steady() - startedMs))),
      });
    } catch (thrown) {
      conn.abort(thrown);
      if (options.signal?.aborted) throw abortError(options.signal);
      throw retell(thrown, triedToConnect(options), limitMs);
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  #dial(
    options: ConnectOptions,
    from: string | undefined,
    limitMs: number,
  ): Promise<Conn> {
    const tried = triedToConnect(options);
    const { signal } = options;
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const limit = clock.after(limitMs, () => {
        settle();
        reject(
          new TunnelError(
            "timed_out",
            `${tried}: no answer within ${limitMs} ms`,
          ),
        );
      });
      let over = false;
      function settle() {
        over = true;
        limit.cancel();
        signal?.removeEventListener("abort", onAbort);
      }
      function onAbort() {
        settle();
        reject(abortError(signal!));
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      const { up, down } = delaysOf(this.#options);
      const answer = () => {
        if (over) return;
        let fault: NetFault | undefined;
        try {
          const [door, host, found] = this.#find(options, tried);
          fault = found;
          if (fault?.kind === "blackhole") return; // the limit or the signal ends it
          settle();
          resolve(this.#open(door, host, from, fault));
        } catch (thrown) {
          settle();
          reject(thrown);
        }
      };
      // A round trip, as a SYN and its answer.
      if (up + down > 0) clock.after(up + down, answer);
      else queueMicrotask(answer);
    });
  }

  /** Who listens at what was dialled, at which address, and with which fault. */
  #find(
    options: ConnectOptions,
    tried: string,
  ): [door: Door | undefined, host: string, fault: NetFault | undefined] {
    if (options.path !== undefined) {
      const fault = this.#faults.get(keyOf(options.path, 0));
      const door = this.#doors.get(keyOf(options.path, 0));
      if (fault?.kind === "blackhole") return [undefined, "", fault];
      if (!door || fault?.kind === "refuse") {
        throw new TunnelError("not_found", `${tried}: there is no such file`);
      }
      return [door, "", fault];
    }
    const host = options.host === "" ? "::" : (options.host ?? "127.0.0.1").toLowerCase();
    const port = options.port ?? 0;
    const addresses = options.addresses ?? this.#resolve(host, port);
    if (addresses.length === 0) {
      throw new TunnelError(
        "host_not_found",
        `${tried}: the name does not resolve`,
      );
    }
    const at = (options.beginWith ?? 0) % addresses.length;
    for (const address of [...addresses.slice(at), ...addresses.slice(0, at)]) {
      const fault = this.#faults.get(keyOf(host, port)) ??
        this.#faults.get(keyOf(address, port));
      if (fault?.kind === "blackhole") return [undefined, address, fault];
      if (fault?.kind === "refuse") continue;
      const door = this.#doors.get(keyOf(address, port)) ??
        this.#doors.get(
          keyOf(address.includes(":") ? "::" : "0.0.0.0", port),
        ) ??
        this.#doors.get(keyOf("::", port));
      if (door) return [door, address, fault];
    }
    throw new TunnelError("connection_refused", `${tried}: connection refused`);
  }

  #resolve(host: string, port: number): readonly string[] {
    if (isIp(host)) return [host];
    const listed = this.#options.names?.[host];
    if (listed) return listed;
    if (isLocalhost(host)) return ["127.0.0.1", "::1"];
    return this.#doors.has(keyOf(host, port)) || this.#hasDoorAt(host) ? [host] : [];
  }

  /** See {@linkcode Net.lookUp}. Every name server knows the same names here. */
  lookUp(name: string, options: LookUpOptions = {}): Promise<readonly string[]> {
    if (options.signal?.aborted) return Promise.reject(abortError(options.signal));
    const found = this.#resolve(name.toLowerCase(), 0);
    if (found.length > 0) return Promise.resolve(found);
    return Promise.reject(
      new TunnelError(
        "host_not_found",
        `Cannot resolve "${name}": the name does not resolve`,
      ),
    );
  }

  #hasDoorAt(host: string): boolean {
    for (const door of this.#doors.values()) {
      if (door.address.host === host) return true;
    }
    return false;
  }

  #open(
    door: Door | undefined,
    host: string,
    from: string | undefined,
    fault: NetFault | undefined,
  ): Conn {
    if (!door) throw new TunnelError("internal", "A connection without a door");
    const { clock, chunking } = this.#options;
    const highWaterBytes = this.#options.highWaterBytes ?? 65_536;
    const delays = delaysOf(this.#options);
    const faultOf = (direction: "up" | "down") =>
      fault && "direction" in fault && fault.direction === direction ? fault : undefined;
    const shape = {
      clock,
      chunking,
      highWaterBytes,
      onReset() {
        const error = new TunnelError("connection_reset", "The connection broke: it was reset");
        for (const pipe of [up, down]) {
          pipe.failReader(error);
          pipe.failWriter(error);
        }
      },
    };
    const up: MemoryPipe = new MemoryPipe({ ...shape, delayMs: delays.up, fault: faultOf("up") });
    const down: MemoryPipe = new MemoryPipe({
      ...shape,
      delayMs: delays.down,
      fault: faultOf("down"),
    });
    const isPath = door.address.path !== undefined;
    const there: Address = isPath ? door.address : { host, port: door.address.port };
    const here: Address = isPath ? door.address : {
      host: from ?? (host.includes(":") ? "::1" : "127.0.0.1"),
      port: this.#freePort(),
    };
    const after = (delayMs: number) => (run: () => void) => {
      if (delayMs > 0) clock.after(delayMs, run);
      else run();
    };
    const acceptor = new MemoryConn({
      inbound: up,
      outbound: down,
      remote: here,
      local: there,
      later: after(delays.down),
    });
    const dialler = new MemoryConn({
      inbound: down,
      outbound: up,
      remote: there,
      local: here,
      later: after(delays.up),
    });
    door.onConnection(acceptor);
    return dialler;
  }

  /** See {@linkcode Net.listen}. */
  listen(options: ListenOptions): Promise<Listener> {
    try {
      return Promise.resolve(this.#listen(options));
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  #listen(options: ListenOptions): Listener {
    const host = options.host === "" ? "::" : (options.host ?? "127.0.0.1").toLowerCase();
    const hosts = options.path !== undefined
      ? [options.path]
      : host === "localhost"
      ? ["127.0.0.1", "::1"]
      : [host];
    const port = options.path !== undefined ? 0 : options.port || this.#freePort();
    for (const one of hosts) {
      if (!this.#doors.has(keyOf(one, port))) continue;
      const tried = triedToListen(one, port, options.path);
      throw new TunnelError("address_in_use", `${tried}: address already in use`);
    }
    const doors = hosts.map((one): Door => ({
      address: options.path !== undefined
        ? { host: "", port: 0, path: options.path }
        : { host: one, port },
      onConnection: options.onConnection,
    }));
    hosts.forEach((one, at) => this.#doors.set(keyOf(one, port), doors[at]));
    let open = true;
    return {
      address: doors[0].address,
      close: () => {
        if (open) {
          for (const one of hosts) this.#doors.delete(keyOf(one, port));
        }
        open = false;
        return Promise.resolve();
      },
    };
  }

  #freePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port === LAST_PORT ? FIRST_FREE_PORT : port + 1;
    for (const door of this.#doors.values()) {
      if (door.address.port === port) return this.#freePort();
    }
    return port;
  }

  /** See {@linkcode Net.startTlsClient}; done by the `tls` of the options. */
  startTlsClient(
    carrier: Duplex,
    options: TlsClientOptions & HandshakeLimits & {
      readonly serverName: string;
    },
  ): Promise<Conn> {
    const { tls } = this.#options;
    return tls ? tls.startTlsClient(carrier, options) : noTls(carrier);
  }

  /** See {@linkcode Net.startTlsServer}; done by the `tls` of the options. */
  startTlsServer(
    carrier: Duplex,
    options: TlsServerOptions & HandshakeLimits,
  ): Promise<Conn> {
    const { tls } = this.#options;
    return tls ? tls.startTlsServer(carrier, options) : noTls(carrier);
  }
}

function noTls(carrier: Duplex): Promise<never> {
  const error = new TunnelError(
    "tls_failed",
    "Cannot speak TLS: this network in memory was made without it",
  );
  carrier.abort(error);
  return Promise.reject(error);
}

function delaysOf(
  options: MemoryNetOptions,
): { readonly up: number; readonly down: number } {
  const { delayMs = 0 } = options;
  return typeof delayMs === "number" ? { up: delayMs, down: delayMs } : delayMs;
}

function keyOf(host: string, port: number): string {
  return `${host.toLowerCase()} ${port}`;
}

function isIp(host: string): boolean {
  return host.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
