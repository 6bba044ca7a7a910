/**
 * Everything that happens on the agents' side of an edge, as plain data: for logs, counters and
 * whoever embeds an edge. Given to `EdgeOptions.onEvent`.
 *
 * @module
 */

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

/** Everything that can happen on the agents' side. */
export type EdgeEvent =
  | SessionStarted
  | SessionEnded
  | SessionRefused
  | EndpointStarted
  | EndpointMoved
  | EndpointEnded
  | EndpointRefused;
