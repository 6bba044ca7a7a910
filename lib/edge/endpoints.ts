/**
 * The endpoints that are online: the registry that `places.ts` fills and the doors look into.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { AgentEndpoint, EndpointFacts } from "./agent_endpoint.ts";
import type { EndpointProto, EndpointTable } from "./endpoint.ts";
import { readTermination, sameTermination } from "./tls_termination.ts";
import { EndpointPool, type PoolOptions } from "./endpoint_pool.ts";

/** Where an endpoint lies in the table. `tls` and `https` share port 443, so they share names. */
export function endpointKey(proto: EndpointProto, host: string, port: number): string {
  if (proto === "tcp") return `tcp:${port}`;
  return proto === "http" ? `http:${host}` : `tls:${host}`;
}

/** Where an endpoint of any binding lies: internal ones of each account are apart. */
export function placeOf(
  facts: Pick<EndpointFacts, "proto" | "host" | "port" | "binding" | "accountId">,
): string {
  const { proto, host, port, binding, accountId } = facts;
  if (binding === "internal") return `internal:${accountId}:${host}:${port}`;
  return endpointKey(proto, host, port);
}

/** A name that is kept for the agent that lost its connection. */
interface Hold {
  readonly accountId: string;
  readonly clientId: string;
  readonly untilMs: number;
}

/** More holds than this are not kept: the oldest go. */
const MAX_HOLDS = 10_000;

/** The endpoints that are online. */
export class EndpointRegistry implements EndpointTable {
  readonly #pooling: PoolOptions | undefined;
  readonly #byKey = new Map<string, AgentEndpoint | EndpointPool>();
  readonly #byId = new Map<string, AgentEndpoint>();
  readonly #byKsuid = new Map<string, AgentEndpoint>();
  readonly #holds = new Map<string, Hold>();
  readonly #locks = new Map<string, Promise<unknown>>();

  /**
   * Begins empty.
   *
   * @param pooling how endpoints share an address; without it each has one of its own
   */
  constructor(pooling?: PoolOptions) {
    this.#pooling = pooling;
  }

  /**
   * The endpoint of a name: exact first, then the most specific wildcard. A wildcard never takes
   * what an exact name of the same port is for, whatever the protocol.
   *
   * @param proto what the visitor speaks
   * @param host lower case
   */
  find(proto: EndpointProto, host: string): AgentEndpoint | EndpointPool | undefined {
    const port = proto === "http" ? "http:" : "tls:";
    let found = this.#byKey.get(port + host);
    let rest = host;
    while (!found) {
      const dot = rest.indexOf(".");
      if (dot < 0) return undefined;
      rest = rest.slice(dot + 1);
      found = this.#byKey.get(`${port}*.${rest}`);
    }
    return found.proto === proto ? found : undefined;
  }

  /** All of them. */
  all(): Iterable<AgentEndpoint> {
    return this.#byId.values();
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The endpoint at a place, or the pool there. */
  at(key: string): AgentEndpoint | EndpointPool | undefined {
    return this.#byKey.get(key);
  }

  /** The endpoints at a place: none, one, or the members of a pool. */
  membersAt(key: string): readonly AgentEndpoint[] {
    const place = this.#byKey.get(key);
    if (!place) return [];
    return place instanceof EndpointPool ? [...place.members] : [place];
  }

  /** The endpoint with this bind id. */
  byId(id: string): AgentEndpoint | undefined {
    return this.#byId.get(id);
  }

  /** The endpoint with this name in APIs. */
  byKsuid(ksuid: string): AgentEndpoint | undefined {
    return this.#byKsuid.get(ksuid);
  }

  /** Puts an endpoint online. Its ids must be free, and its place free or a pool's to be. */
  add(endpoint: AgentEndpoint): void {
    const key = placeOf(endpoint.facts);
    const { id, ksuid } = endpoint.facts;
    const place = this.#byKey.get(key);
    if (this.#byId.has(id) || this.#byKsuid.has(ksuid)) throw taken(endpoint);
    if (place) this.#byKey.set(key, this.#join(place, endpoint));
    else this.#byKey.set(key, endpoint);
    this.#byId.set(id, endpoint);
    this.#byKsuid.set(ksuid, endpoint);
    this.#holds.delete(key);
  }

  #join(place: AgentEndpoint | EndpointPool, endpoint: AgentEndpoint): EndpointPool {
    if (!this.#pooling || !canShare(place, endpoint.facts)) throw taken(endpoint);
    let pool = place;
    if (!(pool instanceof EndpointPool)) {
      pool = new EndpointPool(this.#pooling);
      pool.join(place as AgentEndpoint);
    }
    pool.join(endpoint);
    return pool;
  }

  /** Takes an endpoint offline; one that is offline already changes nothing. */
  remove(endpoint: AgentEndpoint): boolean {
    if (this.#byId.get(endpoint.id) !== endpoint) return false;
    this.#byId.delete(endpoint.id);
    this.#byKsuid.delete(endpoint.facts.ksuid);
    const key = placeOf(endpoint.facts);
    const place = this.#byKey.get(key);
    if (place instanceof EndpointPool) {
      place.leave(endpoint);
      if (place.members.length > 1) return true;
      // The last one serves alone, and whoever still holds the pool finds it there.
      this.#byKey.set(key, place.members[0]);
    } else {
      this.#byKey.delete(key);
    }
    return true;
  }

  /**
   * Keeps the place of an endpoint for its agent, which will be back.
   *
   * @param endpoint one that was just removed
   * @param untilMs by the same clock as {@linkcode heldForAnother} is asked
   */
  hold(endpoint: AgentEndpoint, untilMs: number): void {
    const key = placeOf(endpoint.facts);
    const { accountId, clientId } = endpoint.facts;
    this.#holds.delete(key);
    this.#holds.set(key, { accountId, clientId, untilMs });
    if (this.#holds.size <= MAX_HOLDS) return;
    const [oldest] = this.#holds.keys();
    this.#holds.delete(oldest);
  }

  /** Who a free place is kept for, if it is. */
  heldFor(key: string, nowMs: number): { accountId: string; clientId: string } | undefined {
    const hold = this.#holds.get(key);
    if (!hold) return undefined;
    if (hold.untilMs > nowMs) return hold;
    this.#holds.delete(key);
    return undefined;
  }

  /**
   * Runs one change of a place at a time: two binds for one name wait for each other.
   *
   * @param key the place
   * @param run the change
   */
  async exclusively<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(key);
    const turn = (async () => {
      // Whether the one before succeeded is its own business.
      if (before) await before.catch(() => {});
      return await run();
    })();
    this.#locks.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#locks.get(key) === turn) this.#locks.delete(key);
    }
  }
}

/** Whether an endpoint may serve an address together with those that do. */
export function canShare(
  place: AgentEndpoint | EndpointPool,
  { proto, poolingEnabled, options }: Pick<EndpointFacts, "proto" | "poolingEnabled" | "options">,
): boolean {
  const members = place instanceof EndpointPool ? place.members : [place];
  return poolingEnabled && place.proto === proto &&
    members.every((member) => member.facts.poolingEnabled) &&
    // Over one connection come requests for all of them: whom one checks, all must.
    sameTermination(members[0].termination, readTermination(proto, options));
}

function taken(endpoint: AgentEndpoint): TunnelError {
  return new TunnelError("internal", `Cannot put ${endpoint.url} online: its place is taken`);
}
