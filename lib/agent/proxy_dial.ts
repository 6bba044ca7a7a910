/**
 * The connection to a proxy, and through it to somebody else. `reach.ts` gets to its edge this way,
 * and the command line to whoever publishes updates.
 *
 * @module
 */
import { abortError, type Clock, deadline } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Conn, ConnectOptions, Net, TrustedRoots } from "../runtime/net.ts";
import { type Proxy, showProxy } from "./proxy.ts";
import { connectOverHttp } from "./proxy_http.ts";
import { connectOverSocks } from "./proxy_socks.ts";

/** What going through a proxy needs. */
export interface ProxyDialOptions {
  /** The network. */
  readonly net: Net;
  /** Time. */
  readonly clock: Clock;
  /** Who may vouch for the proxy, beside the system's authorities. */
  readonly roots: TrustedRoots;
  /** From which of this machine's addresses it is dialled. @default any */
  readonly localAddresses?: readonly string[] | undefined;
  /** Limit of all of it. */
  readonly timeoutMs: number;
  /** Cancels it. */
  readonly signal: AbortSignal;
}

/**
 * Connects to something that is not the edge: the system's authorities may vouch for it, or the one
 * the user has named for his own network.
 *
 * @param net the network
 * @param roots what the user has named
 * @param options where to
 * @throws {TunnelError} as {@linkcode Net.connect}
 */
export async function connectTrusting(
  net: Net,
  roots: TrustedRoots,
  options: ConnectOptions,
): Promise<Conn> {
  try {
    return await net.connect(options);
  } catch (thrown) {
    const isUntrusted = thrown instanceof TunnelError && thrown.code === "tls_untrusted";
    if (!isUntrusted || roots === "system" || !options.tls) throw thrown;
    return await net.connect({ ...options, tls: { ...options.tls, roots } });
  }
}

/**
 * Connects to a proxy, and asks it for nothing yet.
 *
 * @param proxy which
 * @param options network and limits
 * @throws {TunnelError} proxy_failed, aborted
 */
export async function openProxy(proxy: Proxy, options: ProxyDialOptions): Promise<Conn> {
  const { kind, host, port } = proxy;
  const { net, roots, localAddresses, timeoutMs, signal } = options;
  try {
    return await connectTrusting(net, roots, {
      host,
      port,
      timeoutMs,
      signal,
      ...(localAddresses ? { localAddresses } : {}),
      ...(kind === "https" ? { tls: { serverName: host, alpn: ["http/1.1"] } } : {}),
    });
  } catch (cause) {
    if (signal.aborted) throw abortError(signal);
    const { message, code } = toTunnelError(cause, "connection_closed");
    const found = code === "tls_untrusted"
      ? "its certificate is not signed by an authority this machine trusts, nor by connect_cas"
      : message.slice(message.indexOf(": ") + 2);
    throw new TunnelError(
      "proxy_failed",
      `Cannot reach the proxy ${showProxy(proxy)}: ${found}`,
      { cause },
    );
  }
}

/**
 * Has a proxy connect further.
 *
 * @param proxy which
 * @param carrier the connection to it
 * @param host where to
 * @param port where to
 * @param clock whose time
 * @param timeoutMs limit of its answer
 * @throws {TunnelError} proxy_failed with what the proxy said; timed_out
 */
export async function askProxy(
  proxy: Proxy,
  carrier: Duplex,
  host: string,
  port: number,
  clock: Clock,
  timeoutMs: number,
): Promise<void> {
  const ask = proxy.kind === "socks5" ? connectOverSocks : connectOverHttp;
  const words = `The proxy ${showProxy(proxy)} did not answer`;
  await deadline(clock, ask(carrier, proxy, host, port), timeoutMs, words);
}

/**
 * Connects to somebody through a proxy.
 *
 * @param proxy which
 * @param host where to
 * @param port where to
 * @param options network and limits
 * @returns the connection to the proxy, which carries the other one's bytes
 * @throws {TunnelError} proxy_failed, timed_out, aborted
 */
export async function dialThrough(
  proxy: Proxy,
  host: string,
  port: number,
  options: ProxyDialOptions,
): Promise<Conn> {
  const { clock, timeoutMs, signal } = options;
  const untilMs = clock.steady() + timeoutMs;
  const carrier = await openProxy(proxy, options);
  return await whileWanted(carrier, signal, async () => {
    const leftMs = Math.max(1, Math.ceil(untilMs - clock.steady()));
    await askProxy(proxy, carrier, host, port, clock, leftMs);
    return carrier;
  });
}

/**
 * Does something over a carrier, and cuts it when that fails or is not wanted any more.
 *
 * @param carrier what it is done over
 * @param signal cancels it
 * @param work what
 * @throws {TunnelError} aborted, and what `work` throws
 */
export async function whileWanted<T>(
  carrier: Conn,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const onAbort = () => carrier.abort(abortError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await work();
  } catch (thrown) {
    carrier.abort(thrown);
    if (signal.aborted) throw abortError(signal);
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
