/**
 * The agent alone, for programs that bring their own runtime: connect to an edge and put local
 * services on its URLs. The library's main door fills the runtime in; here it is an option.
 *
 * @module
 */
export { type Agent, type AgentState, type CloseOptions, connect } from "./agent.ts";
export type { SessionInfo } from "./auth.ts";
export type { CommandHandlers, CommandName } from "./commands.ts";
export type { AgentOptions, ForwardOptions } from "./config.ts";
export type { AllowDeny, EndpointModules, HeaderChanges, SignIn } from "./modules.ts";
export type { AgentEnd } from "./end.ts";
export type { ReplayEdits } from "./replay_request.ts";
export type { AgentEndpoint, EndpointEnd } from "./endpoint.ts";
export { type EndpointScheme, type EndpointUrl, parseEndpointUrl } from "./endpoint_url.ts";
export type {
  AgentClosed,
  AgentEvent,
  AgentEventBase,
  AgentListener,
  CommandReceived,
  ConnectionClosed,
  ConnectionOpened,
  EndpointFailed,
  EndpointFields,
  EndpointOnline,
  EndpointStopped,
  EndpointUrlChanged,
  FailureFields,
  HeartbeatReceived,
  NoticeReceived,
  ReconnectScheduled,
  SessionEstablished,
  SessionFailed,
  SessionLost,
  UpstreamFailed,
} from "./events.ts";
export type {
  AcceptOptions,
  EndpointConnection,
  ForwardToOptions,
  ListenEndpointOptions,
  ListeningEndpoint,
} from "./listen.ts";
export type { EndpointMetrics } from "./metrics.ts";
export type { ServeApp, ServeHandler, ServeInfo, ServeOptions } from "./serve.ts";
export type { AgentTlsTermination, MutualTlsVerification } from "./tls_termination.ts";
export {
  parseUpstream,
  type Upstream,
  type UpstreamKind,
  type UpstreamScheme,
} from "./upstream.ts";

export type { PhaseName } from "../policy/context.ts";
export type { PolicyAction, PolicyDocument, PolicyRule } from "../policy/document.ts";

export type { BackoffOptions } from "../base/backoff.ts";
export type { FollowOptions } from "../base/event_queue.ts";
export type {
  FetchExtras,
  FetchInfo,
  FetchLimits,
  ResponseTrailers,
} from "../http/fetch_options.ts";
export {
  ServerWebSocket,
  type ServerWebSocketEvents,
  type ServerWebSocketOptions,
  SocketCloseEvent,
  type SocketData,
  SocketErrorEvent,
} from "../http/server_websocket.ts";
export type { UpgradeWebSocketOptions, WebSocketUpgrade } from "../http/websocket_upgrade.ts";
export type {
  CapturedBody,
  CapturedMessage,
  CapturedRequest,
  CapturedResponse,
  Exchange,
  ExchangeState,
  ExchangeTiming,
  HeaderLine,
  MessageSource,
  StreamMessage,
} from "../inspect/exchange.ts";
export {
  type ExchangeEvent,
  type ExchangeQuery,
  ExchangeStore,
  type StoredExchange,
  type StoreOptions,
} from "../inspect/exchange_store.ts";
export type { Clock, Timer } from "../base/clock.ts";
export type { Chunk, Duplex } from "../base/duplex.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  TunnelError,
  type TunnelErrorOptions,
} from "../base/errors.ts";
export type { LogFields, Logger, LogLevel } from "../base/log.ts";
export type {
  DirectoryEntry,
  FileInfo,
  Files,
  Host,
  OpenFile,
  Output,
  Runtime,
  SignalName,
  WriteOptions,
} from "../runtime/host.ts";
export type {
  Address,
  Certificate,
  ClientAuth,
  Conn,
  ConnectOptions,
  HandshakeLimits,
  Listener,
  ListenOptions,
  Net,
  TlsClientOptions,
  TlsInfo,
  TlsServerOptions,
  TlsVersion,
  TrustedRoots,
} from "../runtime/net.ts";
export type { UpdateRequest } from "../wire/messages.ts";
