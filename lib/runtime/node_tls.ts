/**
 * TLS on node:tls, over a socket or over any other carrier. The certificate is chosen before the
 * handshake starts, so a door may look at the ClientHello first and decide then: no SNICallback
 * (Bun ignores it over a stream), no server object per certificate.
 *
 * @module
 */
import * as tls from "node:tls";
import { isIP, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import type {
  Address,
  Certificate,
  Conn,
  HandshakeLimits,
  TlsClientOptions,
  TlsInfo,
  TlsServerOptions,
  TrustedRoots,
} from "./net.ts";
import { NodeConn, resetSocket } from "./node_conn.ts";
import { toNodeStream } from "./node_stream.ts";
import { systemRoots } from "./node_roots.ts";
import { translateError } from "./translate_errors.ts";

const HANDSHAKE_MS = 10_000;
const NOWHERE: Address = { host: "", port: 0 };
const NO_ROOTS: readonly string[] = [];
/** The key of a map entry for "no client certificate". */
const NOBODY: Certificate = { chainPem: "", keyPem: "" };

/** What TLS over a carrier needs: the socket node:tls speaks to, and how to end it. */
interface Underlay {
  readonly socket: Socket;
  readonly cut: (error: TunnelError) => void;
  readonly remote: Address;
  readonly local: Address;
}

/** Contexts hold parsed keys and roots: made once per certificate object, dropped with it. */
const serverContexts: WeakMap<
  Certificate,
  WeakMap<readonly string[], Map<string, tls.SecureContext>>
> = new WeakMap();
const clientContexts: WeakMap<
  readonly string[],
  WeakMap<Certificate, tls.SecureContext>
> = new WeakMap();

/**
 * The TLS half of the adapter.
 *
 * @param clock times the handshakes
 */
export function nodeTls(clock: Clock): {
  /** See {@linkcode Net.startTlsClient}. */
  startTlsClient(
    carrier: Duplex,
    options: TlsClientOptions & HandshakeLimits & {
      readonly serverName: string;
    },
  ): Promise<Conn>;
  /** See {@linkcode Net.startTlsServer}. */
  startTlsServer(
    carrier: Duplex,
    options: TlsServerOptions & HandshakeLimits,
  ): Promise<Conn>;
} {
  return {
    startTlsClient: (carrier, options) => startClient(clock, carrier, options),
    startTlsServer: (carrier, options) => startServer(clock, carrier, options),
  };
}

async function startClient(
  clock: Clock,
  carrier: Duplex,
  options: TlsClientOptions & HandshakeLimits & { readonly serverName: string },
): Promise<Conn> {
  const tried = `Cannot speak TLS with "${options.serverName}"`;
  const name = options.serverName;
  let secure: tls.TLSSocket | undefined;
  let under: Underlay | undefined;
  try {
    const secureContext = clientContext(
      options.roots ?? "system",
      options.certificate,
    );
    under = underlay(carrier);
    secure = tls.connect({
      socket: under.socket,
      secureContext,
      // RFC 6066, 3: an address is not allowed in SNI. `host` is what is verified then.
      ...(isIP(name) ? { host: name } : { servername: name, host: name }),
      ALPNProtocols: options.alpn && options.alpn.length > 0
        ? [...options.alpn]
        : undefined,
      rejectUnauthorized: options.verify !== false,
    });
    await settled(
      clock,
      secure,
      "secureConnect",
      options.timeoutMs ?? HANDSHAKE_MS,
      tried,
    );
  } catch (thrown) {
    const error = translateError(thrown, tried, "tls_failed");
    secure?.destroy();
    if (under) under.socket.destroy();
    else carrier.abort(error);
    throw error;
  }
  return new NodeConn(secure, {
    cut: under.cut,
    remote: under.remote,
    local: under.local,
    tls: infoOf(secure, isIP(name) ? undefined : name),
  });
}

async function startServer(
  clock: Clock,
  carrier: Duplex,
  options: TlsServerOptions & HandshakeLimits,
): Promise<Conn> {
  const tried = "Cannot serve TLS to a visitor";
  const limitMs = options.timeoutMs ?? HANDSHAKE_MS;
  let secure: tls.TLSSocket | undefined;
  let under: Underlay | undefined;
  try {
    if ((options.clientAuth ?? "none") === "none") {
      const secureContext = serverContext(options);
      under = underlay(carrier);
      secure = new tls.TLSSocket(under.socket, {
        isServer: true,
        secureContext,
        ALPNProtocols: options.alpn && options.alpn.length > 0
          ? [...options.alpn]
          : undefined,
      });
      await settled(clock, secure, "secure", limitMs, tried);
    } else {
      const server = authenticatingServer(options);
      under = underlay(carrier);
      secure = await acceptThrough(clock, server, under.socket, limitMs, tried);
      judgeVisitor(secure, options, tried);
    }
  } catch (thrown) {
    const error = translateError(thrown, tried, "tls_failed");
    // Not a reset: the alert that tells the visitor why is still on its way.
    secure?.destroy();
    if (under) under.socket.destroy();
    else carrier.abort(error);
    throw error;
  }
  // Missing in the types: the SNI as a string, or false or null.
  const asked = (secure as { servername?: string | false | null }).servername;
  return new NodeConn(secure, {
    cut: under.cut,
    remote: under.remote,
    local: under.local,
    tls: infoOf(secure, asked || undefined),
  });
}

/** The socket under a connection of ours; any other carrier is wrapped as a stream. */
function underlay(carrier: Duplex): Underlay {
  if (carrier instanceof NodeConn && carrier.tls === undefined) {
    const socket = carrier.detach();
    return {
      socket,
      cut: () => resetSocket(socket),
      remote: carrier.remote,
      local: carrier.local,
    };
  }
  const conn = carrier as Partial<Conn>;
  const stream = toNodeStream(carrier);
  stream.on("error", () => {}); // it surfaces at the TLS socket above, which is listened to
  return {
    // The types ask for a socket; node documents any Duplex (tls.connect, options.socket).
    socket: stream as Socket,
    cut: (error) => carrier.abort(error),
    remote: conn.remote ?? NOWHERE,
    local: conn.local ?? NOWHERE,
  };
}

/** Waits for the end of a handshake: `ready` is the runtime's event for it. */
function settled(
  clock: Clock,
  socket: tls.TLSSocket,
  ready: "secure" | "secureConnect",
  limitMs: number,
  tried: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      done();
      reject(
        new TunnelError(
          "timed_out",
          `${tried}: no handshake within ${limitMs} ms`,
        ),
      );
    });
    function done() {
      timer.cancel();
      socket.off(ready, onReady);
      socket.off("error", onError);
      socket.off("end", onOver);
      socket.off("close", onOver);
      socket.on("error", () => {}); // a late one after a failure has nobody to go to
    }
    function onReady() {
      done();
      resolve();
    }
    function onError(thrown: unknown) {
      done();
      reject(thrown);
    }
    function onOver() {
      done();
      reject(
        new TunnelError(
          "connection_closed",
          `${tried}: the peer closed during the handshake`,
        ),
      );
    }
    socket.on(ready, onReady);
    socket.on("error", onError);
    socket.on("end", onOver);
    socket.on("close", onOver);
  });
}

/**
 * A handshake through a tls.Server: on Deno and Node only a server's own sockets know whether the
 * visitor's certificate was verified. The server is ours alone, so its next event is about our socket.
 */
function acceptThrough(
  clock: Clock,
  server: tls.Server,
  socket: Socket,
  limitMs: number,
  tried: string,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      over();
      reject(
        new TunnelError(
          "timed_out",
          `${tried}: no handshake within ${limitMs} ms`,
        ),
      );
    });
    function over() {
      timer.cancel();
      socket.off("close", onClose);
    }
    function onClose() {
      over();
      reject(
        new TunnelError(
          "connection_closed",
          `${tried}: the peer closed during the handshake`,
        ),
      );
    }
    server.once("secureConnection", (secure: tls.TLSSocket) => {
      over();
      secure.on("error", () => {});
      resolve(secure);
    });
    server.on("tlsClientError", (thrown: Error) => {
      over();
      reject(thrown);
    });
    socket.once("close", onClose);
    server.emit("connection", socket);
  });
}

function authenticatingServer(options: TlsServerOptions): tls.Server {
  return tls.createServer({
    cert: options.certificate.chainPem,
    key: options.certificate.keyPem,
    ca: options.clientRoots ? [...options.clientRoots] : undefined,
    minVersion: options.minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
    ALPNProtocols: options.alpn && options.alpn.length > 0
      ? [...options.alpn]
      : undefined,
    requestCert: true,
    rejectUnauthorized: false, // judgeVisitor decides, in one way for all runtimes
  });
}

function judgeVisitor(
  secure: tls.TLSSocket,
  options: TlsServerOptions,
  tried: string,
): void {
  if (options.clientAuth === "request") return;
  const presented = secure.getPeerX509Certificate() !== undefined;
  if (!presented) {
    throw new TunnelError(
      "tls_failed",
      `${tried}: it presented no certificate`,
    );
  }
  if (options.clientAuth === "require_and_verify" && !secure.authorized) {
    const code = secure.authorizationError as unknown;
    throw translateError(
      code instanceof Error ? code : { code: String(code) },
      tried,
      "tls_untrusted",
    );
  }
}

function serverContext(options: TlsServerOptions): tls.SecureContext {
  const roots = options.clientRoots ?? NO_ROOTS;
  let perRoots = serverContexts.get(options.certificate);
  if (!perRoots) {
    serverContexts.set(options.certificate, perRoots = new WeakMap());
  }
  let perVersion = perRoots.get(roots);
  if (!perVersion) perRoots.set(roots, perVersion = new Map());
  const version = options.minVersion ?? "1.2";
  let context = perVersion.get(version);
  if (!context) {
    context = tls.createSecureContext({
      cert: options.certificate.chainPem,
      key: options.certificate.keyPem,
      minVersion: version === "1.3" ? "TLSv1.3" : "TLSv1.2",
    });
    perVersion.set(version, context);
  }
  return context;
}

function clientContext(
  trusted: TrustedRoots,
  certificate: Certificate | undefined,
): tls.SecureContext {
  const roots = trusted === "system" ? systemRoots() : trusted;
  let perCertificate = clientContexts.get(roots);
  if (!perCertificate) {
    clientContexts.set(roots, perCertificate = new WeakMap());
  }
  const owner = certificate ?? NOBODY;
  let context = perCertificate.get(owner);
  if (!context) {
    context = tls.createSecureContext({
      // No system roots at all (a bare container): the runtime's bundled ones.
      ca: trusted === "system" && roots.length === 0 ? undefined : [...roots],
      cert: certificate?.chainPem,
      key: certificate?.keyPem,
      minVersion: "TLSv1.2",
    });
    perCertificate.set(owner, context);
  }
  return context;
}

function infoOf(
  socket: tls.TLSSocket,
  serverName: string | undefined,
): TlsInfo {
  return {
    version: socket.getProtocol() ?? "",
    alpn: socket.alpnProtocol || undefined,
    serverName,
    peerCertificatePem: socket.getPeerX509Certificate()?.toString(),
  };
}
