/**
 * What the page reads from the API: of each object the fields it shows, spelt as they come.
 *
 * @module
 */

/** A reference to another object. */
export interface Ref {
  /** Its id. */
  readonly id: string;
}

/** A public address that is online. */
export interface Endpoint {
  /** `ep_…`. */
  readonly id: string;
  /** The public address. */
  readonly url?: string;
  /** The same, in older words. */
  readonly public_url?: string;
  /** What visitors speak. */
  readonly proto?: string;
  /** `ephemeral` when an agent serves it, `cloud` when the edge does. */
  readonly type?: string;
  /** What the user calls it. */
  readonly name?: string;
  /** What the user says about it. */
  readonly description?: string;
  /** Where the agent forwards to. */
  readonly upstream_url?: string;
  /** Whose session. */
  readonly tunnel_session?: Ref | null;
  /** When it came online, RFC 3339. */
  readonly created_at: string;
}

/** An agent that is connected. */
export interface Session {
  /** `ts_…`. */
  readonly id: string;
  /** Its version. */
  readonly agent_version?: string;
  /** Its authtoken. */
  readonly credential?: Ref | null;
  /** Its address. */
  readonly ip?: string;
  /** What its user's programs say about it. */
  readonly metadata?: string;
  /** Its operating system. */
  readonly os?: string;
  /** Since when, RFC 3339. */
  readonly started_at: string;
  /** Its protocol. */
  readonly transport?: string;
}

/** An authtoken. */
export interface Credential {
  /** `cr_…`. */
  readonly id: string;
  /** For people. */
  readonly description?: string;
  /** What it may open; empty is everything. */
  readonly acl?: readonly string[] | null;
  /** When it was made, RFC 3339. */
  readonly created_at: string;
  /** The token itself: only in the answer to its making. */
  readonly token?: string | null;
}

/** A name that belongs to the account. */
export interface Domain {
  /** `rd_…`. */
  readonly id: string;
  /** The name. */
  readonly domain: string;
  /** For people. */
  readonly description?: string;
  /** Where its DNS has to point, when it is not one of the edge's own. */
  readonly cname_target?: string | null;
  /** An uploaded certificate. */
  readonly certificate?: Ref | null;
  /** How a certificate is got. */
  readonly certificate_management_policy?: { readonly authority?: string } | null;
  /** How that goes. */
  readonly certificate_management_status?: {
    /** When it gets the next one, RFC 3339. */
    readonly renews_at?: string | null;
    /** What it is at, or failed at. */
    readonly provisioning_job?:
      | { readonly error_code?: string | null; readonly msg?: string }
      | null;
  } | null;
  /** When it was reserved, RFC 3339. */
  readonly created_at: string;
}

/** What has passed through an endpoint since it came online. */
export interface EndpointTraffic {
  /** `ep_…`. */
  readonly id: string;
  /** Requests; connections, where it is not HTTP. */
  readonly requests: number;
  /** Those that are not over. */
  readonly open: number;
  /** Bytes from visitors. */
  readonly in_bytes: number;
  /** Bytes to visitors. */
  readonly out_bytes: number;
}

/** What is measured of a session. */
export interface SessionHealth {
  /** `ts_…`. */
  readonly id: string;
  /** The last round trip; `null` before the first. */
  readonly latency_ms: number | null;
  /** What it carries. */
  readonly open: number;
  /** The endpoints it serves: `ep_…`. */
  readonly endpoint_ids: readonly string[];
}

/** What the edge says about itself. */
export interface EdgeStatus {
  /** Its first base domain. */
  readonly domain: string;
  /** Its version. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started_at_ms: number;
  /** Where agents connect: `host:port`; `null` when no door lets them in. */
  readonly connect_address: string | null;
  /** Whether its certificates are signed by an authority of its own. */
  readonly has_ca: boolean;
}

/** A moment of the edge: what changes all the time, in one answer. */
export interface Live {
  /** When it was, by the edge's clock: milliseconds since 1970. */
  readonly at_ms: number;
  /** The edge itself. */
  readonly edge: EdgeStatus;
  /** The account's endpoints. */
  readonly endpoints: readonly EndpointTraffic[];
  /** The account's sessions. */
  readonly sessions: readonly SessionHealth[];
}
