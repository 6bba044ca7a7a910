/**
 * What agent and edge say to each other: every stream type and every message, spelled as the wire
 * has it (wire-protocol 5 to 7). Numbers and key spellings never change.
 *
 * Interfaces are what our code reads: keys are found without regard to case and unknown keys are
 * dropped (`codec.ts`). What we write is spelled exactly as here, for the Rust SDK compares case.
 *
 * @module
 */

/** The u32 at the start of every stream (wire-protocol 3). */
export const STREAM = {
  auth: 0,
  bind: 1,
  unbind: 2,
  proxy: 3,
  restart: 4,
  stop: 5,
  update: 6,
  startTunnelWithLabel: 7,
  srvInfo: 8,
  stopTunnel: 9,
  patchTunnelState: 10,
  heartbeat: 0xffffffff,
} as const;

/** The largest JSON message either side accepts, in bytes: policies travel in Bind. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The largest proxy header, in bytes. */
export const MAX_PROXY_HEADER_BYTES = 64 * 1024;

/** The protocol versions we speak, most wanted first. */
export const PROTOCOL_VERSIONS = ["3", "2"] as const;

/**
 * What only two Sallyport ends say to each other: a list of features in `Extra.SallyportFeatures`
 * of Auth and its answer. Other peers ignore the key. `window-growth`: receive windows may exceed 262144.
 */
export const FEATURES = ["window-growth"] as const;

/** Who connects, and with what (Auth.Extra). All optional on reading. */
export interface AuthExtra {
  OS: string;
  Arch: string;
  AuthToken: string;
  Version: string;
  Hostname: string;
  UserAgent: string;
  Metadata: string;
  Cookie: string;
  /** Nanoseconds. */
  HeartbeatInterval: number;
  /** Nanoseconds. */
  HeartbeatTolerance: number;
  Fingerprint: unknown;
  /** `null` or absent: client too old; `""`: supported; text: why not. */
  UpdateUnsupportedError: string | null;
  StopUnsupportedError: string | null;
  RestartUnsupportedError: string | null;
  ProxyType: string;
  MutualTLS: boolean;
  ServiceRun: boolean;
  ConfigVersion: string;
  CustomInterface: boolean;
  CustomCAs: boolean;
  ClientType: string;
  LegNumber: number;
  SallyportFeatures: string[];
}

/** The first request on each connection. */
export interface AuthRequest {
  Version: string[];
  /** `""` for a new session, else the id given before. */
  ClientId: string;
  Extra: Partial<AuthExtra>;
}

/** A notice that the client is getting old. */
export interface DeprecationWarning {
  NextMin: string;
  /** RFC 3339. */
  NextDate: string;
  Msg: string;
}

/** Facts about the session (AuthResp.Extra). May be missing as a whole, never `null`. */
export interface AuthResponseExtra {
  Version: string;
  Region: string;
  Cookie: string;
  AccountName: string;
  /** Seconds; 0 is unlimited. */
  SessionDuration: number;
  PlanName: string;
  Banner: string;
  DeprecationWarning: DeprecationWarning | null;
  ConnectAddresses: { Region: string; ServerAddr: string }[];
  AgentSessionID: string;
  SallyportFeatures: string[];
}

/** The answer to Auth. */
export interface AuthResponse {
  Version: string;
  ClientId: string;
  Error?: string;
  Extra?: Partial<AuthResponseExtra>;
}

/** Options of an endpoint, by protocol (wire-protocol 6). Kept as the peer wrote them, for the echo. */
export type BindOptions = Record<string, unknown>;

/** What else a Bind says. */
export interface BindExtra {
  Token: string;
  IPPolicyRef: string;
  Metadata: string;
  Bindings: string[] | null;
  PoolingEnabled: boolean;
  Name: string;
  Description: string;
}

/** Asks for a public address. */
export interface BindRequest {
  /** `""`: the edge assigns one; else the id from before a reconnect. */
  Id: string;
  Proto: string;
  ForwardsTo: string;
  ForwardsProto: string;
  Opts: BindOptions;
  Extra: Partial<BindExtra>;
}

/** The public address given. */
export interface BindResponse {
  Id: string;
  URL: string;
  Proto: string;
  Opts: BindOptions;
  Error?: string;
  Extra: { Token: string; TunnelID?: string };
}

/** Gives an address back. */
export interface UnbindRequest {
  Id: string;
}

/** An answer that says only whether it worked. */
export interface PlainResponse {
  Error?: string;
}

/** Starts a labeled tunnel. */
export interface LabelRequest {
  Labels: Record<string, string>;
  ForwardsTo: string;
  ForwardsProto: string;
  Metadata: string;
}

/** The answer to a labeled tunnel. */
export interface LabelResponse {
  Id: string;
  Error?: string;
}

/** Changes an endpoint without rebinding. What is absent stays. */
export interface PatchRequest {
  TunnelId: string;
  Name?: string;
  Description?: string;
  Metadata?: string;
  PoolingEnabled?: boolean;
  TrafficPolicy?: string;
}

/** Tells the agent to fetch another version of itself. */
export interface UpdateRequest {
  /** `""` is the latest. */
  Version: string;
  /** Whether another major version will do. */
  PermitMajorVersion: boolean;
}

/** Tells the agent that one of its endpoints is gone. No answer is awaited. */
export interface StopTunnelRequest {
  Id: string;
  Message: string;
  ErrorCode?: string;
}

/** What precedes the bytes of a visitor (wire-protocol 7). All keys are always present. */
export interface ProxyHeader {
  /** {@linkcode BindResponse.Id}. */
  Id: string;
  /** `ip:port`, IPv6 in brackets. */
  ClientAddr: string;
  /** The protocol of the bind; empty for labeled tunnels. */
  Proto: string;
  /** A string, never a number: `"0"` endpoint, `"1"` tcp, `"2"` tls, `"3"` https. */
  EdgeType: string;
  /** Whether the bytes are the visitor's own TLS. */
  PassthroughTLS: boolean;
}
