/**
 * One public address and the sessions that serve it: what visitors' connections are opened on.
 *
 * Made by `places.ts`, kept in `endpoints.ts`, used by the doors through {@linkcode Endpoint}.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { MuxStream } from "../mux/mux.ts";
import type { CompiledPolicy } from "../policy/engine.ts";
import type { BindOptions, ProxyHeader } from "../wire/messages.ts";
import type { Endpoint, EndpointProto, Pooled, Visitor } from "./endpoint.ts";
import type { EndpointBinding } from "./internal_address.ts";
import { readTermination, type TlsTermination } from "./tls_termination.ts";
import { Traffic } from "./traffic.ts";

/** A session as an endpoint sees it: one leg of an agent. */
export interface EndpointMember {
  /** The session: `ts_…`. */
  readonly id: string;
  /** The agent; it keeps this over reconnects. */
  readonly clientId: string;
  /** 0, or the number of a further leg (wire-protocol 8.2). */
  readonly legNumber: number;
  /** Later sessions have larger numbers. */
  readonly order: number;
  /** Visitors it carries and visitors that wait for it. */
  readonly load: number;
  /** Whether it is still there, as far as we know. */
  readonly isOpen: boolean;
  /** Whether a visitor more would have to wait. */
  readonly isFull: boolean;
  /** Whether it did not answer when it was last asked, and has not answered since. */
  readonly isSilent: boolean;
  /** The last round trip in milliseconds, once there was one. */
  readonly latencyMs: number | undefined;
  /** Opens a stream with the header written. */
  openProxy(header: ProxyHeader): MuxStream | Promise<MuxStream>;
  /** Asks whether the agent is alive. */
  isAlive(limitMs: number): Promise<boolean>;
  /** Asks likewise, and remembers: see {@linkcode EndpointMember.isSilent}. */
  doubt(limitMs: number): Promise<boolean>;
  /** Ends the session now. */
  abort(reason: TunnelError): void;
}

/** What an endpoint is, apart from who serves it. */
export interface EndpointFacts {
  /** The bind id. */
  readonly id: string;
  /** Names it in APIs, behind `ep_` and `tn_`. */
  readonly ksuid: string;
  /** As shown to the user. */
  readonly url: string;
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** Where it can be reached from. */
  readonly binding: EndpointBinding;
  /** Lower case; the first label may be `*`. */
  readonly host: string;
  /** The public port; of an internal endpoint, the one it is asked for at. */
  readonly port: number;
  /** Whose it is. */
  readonly accountId: string;
  /** Whose agent serves it. */
  readonly clientId: string;
  /** The agent's words about its upstream. */
  readonly forwardsTo: string;
  /** What the upstream speaks: empty, `http1` or `http2`. */
  readonly forwardsProto: string;
  /** Names the authtoken it was bound with: `cr_…`. */
  readonly tokenId: string;
  /** What the agent asked for, checked. */
  readonly options: BindOptions;
  /** IP policies that the agent named. */
  readonly ipPolicyRef?: string | undefined;
  /** What is done with its traffic on the way. */
  readonly policy?: CompiledPolicy | undefined;
  /** When it came online, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** What the user calls it. */
  readonly name: string;
  /** What the user says about it. */
  readonly description: string;
  /** What the user's programs say about it. */
  readonly metadata: string;
  /** Whether others may share its address. */
  readonly poolingEnabled: boolean;
}

/** What a patch may change (wire-protocol 5.6). */
export interface EndpointPatch {
  /** What the user calls it. */
  readonly name?: string | undefined;
  /** What the user says about it. */
  readonly description?: string | undefined;
  /** What the user's programs say about it. */
  readonly metadata?: string | undefined;
  /** Whether others may share its address. */
  readonly poolingEnabled?: boolean | undefined;
  /** Another policy, and the options that say so. */
  readonly policed?: Pick<EndpointFacts, "policy" | "options"> | undefined;
}

/** A public address that agents serve, over one leg or several. */
export class AgentEndpoint implements Endpoint {
  /** What has passed through it since it came online. */
  readonly traffic: Traffic = new Traffic();
  /** Set while it is a member of a pool. */
  pooled: Pooled | undefined;
  /** Which leg carries a stream; kept where there is more than one it could be. */
  readonly #legs = new WeakMap<MuxStream, EndpointMember>();
  readonly #members = new Map<number, EndpointMember>();
  #facts: EndpointFacts;
  #termination: { readonly of: BindOptions; readonly is: TlsTermination | undefined } | undefined;

  /**
   * Makes an endpoint nobody serves yet.
   *
   * @param facts what it is
   */
  constructor(facts: EndpointFacts) {
    this.#facts = facts;
  }

  /** Everything that can be said about it. */
  get facts(): EndpointFacts {
    return this.#facts;
  }

  /** The bind id. */
  get id(): string {
    return this.#facts.id;
  }

  /** As shown to the user. */
  get url(): string {
    return this.#facts.url;
  }

  /** What visitors speak. */
  get proto(): EndpointProto {
    return this.#facts.proto;
  }

  /** Lower case; the first label may be `*`. */
  get host(): string {
    return this.#facts.host;
  }

  /** The public port. */
  get port(): number {
    return this.#facts.port;
  }

  /** Whose it is. */
  get accountId(): string {
    return this.#facts.accountId;
  }

  /** The agent's words about its upstream. */
  get forwardsTo(): string {
    return this.#facts.forwardsTo;
  }

  /** What the service speaks. */
  get forwardsProto(): string {
    return this.#facts.forwardsProto;
  }

  /** What the agent asked for, checked. */
  get options(): BindOptions {
    return this.#facts.options;
  }

  /** How its TLS ends at the edge: as its policy says, else as its modules do. */
  get termination(): TlsTermination | undefined {
    const { proto, options, policy } = this.#facts;
    if (policy?.termination) return policy.termination;
    // Read once for each bind: keys are parsed once for each object they are in.
    if (this.#termination?.of !== options) {
      this.#termination = { of: options, is: readTermination(proto, options) };
    }
    return this.#termination.is;
  }

  /** What is done with its traffic on the way. */
  get policy(): CompiledPolicy | undefined {
    return this.#facts.policy;
  }

  /** The sessions that serve it. */
  get members(): readonly EndpointMember[] {
    return [...this.#members.values()];
  }

  /** Whether this session serves it. */
  hasMember(member: EndpointMember): boolean {
    return this.#members.get(member.legNumber) === member;
  }

  /**
   * Lets a session serve it: instead of the one with the same leg number, in addition to others.
   *
   * @param member the session
   * @param facts what it is from now on; its address and id stay
   */
  join(member: EndpointMember, facts: EndpointFacts = this.#facts): void {
    this.#members.set(member.legNumber, member);
    const { ksuid, startedAtMs } = this.#facts;
    this.#facts = { ...facts, ksuid, startedAtMs };
  }

  /**
   * A session serves it no more. A session that was displaced before changes nothing.
   *
   * @returns whether nobody serves it now
   */
  leave(member: EndpointMember): boolean {
    if (this.hasMember(member)) this.#members.delete(member.legNumber);
    return this.#members.size === 0;
  }

  /** Changes what people say about it. */
  patch({ policed, ...patch }: EndpointPatch): void {
    const known = Object.entries(patch).filter(([, value]) => value !== undefined);
    this.#facts = { ...this.#facts, ...Object.fromEntries(known), ...policed };
  }

  /** How far away the nearest of its agent's connections is, once known. */
  get roundTripMs(): number | undefined {
    let best: number | undefined;
    for (const { latencyMs } of this.#members.values()) {
      if (latencyMs !== undefined && (best === undefined || latencyMs < best)) best = latencyMs;
    }
    return best;
  }

  /** How well it can serve a visitor: 2 now, 1 after a wait, 0 when its agent is silent; else `undefined`. */
  get standing(): number | undefined {
    let best: number | undefined;
    for (const member of this.#members.values()) {
      if (!member.isOpen) continue;
      const standing = member.isSilent ? 0 : member.isFull ? 1 : 2;
      if (best === undefined || standing > best) best = standing;
    }
    return best;
  }

  /**
   * Asks the agent at the other end of a stream for a sign of life.
   *
   * @param stream opened here; of one that was opened by another leg's time nothing is known
   * @param limitMs how long the answer may take
   */
  isAlive(stream: MuxStream, limitMs: number): Promise<boolean> {
    let leg = this.#legs.get(stream);
    if (!leg && this.#members.size === 1) [leg] = this.#members.values();
    return leg?.doubt(limitMs) ?? Promise.resolve(true);
  }

  /**
   * Opens a stream to the leg that has least to do; one that turns out to be gone is passed over,
   * and one that is silent is not asked while another one is left.
   *
   * @param visitor who stands at the door
   * @throws {TunnelError} session_closed, streams_exhausted, timed_out
   */
  async openStream(visitor: Visitor): Promise<MuxStream> {
    const header: ProxyHeader = {
      Id: this.#facts.id,
      ClientAddr: visitor.clientAddr,
      Proto: this.#facts.proto,
      // A string: a number makes the Rust SDK drop the connection (wire-protocol 7).
      EdgeType: "0",
      PassthroughTLS: visitor.passthroughTls,
    };
    const gone = new Set<EndpointMember>();
    for (;;) {
      const member = this.#leastLoaded(gone);
      if (!member) {
        throw new TunnelError(
          "session_closed",
          `Cannot reach the agent of ${this.#facts.url}: it went away`,
        );
      }
      try {
        const stream = await member.openProxy(header);
        if (this.#members.size > 1) this.#legs.set(stream, member);
        return stream;
      } catch (thrown) {
        if (!(thrown instanceof TunnelError) || thrown.code !== "session_closed") throw thrown;
        gone.add(member);
      }
    }
  }

  #leastLoaded(gone: ReadonlySet<EndpointMember>): EndpointMember | undefined {
    let best: EndpointMember | undefined;
    for (const member of this.#members.values()) {
      if (!member.isOpen || gone.has(member)) continue;
      if (!best || isBetter(member, best)) best = member;
    }
    return best;
  }
}

function isBetter(member: EndpointMember, than: EndpointMember): boolean {
  if (member.isSilent !== than.isSilent) return than.isSilent;
  if (member.isFull !== than.isFull) return than.isFull;
  return member.load < than.load;
}
