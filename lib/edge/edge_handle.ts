/**
 * What whoever starts an edge holds in hand: where its doors stand, who is there, and how to end
 * sessions, endpoints and the edge itself. `edge.ts` makes one.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import type { Address } from "../runtime/net.ts";
import type { UpdateWish } from "./commands.ts";
import type { EndpointInfo, SessionInfo } from "./info.ts";

/** Where the doors of an edge stand. */
export interface EdgeAddresses {
  /** HTTP visitors. */
  readonly http?: Address;
  /** HTTPS and TLS visitors. */
  readonly https?: Address;
  /** Agents, when they have a door of their own. */
  readonly agents?: Address;
}

/** How an edge ends. */
export interface CloseOptions {
  /** How long visitors may take to finish. @default the limit `closeGraceMs` */
  readonly graceMs?: number;
}

/** A running edge. */
export interface Edge extends AsyncDisposable {
  /** The first base domain. */
  readonly domain: string;
  /** Where its doors stand, with the ports that were taken. */
  readonly addresses: EdgeAddresses;
  /** What agents are told to connect to: `host:port`; `undefined` when no door lets them in. */
  readonly connectAddress: string | undefined;
  /** The certificate of its authority, when it has a TLS door. */
  readonly caPem: string | undefined;
  /** Where that lies, when there is a data folder. */
  readonly caPath: string | undefined;
  /** The owner's authtoken when it was made just now: it is told once and never again. */
  readonly newAuthtoken: string | undefined;
  /**
   * Takes the connection of an agent that came another way than through a door: in memory, or
   * after a handshake of the caller's.
   *
   * @param carrier owned by the edge from now on
   * @param remote where it comes from. @default loopback
   */
  acceptAgent(carrier: Duplex, remote?: Address): void;
  /** The endpoints that are online. */
  endpoints(): EndpointInfo[];
  /** The agents that are connected. */
  sessions(): SessionInfo[];
  /**
   * Tells an agent to stop, or to restart.
   *
   * @throws {TunnelError} not_found; refused with 804 to 808; timed_out … with 810
   */
  commandSession(id: string, command: "stop" | "restart"): Promise<void>;
  /**
   * Tells an agent to become another version.
   *
   * @throws {TunnelError} not_found; refused with 806 or 809; timed_out … with 810
   */
  updateSession(id: string, wish?: UpdateWish): Promise<void>;
  /**
   * Ends a session. The agent may dial again: to keep it out, take its authtoken away.
   *
   * @throws {TunnelError} not_found
   */
  closeSession(id: string): Promise<void>;
  /**
   * Takes an endpoint offline and tells its agent why.
   *
   * @param id the bind id
   * @param message for the agent's user
   * @param ngrokCode the number behind it, if any
   * @throws {TunnelError} not_found
   */
  stopEndpoint(id: string, message: string, ngrokCode?: number): void;
  /** Lets nobody in any more, lets visitors finish, then says goodbye to the agents. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
}
