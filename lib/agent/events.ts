/**
 * Everything that can happen to an agent, as plain data. Programs draw their screens and counters
 * from these; the agent calls whoever subscribed.
 *
 * @module
 */
import type { ErrorCode } from "../base/errors.ts";

/** What every event has. */
export interface AgentEventBase {
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** A failure as data. */
export interface FailureFields {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The `ERR_NGROK_n` number, where the server gave one. */
  readonly ngrokCode: number | undefined;
  /** What a person reads: the server's own text where it gave one. */
  readonly message: string;
}

/** The server accepted us; endpoints follow. */
export interface SessionEstablished extends AgentEventBase {
  /** Which event. */
  readonly type: "session_established";
  /** Whether there was a session before. */
  readonly reconnected: boolean;
  /** The server's id of this session. */
  readonly sessionId: string;
  /** Where the server is, in its own words. */
  readonly region: string;
  /** Whose account. */
  readonly accountName: string;
  /** The account's plan. */
  readonly planName: string;
}

/** The connection is gone; another attempt follows at once or soon. */
export interface SessionLost extends AgentEventBase, FailureFields {
  /** Which event. */
  readonly type: "session_lost";
  /** How long it had lasted. */
  readonly lastedMs: number;
}

/** An attempt to connect did not succeed; another follows. */
export interface SessionFailed extends AgentEventBase, FailureFields {
  /** Which event. */
  readonly type: "session_failed";
  /** 1 for the first attempt since the last session. */
  readonly attempt: number;
}

/** The next attempt has its time. */
export interface ReconnectScheduled extends AgentEventBase {
  /** Which event. */
  readonly type: "reconnect_scheduled";
  /** In how many milliseconds. */
  readonly delayMs: number;
  /** The number of the attempt to come. */
  readonly attempt: number;
}

/** A heartbeat came back. */
export interface HeartbeatReceived extends AgentEventBase {
  /** Which event. */
  readonly type: "heartbeat_received";
  /** The round trip. */
  readonly latencyMs: number;
}

/** The server has something to tell the user: a banner or a deprecation. */
export interface NoticeReceived extends AgentEventBase {
  /** Which event. */
  readonly type: "notice_received";
  /** What kind. */
  readonly notice: "banner" | "deprecation";
  /** The server's words. */
  readonly text: string;
}

/** What all events about one endpoint have. */
export interface EndpointFields {
  /** The endpoint's local name. */
  readonly name: string;
  /** Its public URL; empty as long as there is none. */
  readonly url: string;
}

/** An endpoint can be visited. */
export interface EndpointOnline extends AgentEventBase, EndpointFields {
  /** Which event. */
  readonly type: "endpoint_online";
  /** Where its traffic goes. */
  readonly upstream: string;
  /** Whether it was online before a reconnect. */
  readonly rebound: boolean;
}

/** After a reconnect the server gave another URL: the old one is gone. */
export interface EndpointUrlChanged extends AgentEventBase, EndpointFields {
  /** Which event. */
  readonly type: "endpoint_url_changed";
  /** The URL until now. */
  readonly previousUrl: string;
}

/** The server did not bring an endpoint back; it is asked again. Other endpoints are unaffected. */
export interface EndpointFailed extends AgentEventBase, EndpointFields, FailureFields {
  /** Which event. */
  readonly type: "endpoint_failed";
  /** When it is asked again. */
  readonly retryInMs: number;
}

/** An endpoint is over. */
export interface EndpointStopped extends AgentEventBase, EndpointFields {
  /** Which event. */
  readonly type: "endpoint_stopped";
  /** Who ended it. */
  readonly by: "agent" | "server";
  /** The server's words, when it was the server. */
  readonly message: string;
  /** The server's `ERR_NGROK_n` number, when it gave one. */
  readonly ngrokCode: number | undefined;
}

/** A visitor's connection arrived. */
export interface ConnectionOpened extends AgentEventBase, EndpointFields {
  /** Which event. */
  readonly type: "connection_opened";
  /** Names the connection in logs and events. */
  readonly connectionId: string;
  /** The visitor's `ip:port`. */
  readonly clientAddr: string;
}

/** A visitor's connection is over. */
export interface ConnectionClosed extends AgentEventBase, EndpointFields {
  /** Which event. */
  readonly type: "connection_closed";
  /** Names the connection in logs and events. */
  readonly connectionId: string;
  /** How long it lasted. */
  readonly durationMs: number;
  /** Bytes from the visitor. */
  readonly inBytes: number;
  /** Bytes to the visitor. */
  readonly outBytes: number;
}

/** A visitor came and the upstream could not be reached. */
export interface UpstreamFailed extends AgentEventBase, EndpointFields, FailureFields {
  /** Which event. */
  readonly type: "upstream_failed";
  /** Names the connection in logs and events. */
  readonly connectionId: string;
  /** What was dialled. */
  readonly upstream: string;
}

/** The server asked the agent to stop, restart or update itself. */
export interface CommandReceived extends AgentEventBase {
  /** Which event. */
  readonly type: "command_received";
  /** What it asked for. */
  readonly command: "stop" | "restart" | "update";
  /** Why the agent did not do it; empty when it does. */
  readonly error: string;
}

/** The agent is over: nothing follows. */
export interface AgentClosed extends AgentEventBase {
  /** Which event. */
  readonly type: "agent_closed";
  /** Why. */
  readonly reason: "closed" | "refused" | "stopped" | "restarted";
  /** The server's words when it refused; empty otherwise. */
  readonly message: string;
}

/** One of the things that can happen. */
export type AgentEvent =
  | SessionEstablished
  | SessionLost
  | SessionFailed
  | ReconnectScheduled
  | HeartbeatReceived
  | NoticeReceived
  | EndpointOnline
  | EndpointUrlChanged
  | EndpointFailed
  | EndpointStopped
  | ConnectionOpened
  | ConnectionClosed
  | UpstreamFailed
  | CommandReceived
  | AgentClosed;

/** An event without its time: what the agent's parts report. */
export type AgentReport = AgentEvent extends infer E ? E extends AgentEvent ? Omit<E, "atMs">
  : never
  : never;

/** Gets events. Must not block; what it throws is logged and goes no further. */
export type AgentListener = (event: AgentEvent) => void;
