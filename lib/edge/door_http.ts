/**
 * The door for plain HTTP, and the visitors of both HTTP doors as a whole: an edge that closes lets
 * them end what is under way. `edge.ts` opens it.
 *
 * @module
 */
import { deadline } from "../base/clock.ts";
import type { Address, Conn } from "../runtime/net.ts";
import { serveHttp2 } from "./door_h2.ts";
import type { DoorNet } from "./gate.ts";
import { type HttpServing, type HttpVisit, serveHttp } from "./http_relay.ts";
import { KeptStreams } from "./kept_streams.ts";
import type { HostServer } from "./mounts.ts";

/** Whoever speaks HTTP/1.0 may say so (RFC 7301 section 6), and is refused the handshake if nobody does. */
const HTTP1_ALPN: readonly string[] = ["http/1.1", "http/1.0"];

/** The visitors of the HTTP doors. */
export class HttpVisitors {
  readonly #serving: HttpServing;
  readonly #visits = new Set<HttpVisit>();
  #draining = false;

  /**
   * Nobody is there yet.
   *
   * @param serving endpoints, time, limits, events
   */
  constructor(serving: HttpServing) {
    this.#serving = serving;
  }

  /** How many are there. */
  get size(): number {
    return this.#visits.size;
  }

  /** Takes a visitor in; it stays until its connection is over. */
  admit(conn: Conn, scheme: "http" | "https"): void {
    // Which name a TLS connection is for is known; over plain HTTP each request says it.
    const serverName = scheme === "https" ? conn.tls?.serverName : undefined;
    const host = serverName?.toLowerCase().replace(/\.$/, "");
    const mounted = host === undefined ? undefined : this.#serving.mounts?.find(host);
    if (conn.tls?.alpn === "h2") return this.#admitHttp2(conn, mounted);
    this.admitTo(mounted ?? ((conn) => serveHttp(conn, scheme, this.#serving)), conn, scheme);
  }

  /** What is offered to HTTPS visitors, most wanted first. */
  get alpn(): readonly string[] {
    return this.#serving.http2 ? ["h2", ...HTTP1_ALPN] : HTTP1_ALPN;
  }

  #admitHttp2(conn: Conn, mounted: HostServer | undefined): void {
    const { http2: limits, clock, logger } = this.#serving;
    const kept = new KeptStreams(clock, limits);
    const serve = mounted ?? ((conn) => serveHttp(conn, "https", this.#serving, kept));
    const serving = { limits, clock, logger, serve: (conn: Conn) => serve(conn, "https") };
    this.admitTo(
      (conn) => {
        const visit = serveHttp2(conn, serving);
        void visit.over.then(() => kept.close());
        return visit;
      },
      conn,
      "https",
    );
  }

  /** Takes in a visitor of somebody else, which ends with the others. */
  admitTo(serve: HostServer, conn: Conn, scheme: "http" | "https"): void {
    if (this.#draining) return conn.abort();
    const visit = serve(conn, scheme);
    this.#visits.add(visit);
    visit.over.then(() => this.#visits.delete(visit));
  }

  /**
   * Lets requests under way end, and no others begin. Idle connections are closed at once.
   *
   * @param graceMs after which the rest is cut
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    const visits = [...this.#visits];
    for (const visit of visits) visit.drain();
    const over = Promise.all(visits.map((visit) => visit.over));
    try {
      await deadline(this.#serving.clock, over, graceMs, "The visitors did not leave");
    } catch {
      for (const visit of this.#visits) visit.abort();
      await over;
    }
  }
}

/** How the door stands. */
export interface HttpDoorOptions {
  /** Whose listeners. */
  readonly net: DoorNet;
  /** The IP to listen at. */
  readonly host: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
  /** Who takes the visitors in. */
  readonly visitors: HttpVisitors;
}

/** An open door. */
export interface Door {
  /** Where it stands, with the port that was taken. */
  readonly address: Address;
  /** Lets nobody in any more; visitors already there go on. */
  close(): Promise<void>;
}

/**
 * Opens the door for plain HTTP.
 *
 * @param options where, and for whom
 * @throws {TunnelError} address_in_use, address_not_available, permission_denied
 */
export async function openHttpDoor(options: HttpDoorOptions): Promise<Door> {
  const { net, host, port, visitors } = options;
  return await net.listen({
    host,
    port,
    plain: true,
    onConnection: (conn) => visitors.admit(conn, "http"),
  });
}
