/**
 * The network as Sallyport sees it: the seam at the socket. One implementation per runtime lives
 * beside this file; everything else in the program only knows these shapes.
 *
 * @module
 */
import type { TunnelError } from "../base/errors.ts";
import type { Duplex } from "../base/duplex.ts";

/** Where a connection comes from or goes to. */
export interface Address {
  /** An IP address, or a host name when connecting; empty for a unix socket. */
  readonly host: string;
  /** The port; 0 for a unix socket, and when listening: any free one. */
  readonly port: number;
  /** The path of a unix socket. */
  readonly path?: string;
}

/** A certificate with its key, as PEM text. */
export interface Certificate {
  /** The leaf first, then its intermediates. */
  readonly chainPem: string;
  /** PKCS#8, SEC1 or PKCS#1, unencrypted. */
  readonly keyPem: string;
}

/** Which roots a TLS peer is verified against: the operating system's, or these PEM texts alone. */
export type TrustedRoots = "system" | readonly string[];

/** TLS as the side that dials. */
export interface TlsClientOptions {
  /** The name sent as SNI and verified; an IP address is verified but not sent. @default the host dialled */
  readonly serverName?: string;
  /** Protocols offered, most wanted first. @default none */
  readonly alpn?: readonly string[];
  /** The authorities the peer is verified against. @default {"system"} */
  readonly roots?: TrustedRoots;
  /** What we present when asked. */
  readonly certificate?: Certificate;
  /** `false` accepts any certificate: only towards an upstream on the user's own machine. @default {true} */
  readonly verify?: boolean;
}

/** Whether a TLS visitor must present a certificate. */
export type ClientAuth =
  | "none"
  | "request"
  | "require_any"
  | "require_and_verify";

/** The versions of TLS that are spoken: older ones are broken (RFC 8996). */
export type TlsVersion = "1.2" | "1.3";

/** TLS as the side that is dialled. */
export interface TlsServerOptions {
  /** What we present: chosen by the caller for this very connection. */
  readonly certificate: Certificate;
  /**
   * Protocols we speak, most wanted first. A visitor that offers others only is refused, as RFC 7301
   * (3.2) wants and no runtime can avoid: pass none to serve it without a protocol.
   */
  readonly alpn?: readonly string[];
  /** Whether the visitor is asked for a certificate. @default {"none"} */
  readonly clientAuth?: ClientAuth;
  /** PEM texts of the authorities a visitor's certificate must chain to. */
  readonly clientRoots?: readonly string[];
  /**
   * Whether a visitor whose certificate is not welcome gets its TLS all the same, so that its owner
   * can tell it so in its own protocol: {@linkcode TlsInfo.refusal} says what is wrong then. An owner
   * that does not look lets everybody in. @default {false}
   */
  readonly keepRefused?: boolean;
  /** The oldest version accepted. @default {"1.2"} */
  readonly minVersion?: TlsVersion;
  /** The newest version spoken; not below `minVersion`. @default {"1.3"} */
  readonly maxVersion?: TlsVersion;
}

/** What a finished TLS handshake agreed on. */
export interface TlsInfo {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The protocol chosen, if any. */
  readonly alpn: string | undefined;
  /** The name the visitor asked for (server side) or that we asked for (client side). */
  readonly serverName: string | undefined;
  /** The peer's leaf as PEM, if it presented one. */
  readonly peerCertificatePem: string | undefined;
  /** Why the peer is not welcome: see {@linkcode TlsServerOptions.keepRefused}. */
  readonly refusal?: TunnelError | undefined;
}

/** A socket, or TLS over one. */
export interface Conn extends Duplex {
  /** The other end. */
  readonly remote: Address;
  /** Our end. */
  readonly local: Address;
  /** Present once TLS is established. */
  readonly tls: TlsInfo | undefined;
}

/** A connection that a door was given. */
export interface AcceptedConn extends Conn {
  /**
   * Takes other ends for its own from now on: a load balancer stands in between, and has said who
   * the visitor is.
   *
   * @param remote the visitor
   * @param local where it connected to
   */
  readdress(remote: Address, local: Address): void;
}

/** How to dial. */
export interface ConnectOptions {
  /** Name or IP (no brackets). A name with several addresses is tried address by address. */
  readonly host?: string;
  /**
   * The IP addresses of `host`, when they are known already: nothing is looked up then. Errors still
   * name the host.
   */
  readonly addresses?: readonly string[];
  /**
   * With which of the addresses of `host` to begin, round and round; those before it come last. An
   * address that takes connections and then says nothing must not be the first one for ever.
   *
   * @default {0}
   */
  readonly beginWith?: number;
  /**
   * The addresses of this machine to dial from: one of the family of each address that is tried. An
   * address whose family has none here is not reached.
   *
   * @default the system's choice
   */
  readonly localAddresses?: readonly string[];
  /** The port, 1 to 65535. */
  readonly port?: number;
  /** A unix socket instead of host and port. */
  readonly path?: string;
  /**
   * Promises that TLS will not be started on it, so that a runtime may take a faster way. TLS over
   * it still works, more slowly and on Bun without half-close. @default {false}
   */
  readonly plain?: boolean;
  /** Speak TLS; {@linkcode Net.connect} then settles after the handshake. */
  readonly tls?: TlsClientOptions;
  /** Limit of name look-up, connection and handshake together. @default {10000} */
  readonly timeoutMs?: number;
  /** Cancels the attempt. */
  readonly signal?: AbortSignal;
}

/** How a name is looked up. */
export interface LookUpOptions {
  /**
   * The name servers to ask, in their order: IP addresses, with a port when it is not 53.
   *
   * @default whatever the system asks
   */
  readonly servers?: readonly string[];
  /** Limit of all of it, in milliseconds. @default {5000} */
  readonly timeoutMs?: number;
  /** Cancels it. */
  readonly signal?: AbortSignal;
}

/** How to listen. */
export interface ListenOptions {
  /**
   * The IP to listen at; `localhost` is both loopback addresses where the machine has them, the
   * empty text every address. @default {"127.0.0.1"}
   */
  readonly host?: string;
  /** 0 takes any free port. @default {0} */
  readonly port?: number;
  /** A unix socket instead; a stale socket file is replaced. */
  readonly path?: string;
  /**
   * The number of a socket that listens already, which this process was given: it stands for host,
   * port and path. Who gave it may hold it too, so that connections wait after it was closed here.
   */
  readonly fd?: number;
  /** How many connections the kernel may hold for us; not heeded by a `plain` door on Bun. @default {511} */
  readonly backlog?: number;
  /**
   * Promises that TLS will not be started on it, so that a runtime may take a faster way. TLS over
   * it still works, more slowly and on Bun without half-close. @default {false}
   */
  readonly plain?: boolean;
  /**
   * Gets each connection, plain and unread. It must not throw; TLS is started by the owner with
   * {@linkcode Net.startTlsServer}, after a look at the first bytes if it likes.
   */
  readonly onConnection: (conn: AcceptedConn) => void;
}

/** An open door. */
export interface Listener {
  /** Where it listens, with the port that was taken. */
  readonly address: Address;
  /** Stops accepting and frees the port; connections already accepted go on. Idempotent. */
  close(): Promise<void>;
}

/** Limits of a TLS handshake that we serve. */
export interface HandshakeLimits {
  /** How long it may take, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
}

/** A network: the runtime's, or the one in memory. */
export interface Net {
  /**
   * Dials.
   *
   * @throws {TunnelError} connection_refused, host_not_found, network_unreachable, timed_out,
   * aborted, tls_failed, tls_untrusted, tls_name_mismatch, tls_expired …; the message names the address
   */
  connect(options: ConnectOptions): Promise<Conn>;
  /**
   * Looks a name up, both kinds of address.
   *
   * @returns one address or more, in the order in which they should be tried
   * @throws {TunnelError} host_not_found, timed_out, aborted
   */
  lookUp(name: string, options?: LookUpOptions): Promise<readonly string[]>;
  /**
   * Opens a door.
   *
   * @throws {TunnelError} address_in_use, address_not_available, permission_denied
   */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * Speaks TLS as a client over any carrier (a proxied connection). The carrier is owned by the
   * result from then on.
   *
   * @throws {TunnelError} tls_failed, tls_untrusted, tls_name_mismatch, tls_expired, timed_out
   */
  startTlsClient(
    carrier: Duplex,
    options: TlsClientOptions & HandshakeLimits & {
      readonly serverName: string;
    },
  ): Promise<Conn>;
  /**
   * Speaks TLS as a server over any carrier: a connection whose first bytes were read and given
   * back with `unread`, or a stream of a mux. The carrier is owned by the result from then on, and
   * aborted when the handshake fails.
   *
   * @throws {TunnelError} tls_failed, timed_out, connection_closed, connection_reset; and with
   * `require_and_verify` tls_untrusted, tls_expired
   */
  startTlsServer(
    carrier: Duplex,
    options: TlsServerOptions & HandshakeLimits,
  ): Promise<Conn>;
}
