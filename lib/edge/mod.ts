/**
 * The edge as a library: the server that owns the public addresses, for programs that want one of
 * their own.
 *
 * @module
 */
export { startEdge } from "./edge.ts";
export type { CloseOptions, Edge, EdgeAddresses } from "./edge_handle.ts";
export { DEFAULT_EDGE_LIMITS } from "./config.ts";
export type { DoorAddress, EdgeLimits, EdgeOptions } from "./config.ts";
export type { PortRange } from "./door_tcp.ts";
export type { EndpointProto } from "./endpoint.ts";
export type { GuessLimits } from "./guessing.ts";
export type { EndpointBinding } from "./internal_address.ts";
export type {
  ConnectionOver,
  EdgeEvent,
  EndpointEnded,
  EndpointMoved,
  EndpointRefused,
  EndpointStarted,
  ExchangeOver,
  SessionEnded,
  SessionRefused,
  SessionStarted,
} from "./events.ts";
export type { EndpointInfo, SessionInfo } from "./info.ts";
export type { UpdateWish } from "./commands.ts";
