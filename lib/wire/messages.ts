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
  /** The operating system, as Go names it. */
  OS: string;
  /** The processor, as Go names it. */
  Arch: string;
  /** Who the agent is. A secret. */
  AuthToken: string;
  /** The agent's own version. */
  Version: string;
  /** The name of the agent's machine. */
  Hostname: string;
  /** The products the agent is made of. */
  UserAgent: string;
  /** Text of the user that APIs show with the session. */
  Metadata: string;
  /** What the server said last, or `""`. */
  Cookie: string;
  /** Nanoseconds. */
  HeartbeatInterval: number;
  /** Nanoseconds. */
  HeartbeatTolerance: number;
  /** A v2 agent's hashes of its machine; not used. */
  Fingerprint: unknown;
  /** `null` or absent: client too old; `""`: supported; text: why not. */
  UpdateUnsupportedError: string | null;
  /** As above, for stopping. */
  StopUnsupportedError: string | null;
  /** As above, for restarting. */
  RestartUnsupportedError: string | null;
  /** By which kind of proxy it came; `""` for none. */
  ProxyType: string;
  /** Whether the agent presents a certificate of its own to the edge. */
  MutualTLS: boolean;
  /** Whether it runs as a service of its system. */
  ServiceRun: boolean;
  /** The version of its configuration file. */
  ConfigVersion: string;
  /** Whether its local web interface was changed. */
  CustomInterface: boolean;
  /** Whether it trusts other authorities than the system's. */
  CustomCAs: boolean;
  /** The library or program it is. */
  ClientType: string;
  /** Which of several connections of one session this is, from 0. */
  LegNumber: number;
  /** What it can do beyond the protocol: {@linkcode FEATURES}. */
  SallyportFeatures: string[];
}

/** The first request on each connection. */
export interface AuthRequest {
  /** The protocol versions it speaks, most wanted first. */
  Version: string[];
  /** `""` for a new session, else the id given before. */
  ClientId: string;
  /** Who it is. */
  Extra: Partial<AuthExtra>;
}

/** A notice that the client is getting old. */
export interface DeprecationWarning {
  /** The lowest version that will be accepted. */
  NextMin: string;
  /** RFC 3339. */
  NextDate: string;
  /** The words for the user. */
  Msg: string;
}

/** Facts about the session (AuthResp.Extra). May be missing as a whole, never `null`. */
export interface AuthResponseExtra {
  /** The server's own version. */
  Version: string;
  /** Where the server is. */
  Region: string;
  /** To be sent back when the session is resumed. */
  Cookie: string;
  /** Whose account it is. */
  AccountName: string;
  /** Seconds; 0 is unlimited. */
  SessionDuration: number;
  /** The plan of the account. */
  PlanName: string;
  /** A line to show to the user. */
  Banner: string;
  /** Set when the client is getting old. */
  DeprecationWarning: DeprecationWarning | null;
  /** Where further connections of the session may go. */
  ConnectAddresses: { Region: string; ServerAddr: string }[];
  /** The name of the session in APIs. */
  AgentSessionID: string;
  /** What the server can do beyond the protocol. */
  SallyportFeatures: string[];
}

/** The answer to Auth. */
export interface AuthResponse {
  /** The protocol version chosen. */
  Version: string;
  /** The id of the session, to resume it with. */
  ClientId: string;
  /** Why not, in words, with the `ERR_NGROK_n` on a line of its own. */
  Error?: string;
  /** Facts about the session. */
  Extra?: Partial<AuthResponseExtra>;
}

/** Options of an endpoint, by protocol (wire-protocol 6). Kept as the peer wrote them, for the echo. */
export type BindOptions = Record<string, unknown>;

/** What else a Bind says. */
export interface BindExtra {
  /** The secret that takes an address over, from before a reconnect. */
  Token: string;
  /** An IP policy by its name. */
  IPPolicyRef: string;
  /** Text of the user that APIs show with the endpoint. */
  Metadata: string;
  /** Who may reach it: `public`, `internal`, `kubernetes`. */
  Bindings: string[] | null;
  /** Whether others may hold the same address at the same time. */
  PoolingEnabled: boolean;
  /** Its name in APIs. */
  Name: string;
  /** Its description in APIs. */
  Description: string;
}

/** Asks for a public address. */
export interface BindRequest {
  /** `""`: the edge assigns one; else the id from before a reconnect. */
  Id: string;
  /** What visitors speak: http, https, tcp, tls. */
  Proto: string;
  /** The upstream in words, for display only. */
  ForwardsTo: string;
  /** What the upstream speaks: `""`, `http1`, `http2`. */
  ForwardsProto: string;
  /** What is asked for, by protocol. */
  Opts: BindOptions;
  /** What else is asked for. */
  Extra: Partial<BindExtra>;
}

/** The public address given. */
export interface BindResponse {
  /** The id of the bind, kept over reconnects. */
  Id: string;
  /** The public address. */
  URL: string;
  /** As asked for. */
  Proto: string;
  /** As asked for, with the choices of the server filled in. */
  Opts: BindOptions;
  /** Why not, in words. */
  Error?: string;
  /** The secret for take-over, and the name in APIs. */
  Extra: { Token: string; TunnelID?: string };
}

/** Gives an address back. */
export interface UnbindRequest {
  /** {@linkcode BindResponse.Id}. */
  Id: string;
}

/** An answer that says only whether it worked. */
export interface PlainResponse {
  /** Why not, in words; `""` or absent when it worked. */
  Error?: string;
}

/** Starts a labeled tunnel. */
export interface LabelRequest {
  /** The labels it answers to. */
  Labels: Record<string, string>;
  /** The upstream in words, for display only. */
  ForwardsTo: string;
  /** What the upstream speaks. */
  ForwardsProto: string;
  /** Text of the user. */
  Metadata: string;
}

/** The answer to a labeled tunnel. */
export interface LabelResponse {
  /** The id of the tunnel. */
  Id: string;
  /** Why not, in words. */
  Error?: string;
}

/** Changes an endpoint without rebinding. What is absent stays. */
export interface PatchRequest {
  /** The name in APIs: `Extra.TunnelID` of the bind's answer. */
  TunnelId: string;
  /** A new name. */
  Name?: string;
  /** A new description. */
  Description?: string;
  /** New text of the user. */
  Metadata?: string;
  /** Whether others may hold the same address. */
  PoolingEnabled?: boolean;
  /** A new traffic policy, as text. */
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
  /** {@linkcode BindResponse.Id}. */
  Id: string;
  /** Why, in words. */
  Message: string;
  /** Why, as `ERR_NGROK_n`. */
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
