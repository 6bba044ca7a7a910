/**
 * An edge's two sides without an edge: a visitor and the agent's end of its streams, both as peers
 * that a test reads and writes by hand.
 *
 * @module
 */
import { FakeClock } from "../../lib/base/clock.ts";
import { type Chunk, type Duplex, pair } from "../../lib/base/duplex.ts";
import type { TunnelError } from "../../lib/base/errors.ts";
import { silentLogger } from "../../lib/base/log.ts";
import type { Endpoint, EndpointProto, EndpointTable, Visitor } from "../../lib/edge/endpoint.ts";
import type { HttpLimits } from "../../lib/edge/http_limits.ts";
import { type ExchangeEnded, type HttpVisit, serveHttp } from "../../lib/edge/http_relay.ts";
import type { Mounts } from "../../lib/edge/mounts.ts";
import { Through } from "../../lib/edge/through.ts";
import { readTermination, type TlsTermination } from "../../lib/edge/tls_termination.ts";
import { Traffic } from "../../lib/edge/traffic.ts";
import type { MuxStream } from "../../lib/mux/mux.ts";
import type { CompiledPolicy } from "../../lib/policy/engine.ts";
import type { Address, Conn, TlsInfo } from "../../lib/runtime/net.ts";
import { Peer } from "./peer.ts";

export { latin1Bytes, latin1Text, Peer, settle } from "./peer.ts";

/** The edge's end of a stream; writes down how it was ended. */
export class FakeStream extends Through implements MuxStream {
  /** The number on the wire. */
  readonly id: number;
  /** A proxied connection. */
  readonly type = 3;
  /** `fin` and `rst <code>`, in order. */
  readonly ends: string[] = [];
  /** What broke it, as the multiplexer would tell. */
  broken: TunnelError | undefined;
  #over = false;

  constructor(id: number, duplex: Duplex) {
    super(duplex);
    this.id = id;
    duplex.closed.then(() => this.#over = true);
  }

  /** The session, or the agent, breaks it. */
  break(error: TunnelError): void {
    this.broken = error;
    this.under.abort();
  }

  override read(): Chunk | Promise<Chunk> {
    const chunk = super.read();
    if (!(chunk instanceof Promise)) return chunk;
    return chunk.catch((thrown) => {
      throw this.broken ?? thrown;
    });
  }

  override closeWrite(): void | Promise<void> {
    if (this.ends.length === 0) this.ends.push("fin");
    return this.under.closeWrite();
  }

  reset(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.ends.push(`rst ${code}`);
    this.under.abort();
  }

  override abort(): void {
    this.reset(6);
  }
}

/** A stream that an endpoint opened: the agent's end, and the edge's for its marks. */
export interface OpenedStream extends Peer {
  /** The edge's end. */
  readonly stream: FakeStream;
  /** Who was announced. */
  readonly visitor: Visitor;
}

class AgentPeer extends Peer implements OpenedStream {
  readonly stream: FakeStream;
  readonly visitor: Visitor;

  constructor(duplex: Duplex, stream: FakeStream, visitor: Visitor) {
    super(duplex);
    this.stream = stream;
    this.visitor = visitor;
  }
}

/** An endpoint whose agent is the test. */
export class FakeEndpoint implements Endpoint {
  readonly id = "ep_1";
  readonly accountId = "ac_1";
  readonly forwardsTo = "http://localhost:8080";
  forwardsProto = "";
  readonly proto: EndpointProto;
  readonly host: string;
  readonly port: number;
  readonly options: Record<string, unknown>;
  readonly traffic: Traffic = new Traffic();
  /** Every stream opened so far. */
  readonly opened: OpenedStream[] = [];
  /** What the next opening fails with. */
  refuses: Error | undefined;
  /** What is done with its traffic. */
  policy: CompiledPolicy | undefined;
  /** How much each direction of a stream holds. */
  highWaterBytes = 65536;
  #waiting: ((stream: OpenedStream) => void)[] = [];
  #taken = 0;

  constructor(
    host: string,
    proto: EndpointProto = "http",
    options: Record<string, unknown> = {},
    port = proto === "http" ? 80 : 443,
  ) {
    this.host = host;
    this.proto = proto;
    this.options = options;
    this.port = port;
  }

  get url(): string {
    return `${this.proto}://${this.host}`;
  }

  get termination(): TlsTermination | undefined {
    return readTermination(this.proto, this.options);
  }

  openStream(visitor: Visitor): Promise<MuxStream> {
    if (this.refuses) return Promise.reject(this.refuses);
    const [near, far] = pair({ highWaterBytes: this.highWaterBytes });
    const stream = new FakeStream(2 * this.opened.length + 2, near);
    const agent = new AgentPeer(far, stream, visitor);
    this.opened.push(agent);
    this.#waiting.shift()?.(agent);
    return Promise.resolve(stream);
  }

  /** The next stream that was not asked for yet. */
  nextStream(): Promise<OpenedStream> {
    const at = this.#taken++;
    if (at < this.opened.length) return Promise.resolve(this.opened[at]);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A table of endpoints. */
export function fakeTable(...endpoints: Endpoint[]): EndpointTable {
  return {
    find: (proto, host) => endpoints.find((one) => one.proto === proto && one.host === host),
    all: () => endpoints,
  };
}

/** A connection as a door gets it. */
export class FakeConn extends Through implements Conn {
  readonly remote: Address = { host: "192.0.2.7", port: 50000 };
  readonly local: Address = { host: "198.51.100.1", port: 80 };
  readonly tls: TlsInfo | undefined;
  /** Whether our side cut it. */
  aborted = false;
  /** How many writes it got. */
  writes = 0;

  constructor(duplex: Duplex, serverName?: string, alpn = "http/1.1") {
    super(duplex);
    this.tls = serverName === undefined ? undefined : {
      version: "TLSv1.3",
      alpn,
      serverName,
      peerCertificatePem: undefined,
    };
  }

  override write(chunk: Uint8Array): void | Promise<void> {
    this.writes++;
    return this.under.write(chunk);
  }

  override abort(reason?: unknown): void {
    this.aborted = true;
    this.under.abort(reason);
  }
}

/** What a scene differs in. */
export interface SceneOptions {
  /** The names that others serve. */
  readonly mounts?: Mounts;
  readonly ownAnswer?: (path: string) => string | undefined;
  /** @default {"http"} */
  readonly scheme?: "http" | "https";
  /** The SNI of the visitor's connection. */
  readonly serverName?: string;
  /** @default one for `a.test` */
  readonly endpoints?: FakeEndpoint[];
  /** Limits. */
  readonly limits?: Partial<HttpLimits>;
  /** Whether browsers see the interstitial. */
  readonly interstitial?: boolean;
  restrictions?: { refuses(accountId: string, host: string): boolean };
  /** How much the visitor's connection holds each way. */
  readonly highWaterBytes?: number;
}

/** One visitor at an HTTP door. */
export interface Scene {
  /** The visitor. */
  readonly visitor: Peer;
  /** The door's end of its connection. */
  readonly conn: FakeConn;
  /** The first endpoint. */
  readonly endpoint: FakeEndpoint;
  /** Time. */
  readonly clock: FakeClock;
  /** The visit. */
  readonly visit: HttpVisit;
  /** Exchanges that ended. */
  readonly events: ExchangeEnded[];
}

/** Puts a visitor before a door. */
export function scene(options: SceneOptions = {}): Scene {
  const clock = new FakeClock();
  const endpoints = options.endpoints ??
    [new FakeEndpoint("a.test", options.scheme)];
  const [near, far] = pair({ highWaterBytes: options.highWaterBytes ?? 65536 });
  const conn = new FakeConn(near, options.serverName);
  const events: ExchangeEnded[] = [];
  const visit = serveHttp(conn, options.scheme ?? "http", {
    endpoints: fakeTable(...endpoints),
    clock,
    logger: silentLogger,
    mounts: options.mounts,
    ownAnswer: options.ownAnswer,
    limits: options.limits,
    interstitial: options.interstitial,
    restrictions: options.restrictions,
    onExchange: (event) => events.push(event),
  });
  return {
    visitor: new Peer(far),
    conn,
    endpoint: endpoints[0],
    clock,
    visit,
    events,
  };
}

/** A GET that wants nothing special. */
export const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/** The same as the agent gets it. */
export const FORWARDED_GET = "GET / HTTP/1.1\r\nHost: a.test\r\n" +
  "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test\r\n\r\n";

/** A 200 with a body of two bytes. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
