/**
 * What the two halves of the edge know of each other: the side that talks to agents registers
 * endpoints, the side that talks to visitors finds them and opens streams on them.
 *
 * @module
 */
import type { CompiledPolicy } from "../policy/engine.ts";
import type { Conn } from "../runtime/net.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { BindOptions } from "../wire/messages.ts";
import type { MemberLoad } from "./balance.ts";
import type { TlsTermination } from "./tls_termination.ts";
import type { Traffic } from "./traffic.ts";

/** The protocols an endpoint can have. */
export type EndpointProto = "http" | "https" | "tcp" | "tls";

/** Who stands at the door. */
export interface Visitor {
  /** `ip:port`, IPv6 in brackets: ClientAddr of the proxy header. */
  readonly clientAddr: string;
  /** Whether the bytes that will follow are the visitor's own TLS. */
  readonly passthroughTls: boolean;
}

/** What an endpoint knows as a member of a pool. */
export interface Pooled {
  /** How fast it answers and how much it has to do; the relays report. */
  readonly load: MemberLoad;
  /** How long a visitor waits for the first byte before the agent is asked whether it lives. */
  readonly doubtMs: number;
  /** How long the agent may take to answer that. */
  readonly doubtAnswerMs: number;
}

/** A public address that is online: one endpoint, or a pool that gives one for each visitor. */
export interface Endpoint {
  /** The bind id. */
  readonly id: string;
  /** As shown to the user: `https://host`, `tcp://host:port`. */
  readonly url: string;
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** Lower-case host name. */
  readonly host: string;
  /** The public port. */
  readonly port: number;
  /** Whose it is. */
  readonly accountId: string;
  /** The agent's words about its upstream, for error pages. */
  readonly forwardsTo: string;
  /** What the service speaks: empty, `http1` or `http2`. */
  readonly forwardsProto: string;
  /** What the agent asked for, checked. */
  readonly options: BindOptions;
  /**
   * How its TLS ends at the edge: `undefined` passes a `tls` endpoint through, and ends that of an
   * `https` endpoint as always.
   */
  readonly termination: TlsTermination | undefined;
  /** What is done with its traffic on the way; `undefined` is nothing, and costs nothing. */
  readonly policy?: CompiledPolicy | undefined;
  /** What passes through it; the relays count. */
  readonly traffic: Traffic;
  /**
   * Opens a stream to the agent with the proxy header written; waits, within limits, while the
   * agent has as many streams as it can take.
   *
   * @throws {TunnelError} session_closed (agent went away), streams_exhausted, timed_out
   */
  openStream(visitor: Visitor): Promise<MuxStream>;
  /**
   * The member that serves the next request or connection: choose first, then run its policy and
   * open on it. Only pools have this.
   *
   * @param tried members that could not
   * @returns `undefined` when nobody is left to try
   */
  pick?(tried?: ReadonlySet<Endpoint>): Endpoint | undefined;
  /** Set while it is a member of a pool. */
  readonly pooled?: Pooled | undefined;
  /**
   * Asks the agent at the other end of a stream for a sign of life; only endpoints of agents have this.
   *
   * @param stream opened here
   * @param limitMs how long the answer may take
   */
  isAlive?(stream: MuxStream, limitMs: number): Promise<boolean>;
}

/** The endpoints that are online. */
export interface EndpointTable {
  /** The endpoint of a name: exact first, then the most specific wildcard. */
  find(proto: EndpointProto, host: string): Endpoint | undefined;
  /** All of them. */
  all(): Iterable<Endpoint>;
}

/** Opens and frees the ports of TCP endpoints. */
export interface TcpPorts {
  /**
   * Opens a port.
   *
   * @param wanted this port, or `undefined` for a free one of the range
   * @param onConnection gets each visitor
   * @returns the port
   * @throws {TunnelError} address_in_use, address_not_available (outside of the range, or the range is full)
   */
  claim(wanted: number | undefined, onConnection: (conn: Conn) => void): Promise<number>;
  /** Frees it; visitors already there go on. */
  release(port: number): Promise<void>;
}
