/**
 * The connection from the agent to a service: plain or TLS, TCP or unix socket.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { formatProxyHeader } from "../http/proxy_protocol.ts";
import type { Files } from "../runtime/host.ts";
import type {
  Conn,
  ConnectOptions,
  Net,
  TlsClientOptions,
  TlsServerOptions,
} from "../runtime/net.ts";
import type { ForwardOptions } from "./config.ts";
import type { EndpointMetrics } from "./metrics.ts";
import { readCertificates } from "./pem.ts";
import { takeProxyHeader } from "./proxy_header.ts";
import type { Service } from "./service.ts";
import type { Upstream } from "./upstream.ts";

/** A service, ready to be dialled. */
export interface UpstreamTarget {
  /** The endpoint's local name. */
  readonly name: string;
  /** The endpoint's public URL. */
  readonly url: string;
  /** Where the service is. */
  readonly upstream: Upstream;
  /** Takes visitors in this program: nothing is dialled. */
  readonly service?: Service | undefined;
  /** How TLS is spoken to it; `undefined`: not at all. */
  readonly tls: TlsClientOptions | undefined;
  /** Whether the edge puts a PROXY protocol header in front of each visitor's bytes. */
  readonly proxyProtocol: boolean;
  /** How the TLS of visitors ends in the agent; `undefined`: their bytes are passed on. */
  readonly termination?: TlsServerOptions | undefined;
  /** Whether its exchanges are kept, by an agent that keeps any. @default {false} */
  readonly inspect?: boolean;
  /** Counts its visitors. */
  readonly metrics?: EndpointMetrics;
}

/** Limit of look-up, connection and handshake. */
const DIAL_TIMEOUT_MS = 10_000;

/**
 * How TLS is spoken to an upstream. Its certificate is not checked unless asked: services on one's
 * own machine have self-signed ones (S17).
 *
 * @param upstream the service
 * @param options what the caller asked for
 * @param files where authorities are read
 * @throws {TunnelError} not_found, permission_denied, io_failed, config_invalid
 */
export async function upstreamTls(
  upstream: Upstream,
  options: ForwardOptions,
  files: Files,
): Promise<TlsClientOptions | undefined> {
  if (upstream.scheme !== "https" && upstream.scheme !== "tls") {
    return undefined;
  }
  const cas = options.upstreamTlsVerifyCas;
  return {
    serverName: upstream.host,
    verify: options.upstreamTlsVerify ?? cas !== undefined,
    roots: cas === undefined
      ? "system"
      : await readCertificates(cas, files, "upstreamTlsVerifyCas"),
    // without an offer some servers choose HTTP/2, with one none can misunderstand us
    alpn: upstream.kind !== "http"
      ? undefined
      : [options.upstreamProtocol === "http2" ? "h2" : "http/1.1"],
  };
}

/**
 * Dials a service.
 *
 * @param target the service
 * @param visitor the stream: a PROXY header on it goes ahead of TLS to the service
 * @param net where
 * @param signal fires when the visitor is gone
 * @throws {TunnelError} as {@linkcode Net.connect}
 */
export async function dialUpstream(
  target: UpstreamTarget,
  visitor: Duplex,
  net: Net,
  signal: AbortSignal,
): Promise<Conn> {
  const { upstream, tls } = target;
  const where: ConnectOptions = {
    ...(upstream.path === undefined
      ? { host: upstream.host, port: upstream.port }
      : { path: upstream.path }),
    timeoutMs: DIAL_TIMEOUT_MS,
    signal,
  };
  if (!target.proxyProtocol || !tls) {
    return await net.connect({ ...where, tls, plain: !tls });
  }
  // without TLS the header is simply the first of the visitor's bytes; TLS would hide it
  const conn = await net.connect(where);
  try {
    const header = await takeProxyHeader(visitor);
    if (header) await conn.write(formatProxyHeader(header.version, header));
    const serverName = tls.serverName ?? upstream.host;
    return await net.startTlsClient(conn, {
      ...tls,
      serverName,
      timeoutMs: DIAL_TIMEOUT_MS,
    });
  } catch (thrown) {
    conn.abort(thrown);
    throw thrown;
  }
}
