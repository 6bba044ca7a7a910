/**
 * Who has which public address: puts endpoints online, hands them over after a reconnect, takes
 * them from holders that are dead, and keeps them a while for agents that lost their connection.
 *
 * Who may have a place that somebody serves already:
 * - the same agent with the bind's token, at once: it has reconnected before we saw the old
 *   connection die (wire-protocol 8.1); another leg number joins instead (8.2);
 * - another session of the same account, when the holder does not answer a ping;
 * - anybody of the same account beside those who are there, when all of them enable pooling;
 * - nobody else (error 334, or 320 and 309 for another account).
 *
 * Called by `bind.ts` with requests that passed every other check.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { ksuid, KSUID_CHARS } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { CompiledPolicy } from "../policy/engine.ts";
import type { Conn } from "../runtime/net.ts";
import { AgentEndpoint, type EndpointFacts, type EndpointMember } from "./agent_endpoint.ts";
import type { Grant } from "./auth.ts";
import type { ReadBind } from "./bind_message.ts";
import type { Endpoint, EndpointProto, TcpPorts } from "./endpoint.ts";
import { canShare, endpointKey, type EndpointRegistry, placeOf } from "./endpoints.ts";
import type { EdgeEvent } from "./events.ts";
import type { EndpointBinding } from "./internal_address.ts";
import { type LabeledTunnel, LabeledTunnels, type LabelWish } from "./labeled_tunnels.ts";
import { readTermination, sameTermination } from "./tls_termination.ts";

/** A session that binds. */
export interface BindingSession extends EndpointMember {
  /** What its authtoken allows. */
  readonly grant: Grant;
}

/** What giving places away needs. */
export interface PlacesOptions {
  /** The endpoints that are online. */
  readonly registry: EndpointRegistry;
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Hears what happens. */
  readonly emit: (event: EdgeEvent) => void;
  /** Opens ports; with none there are no tcp endpoints. */
  readonly tcpPorts: TcpPorts | undefined;
  /** Carries a visitor of a tcp endpoint. */
  readonly onTcpVisitor: (conn: Conn, endpoint: Endpoint) => void;
  /** Addresses one session may have. */
  readonly maxEndpointsPerSession: number;
  /** How long the holder of a wanted name may take to answer. */
  readonly holderPingMs: number;
  /** How long the address of a lost session is kept for its agent. */
  readonly holdMs: number;
}

/** A bind that passed every check and wants its place. */
export interface Plan {
  /** Who asks. */
  readonly session: BindingSession;
  /** What was asked. */
  readonly bind: ReadBind;
  /** What is done with the traffic on the way. */
  readonly policy?: CompiledPolicy | undefined;
  /** The id the endpoint gets. */
  readonly id: string;
  /** What visitors will speak. */
  readonly proto: EndpointProto;
  /** The name. */
  readonly host: string;
  /** Where it can be reached from. */
  readonly binding: EndpointBinding;
  /** The public port; `undefined` is any tcp port. */
  readonly port: number | undefined;
  /** Ports that are not for whoever wants any. */
  readonly reservedPorts: ReadonlySet<number>;
  /** Whether a token of ours proves that the id was the agent's before. */
  readonly proven: boolean;
}

/** Random ports tried before one that is kept for another agent is given away after all. */
const MAX_PORT_TRIES = 16;

/** Gives public addresses away and takes them back. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #bySession = new Map<EndpointMember, Set<AgentEndpoint>>();
  readonly #labeled = new LabeledTunnels();

  /**
   * Makes the book of places; all are free.
   *
   * @param options registry, ports, limits
   */
  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** The endpoints that a session serves. */
  endpointsOf(session: EndpointMember): readonly AgentEndpoint[] {
    return [...this.#bySession.get(session) ?? []];
  }

  /** The tunnels that have labels in place of an address. */
  get labeled(): readonly LabeledTunnel[] {
    return this.#labeled.all;
  }

  /**
   * Starts a tunnel that needs no place, for it has labels.
   *
   * @throws {TunnelError} refused with 301, 324, 394 or 399; session_closed
   */
  startLabeled(session: BindingSession, wish: LabelWish): LabeledTunnel {
    this.#checkWelcome(session);
    return this.#labeled.start(session, wish, this.#options.clock.now());
  }

  /**
   * Gives an endpoint its place.
   *
   * @param plan what was asked and may be had
   * @throws {TunnelError} refused with 307, 309, 320, 324, 334 or 335; session_closed
   */
  take(plan: Plan): Promise<AgentEndpoint> {
    this.#checkWelcome(plan.session);
    if (plan.port === undefined) return this.#create(plan);
    const key = this.#keyOf(plan, plan.port);
    return this.#options.registry.exclusively(key, () => this.#takeAt(plan, key));
  }

  /**
   * Takes an address back. An id that the session does not serve is fine: SDKs unbind twice, and a
   * session that was displaced may unbind what is no longer its own (wire-protocol 5.3).
   */
  unbind(session: EndpointMember, id: string): void {
    const endpoint = this.#options.registry.byId(id);
    if (endpoint?.hasMember(session)) this.takeOffline(endpoint);
    else this.#labeled.stop(session, id);
  }

  /** A session is over: what only it served goes offline, and is kept for its agent a while. */
  sessionEnded(session: EndpointMember): void {
    const { registry, clock, holdMs } = this.#options;
    for (const endpoint of this.endpointsOf(session)) {
      if (!endpoint.leave(session)) continue;
      this.takeOffline(endpoint);
      // What others still serve needs no keeping.
      if (!registry.at(placeOf(endpoint.facts))) registry.hold(endpoint, clock.steady() + holdMs);
    }
    this.#bySession.delete(session);
    this.#labeled.sessionEnded(session);
  }

  /** Takes an endpoint offline, whoever serves it. */
  takeOffline(endpoint: AgentEndpoint): void {
    const { registry, tcpPorts, clock, logger, emit } = this.#options;
    if (!registry.remove(endpoint)) return;
    for (const member of endpoint.members) {
      endpoint.leave(member);
      this.#bySession.get(member)?.delete(endpoint);
    }
    if (hasPort(endpoint.facts) && !registry.at(placeOf(endpoint.facts))) {
      tcpPorts?.release(endpoint.port).catch((thrown) => {
        const { message } = toTunnelError(thrown);
        logger.log("error", "port was not freed", { port: endpoint.port, error: message });
      });
    }
    const { id: endpointId, url, accountId } = endpoint;
    emit({ type: "endpoint_ended", atMs: clock.now(), endpointId, url, accountId });
  }

  /** Takes a known place, with nobody else trying for it meanwhile. */
  async #takeAt(plan: Plan, key: string): Promise<AgentEndpoint> {
    const { registry, clock } = this.#options;
    const { accountId } = plan.session.grant;
    const place = registry.at(key);
    const owner = place?.accountId ?? registry.heldFor(key, clock.steady())?.accountId;
    if (owner !== undefined && owner !== accountId) {
      throw plan.proto === "tcp"
        ? refuse(309, `Cannot bind "${plan.host}:${plan.port}": it belongs to another account`)
        : refuse(320, `Cannot bind "${plan.host}": it belongs to another account`);
    }
    const own = plan.proven &&
      registry.membersAt(key).find((holder) => isSameBinding(holder, plan));
    if (own) return this.#rejoin(own, plan);
    for (const holder of registry.membersAt(key)) {
      if (isPredecessor(holder, plan.session)) this.takeOffline(holder);
    }
    const holders = registry.membersAt(key);
    if (holders.length > 0 && !this.#mayShare(key, plan)) await this.#evict(holders, plan);
    return await this.#create(plan);
  }

  #mayShare(key: string, plan: Plan): boolean {
    const place = this.#options.registry.at(key);
    return !place || canShare(place, {
      proto: plan.proto,
      poolingEnabled: wantsPooling(plan),
      options: plan.bind.options,
    });
  }

  /** The same agent is back, or has another leg. */
  #rejoin(holder: AgentEndpoint, plan: Plan): AgentEndpoint {
    const { clock, emit } = this.#options;
    const { session } = plan;
    const before = holder.members.find((member) => member.legNumber === session.legNumber);
    if (before && before.order > session.order) {
      throw refuse(334, `Cannot bind "${holder.url}": a later session of this agent serves it`);
    }
    if (!wantsPooling(plan)) this.checkAlone(holder);
    this.#checkTermination(holder, plan);
    if (before) this.#bySession.get(before)?.delete(holder);
    holder.join(session, this.#factsOf(plan, holder.port));
    this.#track(session, holder);
    emit({
      type: "endpoint_moved",
      atMs: clock.now(),
      endpointId: holder.id,
      url: holder.url,
      accountId: holder.accountId,
      sessionId: session.id,
    });
    return holder;
  }

  /**
   * Refuses that an endpoint which shares its address stops to allow it.
   *
   * @throws {TunnelError} refused with 334 when others are there
   */
  checkAlone(endpoint: AgentEndpoint): void {
    const others = this.#options.registry.membersAt(placeOf(endpoint.facts)).length - 1;
    if (others <= 0) return;
    throw refuse(
      334,
      `Cannot turn off pooling of "${endpoint.url}": it shares the address with ${others} more; stop them first`,
    );
  }

  /** A member that is back may have changed its mind, but not about what is decided for all. */
  #checkTermination(holder: AgentEndpoint, plan: Plan): void {
    const { registry } = this.#options;
    const other = registry.membersAt(placeOf(holder.facts)).find((member) => member !== holder);
    const wanted = other && readTermination(plan.proto, plan.bind.options);
    if (!other || sameTermination(other.termination, wanted)) return;
    throw refuse(334, `Cannot bind "${holder.url}": ${whyNotShared([other], plan)}`);
  }

  /** Takes a name from holders that are gone. @throws {TunnelError} refused with 334 when one lives */
  async #evict(holders: readonly AgentEndpoint[], plan: Plan): Promise<void> {
    const { holderPingMs, logger } = this.#options;
    const { session } = plan;
    const members = holders.flatMap((holder) => holder.members);
    const alive = members.includes(session) ||
      (await Promise.all(members.map((member) => member.isAlive(holderPingMs)))).includes(true);
    const [{ url }] = holders;
    if (alive) throw refuse(334, `Cannot bind "${url}": ${whyNotShared(holders, plan)}`);
    const reason = new TunnelError(
      "heartbeat_lost",
      `The agent did not answer within ${holderPingMs} ms while another one asked for ${url}`,
    );
    for (const member of members) member.abort(reason);
    logger.log("info", "dead holder of a name was displaced", { url });
    for (const holder of holders) this.takeOffline(holder);
  }

  /** Puts a new endpoint online. */
  async #create(plan: Plan): Promise<AgentEndpoint> {
    const { registry, clock, tcpPorts, emit, onTcpVisitor } = this.#options;
    const { session } = plan;
    this.#checkWelcome(plan.session);
    this.#checkIdFree(plan.id);
    const isShared = plan.port !== undefined &&
      registry.at(this.#keyOf(plan, plan.port)) !== undefined;
    const claims = hasPort(plan) && !isShared;
    const opened: { key?: string } = {};
    const port = claims
      ? await this.#claim(plan, (conn) => {
        const place = opened.key === undefined ? undefined : registry.at(opened.key);
        if (place) onTcpVisitor(conn, place);
        else conn.abort();
      })
      : plan.port!;
    try {
      // All may have changed while the port was opened.
      this.#checkWelcome(plan.session);
      this.#checkIdFree(plan.id);
    } catch (thrown) {
      if (claims) await tcpPorts!.release(port);
      throw thrown;
    }
    const endpoint = new AgentEndpoint(this.#factsOf(plan, port));
    endpoint.join(session);
    registry.add(endpoint);
    opened.key = placeOf(endpoint.facts);
    this.#track(session, endpoint);
    emit({
      type: "endpoint_started",
      atMs: clock.now(),
      endpointId: endpoint.id,
      url: endpoint.url,
      accountId: endpoint.accountId,
      sessionId: session.id,
    });
    return endpoint;
  }

  #keyOf({ session, proto, host, binding }: Plan, port: number): string {
    return placeOf({ proto, host, port, binding, accountId: session.grant.accountId });
  }

  #checkWelcome(session: EndpointMember): void {
    const { maxEndpointsPerSession: max } = this.#options;
    if (!session.isOpen) {
      throw new TunnelError("session_closed", "Cannot bind: the session has ended");
    }
    if (this.endpointsOf(session).length + this.#labeled.countOf(session) >= max) {
      throw refuse(324, `Cannot bind: a session may have ${max} endpoints`);
    }
  }

  #checkIdFree(id: string): void {
    const { registry } = this.#options;
    if (!registry.byId(id) && !registry.byKsuid(id)) return;
    throw refuse(
      335,
      "Cannot bind: the id is in use, and the request does not prove it is its own",
    );
  }

  async #claim(plan: Plan, onConnection: (conn: Conn) => void): Promise<number> {
    const { tcpPorts, registry, clock } = this.#options;
    const ports = tcpPorts!;
    if (plan.port !== undefined) {
      try {
        return await ports.claim(plan.port, onConnection);
      } catch (thrown) {
        throw portRefused(thrown, `"${plan.host}:${plan.port}"`);
      }
    }
    // Ports that are reserved, or kept for agents that will be back, are set aside until another one
    // is found.
    const aside: number[] = [];
    let heldPort: number | undefined;
    let tries = 0;
    try {
      for (;;) {
        const port = await ports.claim(undefined, onConnection);
        if (plan.reservedPorts.has(port)) {
          aside.push(port);
          if (aside.length > plan.reservedPorts.size + MAX_PORT_TRIES) throw noPort();
          continue;
        }
        const keptFor = registry.heldFor(endpointKey("tcp", "", port), clock.steady());
        const taken = keptFor !== undefined && keptFor.clientId !== plan.session.clientId;
        if (!taken || ++tries > MAX_PORT_TRIES) return port;
        aside.push(port);
        heldPort = port;
      }
    } catch (thrown) {
      // Nothing else is left: a port that is only kept goes to whoever is here.
      if (heldPort === undefined) throw portRefused(thrown, "a tcp port");
      aside.splice(aside.indexOf(heldPort), 1);
      return heldPort;
    } finally {
      for (const port of aside) await ports.release(port);
    }
  }

  #factsOf(plan: Plan, port: number): EndpointFacts {
    const { session, bind, id, proto, binding, host } = plan;
    const nowMs = this.#options.clock.now();
    return {
      id,
      // Agents may bring ids of their own making, the API promises KSUIDs.
      ksuid: isKsuid(id) ? id : ksuid(nowMs),
      url: publicUrl(proto, host, port),
      proto,
      binding,
      host,
      port,
      accountId: session.grant.accountId,
      clientId: session.clientId,
      forwardsTo: bind.forwardsTo,
      forwardsProto: bind.forwardsProto,
      tokenId: session.grant.tokenId,
      options: bind.options,
      policy: plan.policy,
      ipPolicyRef: bind.extra.IPPolicyRef,
      startedAtMs: nowMs,
      name: bind.extra.Name ?? "",
      description: bind.extra.Description ?? "",
      metadata: bind.extra.Metadata ?? "",
      poolingEnabled: wantsPooling(plan),
    };
  }

  #track(session: EndpointMember, endpoint: AgentEndpoint): void {
    const endpoints = this.#bySession.get(session);
    if (endpoints) endpoints.add(endpoint);
    else this.#bySession.set(session, new Set([endpoint]));
  }
}

function wantsPooling({ bind }: Plan): boolean {
  return bind.extra.PoolingEnabled ?? false;
}

/** Whether only earlier sessions of the same agent serve it, which just have not been seen to end. */
function isPredecessor(holder: AgentEndpoint, session: BindingSession): boolean {
  return holder.members.every((member) =>
    member.clientId === session.clientId && member.legNumber === session.legNumber &&
    member.order < session.order
  );
}

/** Why a new endpoint cannot stand beside those that are there, and what to do. */
function whyNotShared(holders: readonly AgentEndpoint[], plan: Plan): string {
  if (!wantsPooling(plan)) {
    const pooled = holders.every(({ facts }) => facts.poolingEnabled);
    return pooled
      ? "another endpoint is online there; enable pooling to share the address with it, or stop it first"
      : "another endpoint is online there; stop it first";
  }
  if (holders[0].proto !== plan.proto) {
    return `an endpoint is online there that speaks ${
      holders[0].proto
    }, not ${plan.proto}; stop it first`;
  }
  const wanted = readTermination(plan.proto, plan.bind.options);
  if (!sameTermination(holders[0].termination, wanted)) {
    return "another endpoint is online there that ends TLS otherwise; all that share an address must agree";
  }
  return "another endpoint is online there that does not enable pooling; all that share an address must";
}

/** Whether an endpoint has a port of the machine for itself. */
function hasPort({ proto, binding }: Pick<EndpointFacts, "proto" | "binding">): boolean {
  return proto === "tcp" && binding === "public";
}

function isKsuid(id: string): boolean {
  return id.length === KSUID_CHARS && /^[0-9A-Za-z]+$/.test(id);
}

function isSameBinding(holder: AgentEndpoint, plan: Plan): boolean {
  return holder.id === plan.id && holder.proto === plan.proto &&
    holder.facts.clientId === plan.session.clientId;
}

/** The address as people type it: the usual port is left out. */
export function publicUrl(proto: EndpointProto, host: string, port: number): string {
  const usual = { http: 80, https: 443, tls: 443, tcp: undefined }[proto];
  return port === usual ? `${proto}://${host}` : `${proto}://${host}:${port}`;
}

function noPort(): TunnelError {
  return new TunnelError("address_not_available", "every port that is free is reserved");
}

function portRefused(thrown: unknown, what: string): TunnelError {
  const cause = toTunnelError(thrown);
  // One thing was tried here: what the port's own sentence begins with says it again.
  const found = cause.message.replace(/^Cannot (?:[^":]|"[^"]*")*: /, "");
  return new TunnelError("refused", `Cannot bind ${what}: ${found}`, {
    ngrokCode: 307,
    cause,
  });
}

function refuse(ngrokCode: number, message: string): TunnelError {
  return new TunnelError("refused", message, { ngrokCode });
}
