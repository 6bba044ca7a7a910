/**
 * Puts the agents' side of an edge together: who may come in, what they may have, and what happens
 * when that changes.
 *
 * Called by `edge.ts` at start.
 *
 * @module
 */
import type { Runtime } from "../runtime/host.ts";
import type { Conn } from "../runtime/net.ts";
import type { AgentEndpoint } from "./agent_endpoint.ts";
import { Agents } from "./agents.ts";
import { openAuthenticator } from "./auth.ts";
import type { EdgeConfig } from "./config.ts";
import type { Endpoint, TcpPorts } from "./endpoint.ts";
import type { EndpointRegistry } from "./endpoints.ts";
import { Enforcement } from "./enforcement.ts";
import type { EdgeEvent } from "./events.ts";
import type { Identity } from "./identity.ts";
import { Places } from "./places.ts";
import { PolicyBook } from "./policy_book.ts";
import type { AddressRules } from "./requested_address.ts";
import { NO_RESERVATIONS, StoreReservations } from "./reservations.ts";
import { StoreAuthenticator } from "./store_auth.ts";
import { createSigner, loadSigner } from "./tokens.ts";

/** What the agents' side is made of. */
export interface AgentsSideOptions {
  /** The options of the edge, complete. */
  readonly config: EdgeConfig;
  /** Files and time. */
  readonly runtime: Pick<Runtime, "clock" | "codecs" | "host">;
  /** Accounts; without them every agent is the owner's. */
  readonly identity: Identity | undefined;
  /** The endpoints that are online. */
  readonly registry: EndpointRegistry;
  /** Opens ports; with none there are no tcp endpoints. */
  readonly tcpPorts: TcpPorts | undefined;
  /** How agents reach the edge, once its doors are open. */
  readonly connectAddress: () => string | undefined;
  /** The ports that stand in URLs; filled in as doors open. */
  readonly ports: AddressRules["ports"];
  /** Names that the edge serves itself, and what they are for. */
  readonly ownHosts: AddressRules["ownHosts"];
  /** Hears what happens. */
  readonly emit: (event: EdgeEvent) => void;
  /** Hears what an agent served whose connection broke without a goodbye. */
  readonly onLost?: ((endpoints: readonly AgentEndpoint[]) => void) | undefined;
  /** Gets each round trip of an agent's heartbeat, in milliseconds. */
  readonly onBeat?: ((latencyMs: number) => void) | undefined;
  /** The agent of an endpoint has read the answer to its bind. */
  readonly onBound?: ((endpointId: string) => void) | undefined;
  /** Carries a visitor of a tcp endpoint. */
  readonly onTcpVisitor: (conn: Conn, endpoint: Endpoint) => void;
}

/** The agents' side of an edge. */
export interface AgentsSide {
  /** The agents. */
  readonly agents: Agents;
  /** Who has which address. */
  readonly places: Places;
  /** What policies take from their account. */
  readonly policies: PolicyBook;
  /** Makes changes act at once; without accounts there are none. */
  readonly enforcement: Enforcement | undefined;
}

/** Whose everything is on an edge without accounts. */
const EMBEDDED_ACCOUNT = "ac_embedded";

/**
 * Makes it; no agent is there yet.
 *
 * @param options what it is made of
 * @throws {TunnelError} config_invalid when a key file is damaged; io_failed …
 */
export async function makeAgentsSide(options: AgentsSideOptions): Promise<AgentsSide> {
  const { config, runtime, identity, registry, tcpPorts, ports, ownHosts, emit } = options;
  const { dataDir, domains, region, limits, logger, embedded, requireReservations } = config;
  const { clock, codecs, host: { files } } = runtime;
  const signer = dataDir === undefined
    ? await createSigner(crypto.getRandomValues(new Uint8Array(32)))
    : await loadSigner(files, dataDir);
  const store = identity?.store;
  const authenticator = store && new StoreAuthenticator({ store, clock, logger, limits });
  const enforcement: Enforcement | undefined = authenticator &&
    new Enforcement({ authenticator, logger, agents: () => agents });
  const policies = new PolicyBook({ store, clock, logger, codecs });
  const places = new Places({
    registry,
    clock,
    logger,
    emit,
    tcpPorts,
    onTcpVisitor: options.onTcpVisitor,
    // Read each time: these can change while the edge runs (`reload.ts`).
    get maxEndpointsPerSession() {
      return limits.maxEndpointsPerSession;
    },
    get holderPingMs() {
      return limits.holderPingMs;
    },
    get holdMs() {
      return limits.holdMs;
    },
  });
  const agents: Agents = new Agents({
    clock,
    logger,
    emit,
    places,
    onLost: options.onLost,
    bounds: {
      get maxStreams() {
        return limits.maxStreams;
      },
      get maxStreamsRust() {
        return limits.maxStreamsRust;
      },
      get maxWaitingStreams() {
        return limits.maxWaitingStreams;
      },
      get streamWaitMs() {
        return limits.streamWaitMs;
      },
      get maxPeerStreams() {
        return limits.maxAgentStreams;
      },
    },
    get maxSessions() {
      return limits.maxSessions;
    },
    get maxPending() {
      return limits.maxPendingSessions;
    },
    get authTimeoutMs() {
      return limits.authMs;
    },
    onBeat: options.onBeat,
    onAdmitted: enforcement && ((session) => enforcement.admitted(session)),
    auth: {
      clock,
      signer,
      region,
      connectAddresses: () => {
        const own = options.connectAddress();
        return own === undefined ? [] : [own, ...config.connectAddresses];
      },
      authenticator: authenticator ?? openAuthenticator(EMBEDDED_ACCOUNT),
      heartbeatIntervalMs: limits.heartbeatIntervalMs,
      heartbeatToleranceMs: limits.heartbeatToleranceMs,
      minHeartbeatMs: limits.minHeartbeatMs,
      maxHeartbeatMs: limits.maxHeartbeatMs,
    },
    rpc: {
      registry,
      requestTimeoutMs: limits.requestMs,
      onBound: options.onBound,
      bind: {
        places,
        policies,
        signer,
        clock,
        logger,
        reservations: store
          ? new StoreReservations({ store, domains, requireReservations })
          : NO_RESERVATIONS,
        rules: { domains, ports, ownHosts },
        offersTcp: tcpPorts !== undefined,
        httpsFallsBack: embedded,
      },
    },
  });
  return { agents, places, policies, enforcement };
}
