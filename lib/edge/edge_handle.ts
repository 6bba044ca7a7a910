/**
 * What whoever starts an edge holds in hand: where its doors stand, who is there, and how to end
 * sessions, endpoints and the edge itself. `edge.ts` makes one.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import type { Address } from "../runtime/net.ts";
import type { Sealer } from "../store/seal.ts";
import type { Store } from "../store/store.ts";
import type { CertificateRecord } from "./certificates/acme_shelf.ts";
import type { UpdateWish } from "./commands.ts";
import type { EdgeOptions } from "./config.ts";
import type { PortRange } from "./door_tcp.ts";
import type { IdentityChange } from "./enforcement.ts";
import type { EndpointInfo, SessionInfo } from "./info.ts";
import type { LabeledTunnel } from "./labeled_tunnels.ts";
import type { HostServer } from "./mounts.ts";
import type { OpsSource } from "./ops_pages.ts";
import type { Reconfigured } from "./reload.ts";

/** Where the doors of an edge stand. */
export interface EdgeAddresses {
  /** HTTP visitors. */
  readonly http?: Address;
  /** HTTPS visitors, and those of TLS endpoints unless these have a door of their own. */
  readonly https?: Address;
  /** Visitors of TLS endpoints, when they have a door of their own. */
  readonly tls?: Address;
  /** Agents, when they have a door of their own. */
  readonly agents?: Address;
  /** Programs on this machine, for the API. */
  readonly api?: Address;
  /** Programs that watch the edge. */
  readonly metrics?: Address;
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
  /** The owner's API key, likewise. */
  readonly newApiKey: string | undefined;
  /**
   * Where the API is for everybody, without a slash at the end: `https://api.<domain>`; `undefined`
   * on an embedded edge, which has none. Somebody has to serve it.
   */
  readonly apiUrl: string | undefined;
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

/**
 * A running edge as the rest of the program sees it: what the API, the command line and a cluster
 * need besides {@linkcode Edge}. `launchEdge` gives one.
 */
export interface EdgeInside extends Edge {
  /** The base domains, the first one included. */
  readonly domains: readonly string[];
  /** Where the edge is; empty when nobody said. */
  readonly region: string;
  /** The ports that stand in URLs of endpoints; absent without such a door. */
  readonly publicPorts: { readonly http?: number; readonly https?: number };
  /** The ports tcp endpoints may have; `undefined` when there are none, or any. */
  readonly tcpRange: PortRange | undefined;
  /** The account that the edge began with; `undefined` on an embedded edge. */
  readonly ownerAccountId: string | undefined;
  /** Accounts and what belongs to them; `undefined` on an embedded edge. The edge closes it. */
  readonly store: Store | undefined;
  /** Seals secrets that lie in the store; `undefined` likewise. */
  readonly sealer: Sealer | undefined;
  /**
   * Something in the store has changed, and is on the disk: agents who may not stay are cut, the
   * others get their new rules. Whoever writes to the store says so, or has it said.
   *
   * @param change whose; everybody's without it
   * @returns when it is done. Never rejects
   */
  identityChanged(change?: IdentityChange): Promise<void>;
  /** The tunnels that have labels in place of an address: no visitor comes to them. */
  labeledTunnels(): readonly LabeledTunnel[];
  /** The certificates that are got automatically, and how they fare. */
  certificates(): CertificateRecord[];
  /** The record that a name's own certificate has, or will have; the name may be a wildcard. */
  certificateOf(name: string): CertificateRecord | undefined;
  /** The chain of the certificate that a name got automatically, as PEM. */
  chainOf(name: string): Promise<string | undefined>;
  /** Looks at the operator's certificate files now. */
  reloadCertificates(): Promise<void>;
  /**
   * Lets somebody serve the API: at `api.<domain>` of each base domain, on the http and https doors
   * and at the door that is there for it.
   *
   * @param atItsDoor who serves that door instead
   */
  mountApi(serve: HostServer, atItsDoor?: HostServer): void;
  /**
   * Makes these its options, as far as they can change while it runs.
   *
   * @returns what has changed, and what would take a restart
   * @throws {TunnelError} config_invalid; nothing has changed then
   */
  reconfigure(options: EdgeOptions): Promise<Reconfigured>;
  /** What machines that watch the edge may see; `undefined` on an embedded edge. */
  readonly ops: OpsSource | undefined;
}
