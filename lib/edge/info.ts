/**
 * What an edge tells about its sessions and endpoints, as plain data.
 *
 * Called by `edge.ts`.
 *
 * @module
 */
import type { AgentEndpoint } from "./agent_endpoint.ts";
import type { AgentSession } from "./agent_session.ts";
import { formatAddress } from "./door_tcp.ts";
import type { EndpointProto } from "./endpoint.ts";
import type { EndpointBinding } from "./internal_address.ts";
import type { TrafficCounts } from "./traffic.ts";

/** An endpoint that is online. */
export interface EndpointInfo {
  /** The bind id. */
  readonly id: string;
  /** Names it in APIs, behind `ep_` and `tn_`; newer ones sort later. */
  readonly ksuid: string;
  /** The public address. */
  readonly url: string;
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** Where it can be reached from: `internal` is its own account. */
  readonly binding: EndpointBinding;
  /** The name; the first label may be `*`. */
  readonly host: string;
  /** The port, also where the URL leaves it out. */
  readonly port: number;
  /** Whose it is. */
  readonly accountId: string;
  /** Whose agent serves it. */
  readonly clientId: string;
  /** Names the authtoken it was bound with: `cr_…`. */
  readonly tokenId: string;
  /** The sessions that serve it: one, or several legs. */
  readonly sessionIds: readonly string[];
  /** The agent's words about its upstream. */
  readonly forwardsTo: string;
  /** What the upstream speaks, as far as the agent says: empty, `http1` or `http2`. */
  readonly forwardsProto: string;
  /** What the user calls it. */
  readonly name: string;
  /** What the user says about it. */
  readonly description: string;
  /** What the user's programs say about it. */
  readonly metadata: string;
  /** Whether other endpoints may share its address. */
  readonly poolingEnabled: boolean;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** What has passed through it. */
  readonly traffic: TrafficCounts;
}

/** An agent that is connected. */
export interface SessionInfo {
  /** The session: `ts_…`. */
  readonly id: string;
  /** The agent; it keeps this over reconnects. */
  readonly clientId: string;
  /** Whose agent. */
  readonly accountId: string;
  /** Names its authtoken: `cr_…`. */
  readonly tokenId: string;
  /** 0, or the number of a further leg. */
  readonly legNumber: number;
  /** Where it connects from: `ip:port`. */
  readonly remote: string;
  /** What it calls itself. */
  readonly userAgent: string;
  /** Its version. */
  readonly agentVersion: string;
  /** Its operating system. */
  readonly os: string;
  /** Its processor. */
  readonly arch: string;
  /** What its user's programs say about it. */
  readonly metadata: string;
  /** The version of the protocol: `3` or `2`. */
  readonly protocolVersion: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The last round trip in milliseconds, once there was one. */
  readonly latencyMs: number | undefined;
  /** Visitors it carries. */
  readonly openStreams: number;
  /** The bind ids it serves. */
  readonly endpointIds: readonly string[];
}

/** What is told about an endpoint. */
export function endpointInfo(endpoint: AgentEndpoint): EndpointInfo {
  const { options: _, policy: __, ipPolicyRef: ___, ...facts } = endpoint.facts;
  return {
    ...facts,
    sessionIds: endpoint.members.map((member) => member.id),
    traffic: endpoint.traffic.counts(),
  };
}

/**
 * What is told about a session.
 *
 * @param session one that has authenticated
 * @param endpoints what it serves
 */
export function sessionInfo(
  session: AgentSession,
  endpoints: readonly AgentEndpoint[],
): SessionInfo {
  const facts = session.facts!;
  return {
    id: session.id,
    clientId: facts.clientId,
    accountId: facts.grant.accountId,
    tokenId: facts.grant.tokenId,
    legNumber: facts.legNumber,
    remote: formatAddress(session.remote),
    userAgent: facts.userAgent,
    agentVersion: facts.agentVersion,
    os: facts.os,
    arch: facts.arch,
    metadata: facts.metadata,
    protocolVersion: facts.protocolVersion,
    startedAtMs: facts.startedAtMs,
    latencyMs: session.latencyMs,
    openStreams: session.openStreams,
    endpointIds: endpoints.map((endpoint) => endpoint.id),
  };
}
