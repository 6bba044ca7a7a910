/**
 * TLS on node:tls, over a socket or over any other carrier. The certificate is chosen before the
 * handshake starts, so a door may look at the ClientHello first and decide then: no SNICallback
 * (Bun ignores it over a stream).
 *
 * @module
 */
import { isIP, type Socket } from "node:net";
import * as tls from "node:tls";
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type { Conn, HandshakeLimits, Net, TlsServerOptions } from "./net.ts";
import { NodeConn } from "./node_conn.ts";
import {
  alpnOf,
  askingServer,
  checkIpv6,
  clientContext,
  outOfTime,
  serverContext,
} from "./node_tls_contexts.ts";
import { isSignedVersion1 } from "./node_version1.ts";
import { type Differences, type Underlay, underlay } from "./node_underlay.ts";
import { translateError } from "./translate_errors.ts";

const HANDSHAKE_MS = 10_000;

/** Everything that goes into one handshake. */
interface Handshake {
  readonly clock: Clock;
  readonly differences: Differences;
  readonly carrier: Duplex;
  readonly limits: HandshakeLimits;
  /** The beginning of the error's sentence. */
  readonly tried: string;
  /** The name we asked for, when we are the client. */
  readonly serverName?: string;
  /** Parses keys and roots: before the carrier is touched. */
  prepare(): Begin;
  /** Has the last word on a finished handshake: why it is not to be, else `undefined`. */
  judge?(secure: tls.TLSSocket): TunnelError | undefined;
  /** Whether that word is left to the caller. */
  readonly keepRefused?: boolean | undefined;
}

/** Starts the handshake over a socket and tells how it went; gives its TLS socket if there is one yet. */
type Begin = (
  socket: Socket,
  done: (secure: tls.TLSSocket) => void,
  failed: (thrown: unknown) => void,
) => tls.TLSSocket | undefined;

/**
 * The TLS half of a network.
 *
 * @param clock times the handshakes
 * @param differences what the runtime does otherwise
 */
export function nodeTls(
  clock: Clock,
  differences: Differences = {},
): Pick<Net, "startTlsClient" | "startTlsServer"> {
  return {
    startTlsClient(carrier, options) {
      const name = options.serverName;
      const isAddress = isIP(name) !== 0;
      return shake({
        clock,
        differences,
        carrier,
        limits: options,
        tried: `Cannot speak TLS with "${name}"`,
        serverName: isAddress ? undefined : name,
        prepare() {
          const secureContext = clientContext(options);
          return (socket, done, failed) => {
            const secure = tls.connect({
              socket,
              secureContext,
              // RFC 6066, 3: an address is not allowed in SNI. `host` is what is verified then.
              ...(isAddress ? { host: name } : { servername: name, host: name }),
              ...(isIP(name) === 6
                ? { checkServerIdentity: (_host, peer) => checkIpv6(name, peer) }
                : {}),
              ALPNProtocols: alpnOf(options),
              rejectUnauthorized: options.verify !== false,
            });
            secure.once("secureConnect", () => done(secure));
            secure.on("error", failed);
            return secure;
          };
        },
      });
    },

    startTlsServer(carrier, options) {
      const isAsking = (options.clientAuth ?? "none") !== "none";
      const tried = "Cannot serve TLS to a visitor";
      return shake({
        clock,
        differences,
        carrier,
        limits: options,
        tried,
        prepare: () => isAsking ? beginAsking(options) : beginServing(options),
        judge: isAsking ? (secure) => judgeVisitor(secure, options, tried, clock.now()) : undefined,
        keepRefused: options.keepRefused,
      });
    },
  };
}

function beginServing(options: TlsServerOptions): Begin {
  const secureContext = serverContext(options);
  return (socket, done, failed) => {
    const secure = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: alpnOf(options),
    });
    secure.once("secure", () => done(secure));
    secure.on("error", failed);
    return secure;
  };
}

/**
 * Only the sockets of a tls.Server know on Deno and Node whether the visitor's certificate was
 * verified. The server is used for this handshake alone, so what it says is about our socket.
 */
function beginAsking(options: TlsServerOptions): Begin {
  const server = askingServer(options);
  return (socket, done, failed) => {
    server.on("secureConnection", (secure: tls.TLSSocket) => {
      secure.on("error", failed);
      done(secure);
    });
    server.on("tlsClientError", failed);
    server.emit("connection", socket);
    return undefined;
  };
}

async function shake(handshake: Handshake): Promise<Conn> {
  const { clock, carrier, tried } = handshake;
  let under: Underlay | undefined;
  let secure: tls.TLSSocket | undefined;
  try {
    const begin = handshake.prepare();
    under = underlay(carrier, handshake.differences, clock);
    const { socket } = under;
    const limitMs = handshake.limits.timeoutMs ?? HANDSHAKE_MS;
    secure = await new Promise<tls.TLSSocket>((resolve, reject) => {
      const timer = clock.after(limitMs, () => {
        failed(new TunnelError("timed_out", `${tried}: no handshake within ${limitMs} ms`));
      });
      function failed(thrown: unknown) {
        timer.cancel();
        reject(thrown);
      }
      function over() {
        failed(
          new TunnelError("connection_closed", `${tried}: the peer closed during the handshake`),
        );
      }
      // A turn later: Bun closes what is below before it says what was wrong.
      const overSoon = () => clock.turnEnd(over);
      socket.once("close", overSoon);
      secure = begin(socket, (finished) => {
        timer.cancel();
        socket.off("close", overSoon);
        finished.off("end", over);
        finished.off("close", over);
        resolve(finished);
      }, failed);
      secure?.once("end", over);
      secure?.once("close", over);
    });
    const refusal = handshake.judge?.(secure);
    if (refusal && !handshake.keepRefused) throw refusal;
    return new NodeConn(secure, {
      cut: (error) => under!.cut(error, secure!),
      valve: under.valve,
      remote: under.remote,
      local: under.local,
      tls: {
        version: secure.getProtocol() ?? "",
        alpn: secure.alpnProtocol || undefined,
        serverName: handshake.serverName ?? askedName(secure),
        peerCertificatePem: secure.getPeerX509Certificate()?.toString(),
        ...(refusal && { refusal }),
      },
    });
  } catch (thrown) {
    const error = translateError(thrown, tried, "tls_failed");
    if (under) under.drop(error, secure);
    else carrier.abort(error);
    throw error;
  }
}

/** The SNI a visitor sent; not in the types, and false or null when there was none. */
function askedName(secure: tls.TLSSocket): string | undefined {
  return (secure as { servername?: string | false | null }).servername || undefined;
}

function judgeVisitor(
  secure: tls.TLSSocket,
  options: TlsServerOptions,
  tried: string,
  nowMs: number,
): TunnelError | undefined {
  if (options.clientAuth === "request") return undefined;
  const presented = secure.getPeerX509Certificate();
  if (!presented) {
    return new TunnelError("tls_failed", `${tried}: it presented no certificate`);
  }
  if (options.clientAuth !== "require_and_verify" || secure.authorized) return undefined;
  if (isSignedVersion1(presented, options.clientRoots ?? [], nowMs)) return undefined;
  const verdict = secure.authorizationError as unknown;
  return outOfTime(presented.toString(), tried, nowMs) ??
    translateError(
      verdict instanceof Error ? verdict : { code: String(verdict) },
      tried,
      "tls_untrusted",
    );
}
