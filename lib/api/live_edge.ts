/**
 * A running edge as the API sees it ({@linkcode LiveEdge}). Whoever starts an edge together with its
 * API puts the two together with this.
 *
 * @module
 */
import type { CertificateRecord } from "../edge/certificates/acme_shelf.ts";
import type { EndpointInfo, SessionInfo } from "../edge/info.ts";
import type { LabeledTunnel } from "../edge/labeled_tunnels.ts";
import type { LiveEdge, LiveEndpoint, LiveSession } from "./live.ts";

/** The part of an edge that is used. */
export interface LiveSource {
  /** The endpoints that are online. */
  endpoints(): readonly EndpointInfo[];
  /** The agents that are connected. */
  sessions(): readonly SessionInfo[];
  /** The tunnels that have labels. */
  labeledTunnels?(): readonly LabeledTunnel[];
  /** How the certificate of a name fares. */
  certificateOf?(name: string): CertificateRecord | undefined;
  /** The chain that a name got, as PEM. */
  chainOf?(name: string): Promise<string | undefined>;
  /** Tells an agent to stop, or to restart. */
  commandSession(id: string, command: "stop" | "restart"): Promise<void>;
  /** Tells an agent to become another version. */
  updateSession(id: string, wish?: { readonly version?: string }): Promise<void>;
}

/**
 * The edge as the API sees it.
 *
 * @param edge the running edge
 * @param region where it is
 */
export function liveEdge(edge: LiveSource, region: string): LiveEdge {
  const credentials = () => new Map(edge.sessions().map((session) => [session.id, session]));
  return {
    certificateOf(domain) {
      const record = edge.certificateOf?.(domain);
      const { issued, trouble } = record ?? {};
      return record &&
        { renewsAtMs: issued?.renewsAtMs, issuedAtMs: issued?.notBeforeMs, trouble };
    },
    chainOf: (domain) => edge.chainOf?.(domain) ?? Promise.resolve(undefined),
    sessions: (accountId) =>
      edge.sessions().filter((session) => session.accountId === accountId)
        .map((session) => liveSession(session, region)),
    endpoints(accountId) {
      const sessions = credentials();
      return edge.endpoints().filter((endpoint) => endpoint.accountId === accountId)
        .map((endpoint) => liveEndpoint(endpoint, sessions, region));
    },
    labeledTunnels: (accountId) =>
      (edge.labeledTunnels?.() ?? []).filter((tunnel) => tunnel.accountId === accountId)
        .map(({ id: key, accountId: _, ...tunnel }) => ({ key, ...tunnel, region })),
    holderOf(host, port) {
      // An internal name is nobody else's business: each account has its own.
      return edge.endpoints().find((endpoint) =>
        endpoint.binding === "public" && endpoint.host === host &&
        (port === undefined || endpoint.port === port)
      )?.accountId;
    },
    commandSession: (id, command) => edge.commandSession(id, command),
    updateSession: (id, version) => edge.updateSession(id, { version }),
  };
}

function liveSession(session: SessionInfo, region: string): LiveSession {
  const { id, tokenId, remote, os, agentVersion, protocolVersion, metadata, startedAtMs } = session;
  return {
    id,
    credentialId: tokenId,
    ip: remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, ""),
    os,
    agentVersion,
    transport: `ngrok/${protocolVersion}`,
    metadata,
    region,
    startedAtMs,
  };
}

function liveEndpoint(
  endpoint: EndpointInfo,
  sessions: ReadonlyMap<string, SessionInfo>,
  region: string,
): LiveEndpoint {
  const { accountId, url, proto, sessionIds, forwardsTo, name, description, metadata } = endpoint;
  return {
    key: endpoint.ksuid,
    accountId,
    url,
    proto,
    sessionIds,
    credentialId: sessions.get(sessionIds[0])?.tokenId ?? "",
    forwardsTo,
    upstreamProtocol: proto === "http" || proto === "https"
      ? endpoint.forwardsProto || "http1"
      : "",
    name,
    description,
    metadata,
    trafficPolicy: "",
    binding: endpoint.binding,
    poolingEnabled: endpoint.poolingEnabled,
    region,
    startedAtMs: endpoint.startedAtMs,
  };
}
