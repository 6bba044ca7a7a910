/**
 * Several endpoints at one public address: looks like one endpoint, and says which of them serves
 * next. Made by `endpoints.ts` when a second one comes, gone when one is left.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { BindOptions } from "../wire/messages.ts";
import type { AgentEndpoint } from "./agent_endpoint.ts";
import { chooseByCost, connectionCost, MemberLoad, requestCost } from "./balance.ts";
import type { Endpoint, EndpointProto, Visitor } from "./endpoint.ts";
import type { TlsTermination } from "./tls_termination.ts";
import type { Traffic } from "./traffic.ts";

/** How pools behave. */
export interface PoolOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** How long a visitor of a pool waits for the first byte before its agent is asked whether it lives. */
  readonly doubtMs: number;
  /** How long the agent may take to answer that. */
  readonly doubtAnswerMs: number;
  /** Numbers in [0, 1). @default {Math.random} */
  readonly random?: () => number;
}

/** Whether another member may serve who this one cannot: nothing of the visitor's has left. */
export function mayGoElsewhere(error: TunnelError): boolean {
  switch (error.code) {
    case "session_closed":
    case "streams_exhausted":
    case "timed_out":
      return true;
    default:
      return false;
  }
}

/** The endpoints at one address; at least two as long as it is in use. */
export class EndpointPool implements Endpoint {
  readonly #options: PoolOptions;
  readonly #members: AgentEndpoint[] = [];
  /** Who left last: visitors under way may still hold a pool that everybody has left. */
  #last: AgentEndpoint | undefined;

  /**
   * Makes a pool without members.
   *
   * @param options time and chance
   */
  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Who is in it, in the order they came. */
  get members(): readonly AgentEndpoint[] {
    return this.#members;
  }

  /** One more serves. */
  join(member: AgentEndpoint): void {
    const { doubtMs, doubtAnswerMs } = this.#options;
    member.pooled = { load: new MemberLoad(), doubtMs, doubtAnswerMs };
    this.#members.push(member);
  }

  /** One serves no more; its visits under way go on. When one is left, that is a pool no longer. */
  leave(member: AgentEndpoint): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    member.pooled = undefined;
    this.#last = member;
    if (this.#members.length === 1) this.#first.pooled = undefined;
  }

  /** The bind id of the first. */
  get id(): string {
    return this.#first.id;
  }

  /** The same for all. */
  get url(): string {
    return this.#first.url;
  }

  /** The same for all. */
  get proto(): EndpointProto {
    return this.#first.proto;
  }

  /** The same for all. */
  get host(): string {
    return this.#first.host;
  }

  /** The same for all. */
  get port(): number {
    return this.#first.port;
  }

  /** The same for all. */
  get accountId(): string {
    return this.#first.accountId;
  }

  /** The words of the first. */
  get forwardsTo(): string {
    return this.#first.forwardsTo;
  }

  /** What the first member's service speaks; the exchange goes by the member it chose. */
  get forwardsProto(): string {
    return this.#first.forwardsProto;
  }

  /** What the first asked for: what has to be decided before a member is chosen. */
  get options(): BindOptions {
    return this.#first.options;
  }

  /** The same for all. */
  get termination(): TlsTermination | undefined {
    return this.#first.termination;
  }

  /** The counters of the first; the others have their own. */
  get traffic(): Traffic {
    return this.#first.traffic;
  }

  get #first(): AgentEndpoint {
    return this.#members[0] ?? this.#last!;
  }

  /**
   * Chooses who serves the next request or connection. Members that have room come before those
   * that have none, and those before members whose agents are silent.
   *
   * @param tried members that could not
   * @returns `undefined` when nobody is left to try
   */
  pick(tried?: ReadonlySet<Endpoint>): AgentEndpoint | undefined {
    const { clock } = this.#options;
    const random = this.#options.random ?? Math.random;
    const nowMs = clock.steady();
    const left = tried && tried.size > 0
      ? this.#members.filter((member) => !tried.has(member))
      : this.#members;
    const best = bestOf(left, tried !== undefined && tried.size > 0);
    if (best.length < 2) return best[0];
    const isRaw = this.proto === "tcp" || this.proto === "tls";
    return chooseByCost(best, (member) => {
      const { load } = member.pooled!;
      return isRaw ? connectionCost(load, member.roundTripMs) : requestCost(load, nowMs);
    }, random);
  }

  /**
   * Opens a stream on whichever member takes it: for callers that need not know which.
   *
   * @throws {TunnelError} as the last member tried
   */
  async openStream(visitor: Visitor): Promise<MuxStream> {
    const tried = new Set<Endpoint>();
    let failure = new TunnelError(
      "session_closed",
      `Cannot reach any agent of ${this.url}: all went away`,
    );
    for (;;) {
      const member = this.pick(tried);
      if (!member) throw failure;
      tried.add(member);
      try {
        return await member.openStream(visitor);
      } catch (thrown) {
        failure = toTunnelError(thrown);
        if (!mayGoElsewhere(failure)) throw failure;
      }
    }
  }
}

/** Those of the best standing. Whom a silent agent would serve waits for nothing when he was elsewhere before. */
function bestOf(members: readonly AgentEndpoint[], isRetry: boolean): readonly AgentEndpoint[] {
  let best: AgentEndpoint[] = [];
  let bestStanding = isRetry ? 1 : 0;
  for (const member of members) {
    const standing = member.standing;
    if (standing === undefined || standing < bestStanding) continue;
    if (standing > bestStanding) {
      best = [];
      bestStanding = standing;
    }
    best.push(member);
  }
  return best;
}
