/**
 * Everything that happens at an edge, as plain data: for logs, counters and
 * whoever embeds an edge. Given to `EdgeOptions.onEvent`.
 *
 * @module
 */
import type { ErrorCode } from "../base/errors.ts";
import type { ConnectionClosed } from "./door_tcp.ts";
import type { PolicyOutcome } from "./http_exchange.ts";
import type { ExchangeEnded } from "./http_relay.ts";

/** An agent authenticated. */
export interface SessionStarted {
  /** Which event. */
  readonly type: "session_started";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The session: `ts_…`. */
  readonly sessionId: string;
  /** The agent; it keeps this over reconnects. */
  readonly clientId: string;
  /** Whose agent. */
  readonly accountId: string;
  /** Whether the agent was known from a session before. */
  readonly resumed: boolean;
  /** Where it connects from: `ip:port`. */
  readonly remote: string;
  /** What the agent calls itself. */
  readonly userAgent: string;
  /** Names its authtoken: `cr_…`. */
  readonly tokenId: string;
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
}

/** A session is over. */
export interface SessionEnded {
  /** Which event. */
  readonly type: "session_ended";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The session: `ts_…`. */
  readonly sessionId: string;
  /** The agent. */
  readonly clientId: string;
  /** Whose agent. */
  readonly accountId: string;
  /** Names its authtoken: `cr_…`. */
  readonly tokenId: string;
  /** How often a stream towards it ran out of credit with bytes left to send. */
  readonly windowStalls: number;
  /** Why, in a sentence; `undefined` after an orderly goodbye. */
  readonly reason: string | undefined;
}

/** An agent was not let in. */
export interface SessionRefused {
  /** Which event. */
  readonly type: "session_refused";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Where it connects from: `ip:port`. */
  readonly remote: string;
  /** The number after `ERR_NGROK_`. */
  readonly ngrokCode: number;
}

/** A public address came online. */
export interface EndpointStarted {
  /** Which event. */
  readonly type: "endpoint_started";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The bind id. */
  readonly endpointId: string;
  /** The public address. */
  readonly url: string;
  /** Whose it is. */
  readonly accountId: string;
  /** The session that asked for it. */
  readonly sessionId: string;
}

/** A public address went to another session of the same agent, without going offline. */
export interface EndpointMoved {
  /** Which event. */
  readonly type: "endpoint_moved";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The bind id. */
  readonly endpointId: string;
  /** The public address. */
  readonly url: string;
  /** Whose it is. */
  readonly accountId: string;
  /** The session that serves it from now on, alone or in addition. */
  readonly sessionId: string;
}

/** A public address went offline. */
export interface EndpointEnded {
  /** Which event. */
  readonly type: "endpoint_ended";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The bind id. */
  readonly endpointId: string;
  /** The public address it had. */
  readonly url: string;
  /** Whose it was. */
  readonly accountId: string;
}

/** An agent asked for a public address and did not get it. */
export interface EndpointRefused {
  /** Which event. */
  readonly type: "endpoint_refused";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Whose agent. */
  readonly accountId: string;
  /** The session that asked. */
  readonly sessionId: string;
  /** The number after `ERR_NGROK_`, where one applies. */
  readonly ngrokCode: number | undefined;
  /** The sentence the agent got. */
  readonly message: string;
}

/** An HTTP exchange is over. */
export interface ExchangeOver {
  /** Which event. */
  readonly type: "exchange_ended";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The bind id; `undefined` when the request led nowhere. */
  readonly endpointId: string | undefined;
  /** Whose endpoint; `undefined` when the request led nowhere. */
  readonly accountId: string | undefined;
  /** Who asked: `ip:port`. */
  readonly clientAddr: string;
  /** Where it asked: `ip:port` of the edge. */
  readonly serverAddr: string;
  /** What the visitor spoke. */
  readonly scheme: "http" | "https";
  /** The host asked for. */
  readonly host: string;
  /** As written. */
  readonly method: string;
  /** As written, without the query: that may hold secrets. */
  readonly path: string;
  /** What the visitor spoke: `HTTP/1.0`, `HTTP/1.1`, `HTTP/2.0`. */
  readonly protocol: string;
  /** The version of its TLS, `TLSv1.3`; absent without TLS. */
  readonly tlsVersion?: string;
  /** What the visitor's program calls itself. */
  readonly userAgent: string | undefined;
  /** The page that led here, without its query. */
  readonly referer: string | undefined;
  /** What the visitor got; `undefined` when it got nothing whole. */
  readonly status: number | undefined;
  /** The number after `ERR_NGROK_`, when the edge answered itself. */
  readonly ngrokCode: number | undefined;
  /** Bytes of the request's body. */
  readonly requestBytes: number;
  /** Bytes of the response's body. */
  readonly responseBytes: number;
  /** From the end of the request's head to the end of the exchange. */
  readonly durationMs: number;
  /** What cut it. */
  readonly error: string | undefined;
  /** How many members of a pool could not serve it before this one; absent when none. */
  readonly retries?: number;
  /** What the traffic policy of the endpoint made of it in place of the service; absent when nothing. */
  readonly policyOutcome?: PolicyOutcome;
}

/** A connection to a tcp or tls endpoint is over. */
export interface ConnectionOver {
  /** Which event. */
  readonly type: "connection_ended";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The bind id. */
  readonly endpointId: string;
  /** Whose endpoint. */
  readonly accountId: string;
  /** Who came: `ip:port`. */
  readonly clientAddr: string;
  /** Where it came to: `ip:port` of the edge. */
  readonly serverAddr: string;
  /** The name of the endpoint it came to. */
  readonly host: string;
  /** Bytes the visitor sent. */
  readonly inBytes: number;
  /** Bytes it was sent. */
  readonly outBytes: number;
  /** From accept to end. */
  readonly durationMs: number;
  /** What cut it, when it did not end by both sides closing. */
  readonly error: string | undefined;
}

/** Somebody came to a TLS door and did not get through its handshake. */
export interface HandshakeFailed {
  /** Which event. */
  readonly type: "handshake_failed";
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Which door: the one that everybody shares, or that of TLS endpoints or of agents alone. */
  readonly door: "https" | "tls" | "agents";
  /** Who came: `ip:port`. */
  readonly clientAddr: string;
  /** What went wrong. */
  readonly reason: ErrorCode;
}

/** Everything that can happen at an edge. */
export type EdgeEvent =
  | HandshakeFailed
  | ExchangeOver
  | ConnectionOver
  | SessionStarted
  | SessionEnded
  | SessionRefused
  | EndpointStarted
  | EndpointMoved
  | EndpointEnded
  | EndpointRefused;

/** The event of an HTTP exchange. */
export function exchangeOver(exchange: ExchangeEnded, atMs: number): ExchangeOver {
  const { endpoint, error, head, trace: _, ...rest } = exchange;
  return {
    type: "exchange_ended",
    atMs,
    userAgent: head.get("user-agent"),
    referer: head.get("referer")?.replace(/[?#].*$/s, ""),
    endpointId: endpoint?.id,
    accountId: endpoint?.accountId,
    error: error?.message,
    ...rest,
  };
}

/** The event of a connection to a tcp or tls endpoint. */
export function connectionOver(connection: ConnectionClosed, atMs: number): ConnectionOver {
  const { endpoint, error, ...rest } = connection;
  return {
    type: "connection_ended",
    atMs,
    endpointId: endpoint.id,
    accountId: endpoint.accountId,
    host: endpoint.host,
    error: error?.message,
    ...rest,
  };
}
