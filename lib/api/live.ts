/**
 * What the API must know of the running edge: who is connected, what is online, and how to reach an
 * agent. `live_edge.ts` makes one out of an edge.
 *
 * @module
 */

/** An agent that is connected. */
export interface LiveSession {
  /** `ts_…`; a KSUID, so that newer sorts later. */
  readonly id: string;
  /** Its authtoken: `cr_…`. */
  readonly credentialId: string;
  /** Its address, without port. */
  readonly ip: string;
  /** Its operating system. */
  readonly os: string;
  /** Its version. */
  readonly agentVersion: string;
  /** Its protocol: `ngrok/3`. */
  readonly transport: string;
  /** What its user's programs say about it. */
  readonly metadata: string;
  /** Where it is connected. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** An endpoint that an agent serves. */
export interface LiveEndpoint {
  /** The 27 characters behind `ep_` and `tn_`; a KSUID, so that newer sorts later. */
  readonly key: string;
  /** Whose it is. */
  readonly accountId: string;
  /** The public address. */
  readonly url: string;
  /** What visitors speak: `http`, `https`, `tcp`, `tls`. */
  readonly proto: string;
  /** The sessions that serve it. */
  readonly sessionIds: readonly string[];
  /** The authtoken of the agent. */
  readonly credentialId: string;
  /** Where the agent forwards to. */
  readonly forwardsTo: string;
  /** What the agent speaks there: `http1`, `http2`, or empty. */
  readonly upstreamProtocol: string;
  /** What the user calls it. */
  readonly name: string;
  /** For people. */
  readonly description: string;
  /** For programs. */
  readonly metadata: string;
  /** The policy the agent sent, as text; empty without one. */
  readonly trafficPolicy: string;
  /** Where it can be reached from: `public`, `internal`. */
  readonly binding: string;
  /** Whether it shares its URL. */
  readonly poolingEnabled: boolean;
  /** Where it is. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** A tunnel that has labels in place of an address. */
export interface LiveLabeledTunnel {
  /** The 27 characters behind `tn_`; a KSUID, so that newer sorts later. */
  readonly key: string;
  /** The session that serves it. */
  readonly sessionId: string;
  /** Its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where the agent forwards to. */
  readonly forwardsTo: string;
  /** For programs. */
  readonly metadata: string;
  /** Where it is. */
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** How a certificate fares that the edge gets by itself. */
export interface LiveCertificate {
  /** When it is renewed, milliseconds since 1970; `undefined` while there is none. */
  readonly renewsAtMs: number | undefined;
  /** When it began to be valid, likewise. */
  readonly issuedAtMs?: number | undefined;
  /** What stands in the way. */
  readonly trouble: {
    /** `DNS_ERROR` or `INTERNAL_ERROR`. */
    readonly errorCode: string;
    /** A sentence. */
    readonly message: string;
    /** When it was tried first, milliseconds since 1970. */
    readonly startedAtMs: number;
    /** When it is tried again, likewise. */
    readonly retriesAtMs: number;
  } | undefined;
}

/** The running edge. */
export interface LiveEdge {
  /** How the certificate of a reserved domain fares; absent where nobody runs that would know. */
  certificateOf?(domain: string): LiveCertificate | undefined;
  /** The chain of the certificate that a reserved domain got, as PEM; absent likewise. */
  chainOf?(domain: string): Promise<string | undefined>;
  /** The agents of an account. */
  sessions(accountId: string): readonly LiveSession[];
  /** The endpoints of an account. */
  endpoints(accountId: string): readonly LiveEndpoint[];
  /** The tunnels of an account that have labels; absent where there can be none. */
  labeledTunnels?(accountId: string): readonly LiveLabeledTunnel[];
  /**
   * Whose endpoint is online at a host name, and at a port when one is given.
   *
   * @returns the account, or `undefined` when nothing is online there
   */
  holderOf(host: string, port?: number): string | undefined;
  /**
   * Tells an agent to stop, or to restart.
   *
   * @throws {TunnelError} refused with 804 to 808; anything with 810; not_found
   */
  commandSession(id: string, command: "stop" | "restart"): Promise<void>;
  /**
   * Tells an agent to become another version of the same major.
   *
   * @param version empty is the latest
   * @throws {TunnelError} refused with 806 or 809; anything with 810; not_found
   */
  updateSession(id: string, version: string): Promise<void>;
}
