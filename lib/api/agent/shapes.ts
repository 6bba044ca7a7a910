/**
 * What the agent's API says beyond the documented one: exchanges in full, their replay, and what
 * happens as it happens. The server writes these shapes and the inspector's page reads them; both
 * import this file and nothing else of each other.
 *
 * Bytes are base64. Times are RFC 3339 in UTC, durations milliseconds. What is not there (yet) is
 * `null`, never left out.
 *
 * @module
 */

/** Where the parts of it are. */
export const AGENT_PATHS = {
  /** GET lists (`limit`, `before`, `endpoint_name`, `q`), DELETE clears. */
  exchanges: "/api/inspect/exchanges",
  /** GET one; POST `…/{id}/replay` with a {@linkcode ReplayBody}. */
  exchange: "/api/inspect/exchanges/{id}",
  /** GET: a {@linkcode HeaderWordsJson}, of the newest exchanges. */
  headers: "/api/inspect/headers",
  /** GET exports what is kept, POST imports: HAR 1.2. */
  har: "/api/inspect/har",
  /** GET: a {@linkcode StatusJson}. */
  status: "/api/inspect/status",
  /** GET: server-sent events, each a {@linkcode AgentApiEvent} under its `type` as event name. */
  events: "/api/events",
} as const;

/** An exchange as lists have it. */
export interface ExchangeSummary {
  /** `airt_…`. */
  readonly id: string;
  /** The local name of its endpoint. */
  readonly endpoint_name: string;
  /** The public URL of its endpoint. */
  readonly endpoint_url: string;
  /** Who asked: `ip:port`. */
  readonly client_addr: string;
  /** When its first byte came. */
  readonly started_at: string;
  /** As written. */
  readonly method: string;
  /** Path and query as written. */
  readonly target: string;
  /** The `Host` header; empty without one. */
  readonly host: string;
  /** Of the response. */
  readonly status: number | null;
  /** How far it is. */
  readonly state: "open" | "complete" | "cut";
  /** What cut it. */
  readonly error: string | null;
  /** What it became. */
  readonly kind: "http" | "websocket" | "sse" | "grpc";
  /** Of the request's body. */
  readonly request_bytes: number;
  /** Of the response's body. */
  readonly response_bytes: number;
  /** The response's `Content-Type`. */
  readonly response_type: string | null;
  /** Until the response began. */
  readonly first_byte_ms: number | null;
  /** Until all was over. */
  readonly duration_ms: number | null;
  /** Messages so far, those included that are not kept. */
  readonly message_count: number;
  /** The exchange it repeats. */
  readonly replay_of: string | null;
}

/** A header line: name and value as written. */
export type HeaderJson = readonly [name: string, value: string];

/** What was kept of a body. */
export interface BodyJson {
  /** Its beginning, as it passed. */
  readonly base64: string;
  /** How much has passed. */
  readonly total_bytes: number;
  /** Whether more has passed than was kept. */
  readonly truncated: boolean;
  /** The same without its content coding; `null` when it has none. */
  readonly decoded: {
    /** As the header names it. */
    readonly coding: string;
    /** As far as it could be undone, up to the limit of a capture. */
    readonly base64: string;
    /** What went wrong, or was left out. */
    readonly error: string | null;
  } | null;
}

/** A message with lines and body. */
export interface MessagePartsJson {
  /** `1.0`, `1.1` or `2`. */
  readonly version: string;
  /** In order. */
  readonly headers: readonly HeaderJson[];
  /** Behind a chunked body. */
  readonly trailers: readonly HeaderJson[];
  /** The head, byte for byte. */
  readonly head_base64: string;
  /** What follows it. */
  readonly body: BodyJson;
}

/** A message inside of an exchange. */
export interface StreamMessageJson {
  /** What it is. */
  readonly kind: "websocket" | "sse" | "grpc";
  /** Who sent it. */
  readonly from: "visitor" | "service";
  /** Since the exchange began. */
  readonly at_ms: number;
  /** Of its payload. */
  readonly size_bytes: number;
  /** The beginning of the payload. */
  readonly preview_base64: string;
  /** Whether the payload is longer. */
  readonly truncated: boolean;
  /** WebSocket. */
  readonly opcode: number | null;
  /** WebSocket: whether it ends its message. */
  readonly final: boolean | null;
  /** WebSocket, gRPC: whether it came compressed. Size and preview are inflated where they could be. */
  readonly compressed: boolean | null;
  /** WebSocket: of a close frame. */
  readonly close_code: number | null;
  /** SSE. */
  readonly event_name: string | null;
  /** SSE. */
  readonly event_id: string | null;
}

/** An exchange in full. */
export interface ExchangeDetail extends ExchangeSummary {
  /** What was asked. */
  readonly request: MessagePartsJson;
  /** What came back. */
  readonly response: (MessagePartsJson & { readonly reason: string }) | null;
  /** Until the request was complete. */
  readonly request_ms: number | null;
  /** The newest ones. */
  readonly messages: readonly StreamMessageJson[];
  /** Older ones that are not kept. */
  readonly dropped_messages: number;
}

/** A page of a list, newest first. */
export interface ExchangeListJson {
  /** Those that match. */
  readonly exchanges: readonly ExchangeSummary[];
  /** How many are kept, whether they match or not. */
  readonly kept: number;
  /** Bytes they cost, and may cost; 0 when nothing is captured. */
  readonly size_bytes: number;
  /** What they may cost. */
  readonly max_bytes: number;
}

/** A header that passed lately. */
export interface HeaderWordJson {
  /** In small letters. */
  readonly name: string;
  /** In how many exchanges. */
  readonly count: number;
  /** What it said, the most frequent first; long values and rare ones are left out. */
  readonly values: readonly string[];
}

/** The headers that passed lately: what a filter can ask for. */
export interface HeaderWordsJson {
  /** The most frequent first. */
  readonly headers: readonly HeaderWordJson[];
}

/** What to send in the place of what was captured; what is left out is sent as it was. */
export interface ReplayBody {
  /** How often. @default {1} */
  readonly times?: number;
  /** Another endpoint, whose service gets it. */
  readonly endpoint_name?: string;
  /** Another method. */
  readonly method?: string;
  /** Another path and query. */
  readonly target?: string;
  /** Other lines. */
  readonly headers?: readonly HeaderJson[];
  /** Other trailers. */
  readonly trailers?: readonly HeaderJson[];
  /** Another body. */
  readonly body_base64?: string;
}

/** What a replay made. */
export interface ReplayAnswer {
  /** The exchanges, in order. */
  readonly ids: readonly string[];
}

/** Rates a second over 1, 5 and 15 minutes, and percentiles in nanoseconds, as in `/api/tunnels`. */
export interface MetricsJson {
  /** Since the endpoint began. */
  readonly count: number;
  /** Under way; connections only. */
  readonly gauge?: number;
  /** Over one minute. */
  readonly rate1: number;
  /** Over five. */
  readonly rate5: number;
  /** Over fifteen. */
  readonly rate15: number;
  /** Half took no longer. */
  readonly p50: number;
  /** Nine in ten. */
  readonly p90: number;
  /** Nineteen in twenty. */
  readonly p95: number;
  /** Ninety-nine in a hundred. */
  readonly p99: number;
}

/** An endpoint on the status page. */
export interface EndpointStatusJson {
  /** The local name. */
  readonly name: string;
  /** The public URL. */
  readonly url: string;
  /** Where it leads. */
  readonly upstream: string;
  /** Whether it can be visited now. */
  readonly online: boolean;
  /** Whether its exchanges are kept. */
  readonly inspect: boolean;
  /** Connections. */
  readonly conns: MetricsJson;
  /** Requests. */
  readonly http: MetricsJson;
}

/** The agent as the status page shows it. */
export interface StatusJson {
  /** The program. */
  readonly version: string;
  /** When it began. */
  readonly started_at: string;
  /** The session with the edge. */
  readonly session: {
    /** How it stands. */
    readonly status: "connecting" | "online" | "reconnecting" | "closing";
    /** What went wrong last. */
    readonly error: string | null;
    /** Where it leads: `host:port`; empty with an edge in this process. */
    readonly connect_url: string;
    /** Whose. */
    readonly account: string;
    /** Where the edge says it is. */
    readonly region: string;
    /** The last round trip. */
    readonly latency_ms: number | null;
  };
  /** All of them. */
  readonly endpoints: readonly EndpointStatusJson[];
  /** Settings, as words: secrets are HIDDEN. */
  readonly config: Readonly<Record<string, string>>;
  /** What the edge wants people to see. */
  readonly notices: readonly string[];
}

/** What happens, as it happens. */
export type AgentApiEvent =
  | {
    /** An exchange is new, or has changed. */
    readonly type: "exchange.added" | "exchange.updated";
    /** As it is now. */
    readonly exchange: ExchangeSummary;
  }
  | {
    /** An exchange had to make room. */
    readonly type: "exchange.evicted";
    /** Which. */
    readonly id: string;
  }
  | {
    /** All exchanges were thrown away. */
    readonly type: "exchange.cleared";
  }
  | {
    /** The session, an endpoint or a number has changed; at most once a second. */
    readonly type: "status";
    /** As it is now. */
    readonly status: StatusJson;
  };
