/**
 * The agents' side of an edge without its doors: everything in memory, ports included, so that a
 * test connects {@linkcode FakeAgent}s and looks at what became of them.
 *
 * @module
 */
import { FakeClock } from "../../lib/base/clock.ts";
import { pair } from "../../lib/base/duplex.ts";
import { TunnelError } from "../../lib/base/errors.ts";
import { silentLogger } from "../../lib/base/log.ts";
import { Agents } from "../../lib/edge/agents.ts";
import type { AgentSession } from "../../lib/edge/agent_session.ts";
import type { Authenticator, Grant } from "../../lib/edge/auth.ts";
import type { Endpoint, TcpPorts } from "../../lib/edge/endpoint.ts";
import { EndpointRegistry } from "../../lib/edge/endpoints.ts";
import type { EdgeEvent } from "../../lib/edge/events.ts";
import { PolicyBook } from "../../lib/edge/policy_book.ts";
import { nodeCodecs } from "../../lib/runtime/node_codecs.ts";
import { Places } from "../../lib/edge/places.ts";
import { NO_RESERVATIONS, type Reservations } from "../../lib/edge/reservations.ts";
import { createSigner } from "../../lib/edge/tokens.ts";
import type { Conn } from "../../lib/runtime/net.ts";
import { FakeAgent, type Json } from "./agent.ts";

/** What a test may turn. */
export interface AgentsSideOptions {
  /** Tokens and what they allow. @default "one" and "two" of one account, "other" of another */
  readonly grants?: Readonly<Record<string, Partial<Grant>>>;
  /** Public ports by protocol. @default http 80, https and tls 443 */
  readonly ports?: { http?: number; https?: number; tls?: number };
  /** Ports that tcp endpoints may have; `undefined` offers none. @default 20000 to 20003 */
  readonly tcpRange?: { from: number; to: number } | null;
  /** Visitors at a time towards a Rust SDK. @default 480 */
  readonly maxStreamsRust?: number;
  /** Visitors that may wait. @default 100 */
  readonly maxWaitingStreams?: number;
  /** Addresses one session may have. @default 100 */
  readonly maxEndpointsPerSession?: number;
  /** Sessions at a time. @default 100 */
  readonly maxSessions?: number;
  /** Connections at a time that have not authenticated. @default 10 */
  readonly maxPending?: number;
  /** @default false */
  readonly httpsFallsBack?: boolean;
  /** Whose names and addresses are. @default nobody's */
  readonly reservations?: Reservations;
  /** Decides about authtokens, instead of by `grants`. */
  readonly authenticator?: Authenticator;
  /** Hears of each agent that was let in. */
  readonly onAdmitted?: (session: AgentSession) => void;
  /** The time. @default one of its own */
  readonly clock?: FakeClock;
  /** Where agents reach the edge. @default nowhere */
  readonly connectAddresses?: readonly string[];
  /** Numbers in [0, 1), for pools. */
  readonly random?: () => number;
  /** The key that signs notes. @default always the same */
  readonly key?: Uint8Array;
}

/** Ports that exist on paper alone. */
export class PaperPorts implements TcpPorts {
  /** What is open, and who gets its visitors. */
  readonly open = new Map<number, (conn: Conn) => void>();
  /** Ports that another program has. */
  readonly foreign = new Set<number>();

  readonly from: number;
  readonly to: number;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  claim(
    wanted: number | undefined,
    onConnection: (conn: Conn) => void,
  ): Promise<number> {
    if (wanted !== undefined && (wanted < this.from || wanted > this.to)) {
      return Promise.reject(
        new TunnelError(
          "address_not_available",
          `Cannot open port ${wanted}: out of range`,
        ),
      );
    }
    for (let port = wanted ?? this.from; port <= (wanted ?? this.to); port++) {
      if (this.open.has(port) || this.foreign.has(port)) continue;
      this.open.set(port, onConnection);
      return Promise.resolve(port);
    }
    const code = wanted === undefined ? "address_not_available" : "address_in_use";
    return Promise.reject(new TunnelError(code, "Cannot open a port: taken"));
  }

  release(port: number): Promise<void> {
    this.open.delete(port);
    return Promise.resolve();
  }
}

/** The agents' side, and the strings a test pulls. */
export class AgentsSide {
  readonly clock: FakeClock;
  readonly registry: EndpointRegistry;
  readonly events: EdgeEvent[] = [];
  readonly ports: PaperPorts | undefined;
  /** Endpoints whose agents have read the answers to their binds. */
  readonly bound: string[] = [];
  readonly tcpVisitors: { conn: Conn; endpoint: Endpoint }[] = [];
  readonly agents: Agents;
  readonly places: Places;

  static async create(options: AgentsSideOptions = {}): Promise<AgentsSide> {
    const signer = await createSigner(
      options.key ?? new Uint8Array(32).fill(1),
    );
    return new AgentsSide(options, signer);
  }

  private constructor(
    options: AgentsSideOptions,
    signer: Awaited<ReturnType<typeof createSigner>>,
  ) {
    const clock = this.clock = options.clock ?? new FakeClock();
    const registry = this.registry = new EndpointRegistry({
      clock,
      doubtMs: 1_000,
      doubtAnswerMs: 2_000,
      random: options.random,
    });
    const range = options.tcpRange === undefined ? { from: 20000, to: 20003 } : options.tcpRange;
    this.ports = range ? new PaperPorts(range.from, range.to) : undefined;
    const emit = (event: EdgeEvent) => void this.events.push(event);
    this.places = new Places({
      registry,
      clock,
      emit,
      logger: silentLogger,
      tcpPorts: this.ports,
      onTcpVisitor: (conn, endpoint) => this.tcpVisitors.push({ conn, endpoint }),
      maxEndpointsPerSession: options.maxEndpointsPerSession ?? 100,
      holderPingMs: 2_000,
      holdMs: 120_000,
    });
    this.agents = new Agents({
      clock,
      emit,
      logger: silentLogger,
      places: this.places,
      bounds: {
        maxStreams: 10_000,
        maxStreamsRust: options.maxStreamsRust ?? 480,
        maxWaitingStreams: options.maxWaitingStreams ?? 100,
        streamWaitMs: 5_000,
        maxPeerStreams: 1_000,
      },
      maxSessions: options.maxSessions ?? 100,
      maxPending: options.maxPending ?? 10,
      authTimeoutMs: 10_000,
      onAdmitted: options.onAdmitted,
      auth: {
        clock,
        signer,
        authenticator: options.authenticator ?? authenticatorOf(options.grants),
        region: "here",
        connectAddresses: () => options.connectAddresses ?? [],
        heartbeatIntervalMs: 10_000,
        heartbeatToleranceMs: 15_000,
        minHeartbeatMs: 1_000,
        maxHeartbeatMs: 60_000,
      },
      rpc: {
        registry,
        onBound: (id) => this.bound.push(id),
        requestTimeoutMs: 10_000,
        bind: {
          places: this.places,
          reservations: options.reservations ?? NO_RESERVATIONS,
          clock,
          signer,
          logger: silentLogger,
          rules: {
            domains: ["example.com"],
            ports: options.ports ?? { http: 80, https: 443, tls: 443 },
            ownHosts: new Map([["connect.example.com", "agents connect to the edge there"]]),
          },
          offersTcp: this.ports !== undefined,
          httpsFallsBack: options.httpsFallsBack ?? false,
          policies: new PolicyBook({
            store: undefined,
            clock,
            logger: silentLogger,
            codecs: nodeCodecs,
          }),
        },
      },
    });
  }

  /** Connects an agent that says nothing yet. */
  connect(host = "192.0.2.1"): FakeAgent {
    const [near, far] = pair();
    this.agents.accept(near, { host, port: 4000 });
    return new FakeAgent(far, { clock: this.clock });
  }

  /** Connects an agent and authenticates it. */
  async agent(
    token = "one",
    extra: Json = {},
  ): Promise<{ agent: FakeAgent; answer: Json }> {
    const agent = this.connect();
    const answer = await agent.auth({ AuthToken: token, ...extra });
    if (answer["Error"] !== "") {
      throw new Error(`Auth failed: ${answer["Error"]}`);
    }
    return { agent, answer };
  }

  /** Connects the agent that an earlier answer was for. */
  async resume(
    answer: Json,
    token = "one",
    extra: Json = {},
  ): Promise<FakeAgent> {
    const agent = this.connect();
    const again = await agent.resume(answer, { AuthToken: token, ...extra });
    if (again["Error"] !== "") {
      throw new Error(`Auth failed: ${again["Error"]}`);
    }
    return agent;
  }

  /** The types of the events so far, those of sessions left out. */
  get endpointEvents(): string[] {
    return this.events.map((event) => event.type).filter((type) => type.startsWith("endpoint"));
  }

  /** Lets everything that needs no clock happen. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  /** Ends all sessions. */
  async close(): Promise<void> {
    const closed = this.agents.close(0);
    // A goodbye waits for the other side; a frozen one is waited for by the clock.
    for (let step = 0; step < 5; step++) await this.clock.advance(1_000);
    await closed;
  }
}

const DEFAULT_GRANTS: Readonly<Record<string, Partial<Grant>>> = {
  one: {},
  two: { tokenId: "cr_two" },
  other: { accountId: "ac_other", tokenId: "cr_other" },
};

function authenticatorOf(grants = DEFAULT_GRANTS): Authenticator {
  return {
    authenticate(authtoken) {
      const grant = Object.hasOwn(grants, authtoken) ? grants[authtoken] : undefined;
      if (!grant) {
        return Promise.resolve({
          refusal: { ngrokCode: 107, message: "Nobody knows that token" },
        });
      }
      return Promise.resolve({
        grant: {
          accountId: "ac_1",
          accountName: "Account",
          planName: "Plan",
          tokenId: "cr_one",
          ...grant,
        },
      });
    },
  };
}
