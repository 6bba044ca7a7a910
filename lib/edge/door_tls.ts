/**
 * The door for everything that begins with a ClientHello: agents, TLS endpoints and HTTPS share one
 * port, and the name in the ClientHello tells them apart. `edge.ts` opens it.
 *
 * @module
 */
import { type Clock, deadline } from "../base/clock.ts";
import { type ErrorCode, toTunnelError, type TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type ClientHello, ClientHelloError, readClientHello } from "../http/client_hello.ts";
import type { Certificate, Conn, TlsServerOptions } from "../runtime/net.ts";
import type { Comeback } from "./comeback.ts";
import type { Door, HttpVisitors } from "./door_http.ts";
import { formatAddress, type RawServing, serveRaw } from "./door_tcp.ts";
import type { Endpoint, EndpointTable } from "./endpoint.ts";
import { renderProblem } from "./error_page.ts";
import type { DoorNet } from "./gate.ts";
import { leave } from "./leave.ts";
import { plainHttpOnTlsPort } from "./problem.ts";

/** Where certificates come from. */
export interface CertificateSource {
  /** What to present to a visitor that asks for this name, or for none. */
  certificateFor(serverName: string | undefined): Certificate | Promise<Certificate>;
  /** What proves a name to who speaks `acme-tls/1` (RFC 8737); `undefined` when nobody has asked for that. */
  challengeFor?(serverName: string): Certificate | undefined;
}

/** How the door stands, and what lies behind it. */
export interface TlsDoorOptions {
  /** Whose listeners and handshakes. */
  readonly net: DoorNet;
  /** The IP to listen at. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** Where names lead. */
  readonly endpoints: EndpointTable;
  /** What to present. */
  readonly certificates: CertificateSource;
  /** Whether a name is one of this edge's own, online or not: visitors get a page, not an alert. */
  readonly isOurs: (serverName: string) => boolean;
  /** Whether agents connect by this name; `undefined` is a ClientHello without one. */
  readonly isAgentName: (serverName: string | undefined) => boolean;
  /** Whether a name is served by others, whatever endpoints there are. */
  readonly isMounted?: (serverName: string) => boolean;
  /** Takes an agent's connection, after its handshake. */
  readonly acceptAgent: (conn: Conn) => void;
  /** Knows whose agents will be back in a moment. */
  readonly comeback?: Pick<Comeback, "wait"> | undefined;
  /** Hears of each connection that did not get through its handshake. */
  readonly onFailed?: ((clientAddr: string, reason: ErrorCode) => void) | undefined;
  /** Takes HTTPS visitors. */
  readonly visitors: HttpVisitors;
  /** Time, log and limits of connections that are passed on raw. */
  readonly raw: RawServing;
  /** What is served here; with ports of their own, `tls` endpoints are not at the port of the others. @default {"all"} */
  readonly serves?: "all" | "https" | "tls";
  /** How long a visitor may take to say its ClientHello (edge I); 0 waits for ever. @default {3000} */
  readonly helloMs?: number;
  /** How large its ClientHello may be (edge I). @default {65536} */
  readonly helloBytes?: number;
  /** How long a handshake may take. @default {10000} */
  readonly handshakeMs?: number;
  /** After an alert or a refusal, how long the visitor may take to close. @default {2000} */
  readonly lingerMs?: number;
}

/** TLS alerts (RFC 8446 section 6.2). */
const ALERT = {
  handshakeFailure: 40,
  decodeError: 50,
  internalError: 80,
  unrecognizedName: 112,
} as const;

/**
 * Opens the TLS door.
 *
 * What the name in the ClientHello decides:
 * - a name that others serve, such as the API's: TLS ends here, they get what follows
 * - a name of the agents' own: TLS ends here, the connection goes to the agents' side
 * - a `tls` endpoint: the bytes are passed on, ClientHello included; TLS ends here only if the
 *   endpoint asked for that
 * - an `https` endpoint, or any other name of this edge: TLS ends here, HTTP follows
 * - any other name, or none: an alert
 *
 * @param options where, and what lies behind it
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function openTlsDoor(options: TlsDoorOptions): Promise<Door> {
  const door = new TlsDoor(options);
  const { net, host, port } = options;
  const listener = await net.listen({ host, port, onConnection: (conn) => door.admit(conn) });
  return {
    address: listener.address,
    close: async () => {
      await listener.close();
      door.dismiss();
    },
  };
}

class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Connections that have not been handed on. */
  readonly #waiting = new Set<Conn>();

  constructor(options: TlsDoorOptions) {
    this.#options = options;
    this.#clock = options.raw.clock;
    this.#logger = options.raw.logger;
  }

  admit(conn: Conn): void {
    this.#waiting.add(conn);
    this.#decide(conn).catch((thrown) => {
      const error = toTunnelError(thrown);
      this.#logger.log(
        error.code === "internal" ? "error" : "debug",
        "visitor was turned away",
        { clientAddr: formatAddress(conn.remote), error: withNumber(error) },
      );
      this.#options.onFailed?.(formatAddress(conn.remote), error.code);
      conn.abort(error);
    }).finally(() => this.#waiting.delete(conn));
  }

  dismiss(): void {
    for (const conn of this.#waiting) conn.abort();
  }

  async #decide(conn: Conn): Promise<void> {
    const { isAgentName, acceptAgent, serves = "all" } = this.#options;
    const hello = await this.#readHello(conn);
    if (!hello) return;
    const name = hello.serverName;
    if (name !== undefined && hello.alpn.includes("acme-tls/1")) {
      const certificate = this.#options.certificates.challengeFor?.(name);
      if (certificate) return await this.#prove(conn, name, certificate);
    }
    if (serves === "tls") return await this.#decideTls(conn, name);
    if (isAgentName(name)) return acceptAgent(await this.#terminate(conn, name));
    if (name === undefined) return await this.#refuseNameless(conn);
    const { endpoints, isMounted, isOurs, visitors } = this.#options;
    const mounted = isMounted?.(name) ?? false;
    const back = mounted ? undefined : this.#options.comeback?.wait(["tls", "https"], name);
    if (back) await back;
    const tls = mounted ? undefined : endpoints.find("tls", name);
    if (tls && serves === "all") return await this.#serveTls(conn, name, tls);
    const https = mounted || tls ? undefined : endpoints.find("https", name);
    if (mounted || https || !tls && isOurs(name)) {
      // Whose certificate is not welcome is told so by the relay, over HTTP.
      const termination = { ...https?.termination, alpn: visitors.alpn, keepRefused: true };
      const visitor = await this.#terminate(conn, name, termination);
      if (visitor.tls?.refusal) this.#tellRefused(visitor, visitor.tls.refusal);
      return visitors.admit(visitor, "https");
    }
    await this.#refuseName(conn, name);
  }

  #tellRefused(visitor: Conn, refusal: TunnelError): void {
    const clientAddr = formatAddress(visitor.remote);
    const error = withNumber(refusal);
    this.#logger.log("debug", "visitor is turned away", { clientAddr, error });
    this.#options.onFailed?.(clientAddr, refusal.code);
  }

  /** At a port of their own, `tls` endpoints are all there is. */
  async #decideTls(conn: Conn, name: string | undefined): Promise<void> {
    if (name === undefined) return await this.#refuseNameless(conn);
    const back = this.#options.comeback?.wait(["tls"], name);
    if (back) await back;
    const endpoint = this.#options.endpoints.find("tls", name);
    if (endpoint) return await this.#serveTls(conn, name, endpoint);
    await this.#refuseName(conn, name);
  }

  async #refuseNameless(conn: Conn): Promise<void> {
    await this.#alert(conn, ALERT.handshakeFailure, "it names no server (ERR_NGROK_3003)");
  }

  async #refuseName(conn: Conn, name: string): Promise<void> {
    await this.#alert(conn, ALERT.unrecognizedName, `nobody here is ${JSON.stringify(name)}`);
  }

  /** Proves a name to an ACME server; the handshake is all it wants (RFC 8737 section 3). */
  async #prove(conn: Conn, name: string, certificate: Certificate): Promise<void> {
    const proved = await this.#terminate(conn, name, { certificate, alpn: ["acme-tls/1"] });
    await leave(proved, this.#clock, this.#options.lingerMs ?? 2000);
  }

  /** The ClientHello, with every byte given back; `undefined` when there is nothing more to do. */
  async #readHello(conn: Conn): Promise<ClientHello | undefined> {
    const { helloMs = 3000, helloBytes, lingerMs = 2000 } = this.#options;
    try {
      const hello = readClientHello(conn, { maxBytes: helloBytes });
      const read = helloMs === 0
        ? await hello
        : await deadline(this.#clock, hello, helloMs, "The visitor sent no ClientHello");
      // A port check: connected and gone.
      if (!read) await leave(conn, this.#clock, lingerMs);
      return read;
    } catch (thrown) {
      if (!(thrown instanceof ClientHelloError)) throw thrown;
      if (thrown.fault === "plain_http") {
        const nowMs = this.#clock.now();
        const answer = { html: false, body: true, close: true, nowMs };
        return await this.#say(conn, renderProblem(plainHttpOnTlsPort(), answer));
      }
      if (thrown.fault === "not_tls") throw thrown;
      const alert = thrown.fault === "server_name" ? ALERT.unrecognizedName : ALERT.decodeError;
      return await this.#alert(conn, alert, thrown.message);
    }
  }

  /** A `tls` endpoint: passed through, unless it asked for its TLS to end here. */
  async #serveTls(conn: Conn, name: string, endpoint: Endpoint): Promise<void> {
    const { termination } = endpoint;
    if (!termination) {
      this.#waiting.delete(conn);
      return await serveRaw(conn, endpoint, true, this.#options.raw);
    }
    const plain = await this.#terminate(conn, name, termination);
    this.#waiting.delete(conn);
    await serveRaw(plain, endpoint, false, this.#options.raw);
  }

  async #terminate(
    conn: Conn,
    name: string | undefined,
    more: Partial<TlsServerOptions> = {},
  ): Promise<Conn> {
    const { net, certificates, handshakeMs = 10_000 } = this.#options;
    let certificate = more.certificate;
    if (!certificate) {
      try {
        certificate = await certificates.certificateFor(name);
      } catch (thrown) {
        await this.#alert(conn, ALERT.internalError, "there is no certificate");
        throw thrown;
      }
    }
    return await net.startTlsServer(conn, { ...more, certificate, timeoutMs: handshakeMs });
  }

  /** Tells a TLS client in its own words that there is nothing for it here. */
  async #alert(conn: Conn, description: number, reason: string): Promise<undefined> {
    const clientAddr = formatAddress(conn.remote);
    this.#logger.log("debug", "TLS was refused", { clientAddr, reason });
    // Whoever has no certificate to show throws besides.
    if (description !== ALERT.internalError) this.#options.onFailed?.(clientAddr, "tls_failed");
    // RFC 8446 section 5.1 and 6: record of type alert, legacy version, two bytes: fatal, and why.
    return await this.#say(conn, new Uint8Array([21, 3, 1, 0, 2, 2, description]));
  }

  async #say(conn: Conn, bytes: Uint8Array): Promise<undefined> {
    const full = conn.write(bytes);
    if (full) await full;
    await leave(conn, this.#clock, this.#options.lingerMs ?? 2000);
  }
}

/** What went wrong, with the number that the ecosystem has for it (edge K). */
function withNumber(error: TunnelError): string {
  const isHandshake = error.code.startsWith("tls_");
  return isHandshake ? `${error.message} (ERR_NGROK_3002)` : error.message;
}
