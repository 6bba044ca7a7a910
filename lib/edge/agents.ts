/**
 * All agents of an edge: takes connections, waits until each has authenticated, and keeps the
 * sessions. `edge.ts` makes one and feeds it carriers from its doors.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { Address } from "../runtime/net.ts";
import { AgentSession, type SessionBounds, type SessionFacts } from "./agent_session.ts";
import type { AuthorizeOptions } from "./authorize.ts";
import type { AgentEndpoint } from "./agent_endpoint.ts";
import { formatAddress } from "./door_tcp.ts";
import type { EdgeEvent } from "./events.ts";
import type { Places } from "./places.ts";
import { type RpcOptions, serveAgentStream } from "./rpc.ts";

/** What the agents' side of an edge needs. */
export interface AgentsOptions {
  /** Time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Hears what happens. */
  readonly emit: (event: EdgeEvent) => void;
  /** Who has which address. */
  readonly places: Places;
  /** Bounds of each session. */
  readonly bounds: SessionBounds;
  /** Sessions at a time. */
  readonly maxSessions: number;
  /** Connections at a time that have not authenticated. */
  readonly maxPending: number;
  /** How long a connection may take to authenticate. */
  readonly authTimeoutMs: number;
  /** For Auth. */
  readonly auth: Omit<AuthorizeOptions, "onAdmit" | "onAdmitted">;
  /** Hears of each agent that was let in. */
  readonly onAdmitted?: (session: AgentSession) => void;
  /** Hears what an agent served whose connection broke without a goodbye. */
  readonly onLost?: ((endpoints: readonly AgentEndpoint[]) => void) | undefined;
  /** Gets each round trip of a heartbeat, in milliseconds. */
  readonly onBeat?: ((latencyMs: number) => void) | undefined;
  /** For everything else an agent asks. */
  readonly rpc: Pick<RpcOptions, "bind" | "onBound" | "registry" | "requestTimeoutMs">;
}

/**
 * How long agents may take to hang up when they are told that the edge is shutting down. SDKs dial
 * again half a second after GOAWAY, whether or not we are gone, and then not for 2.5 s.
 */
const FAREWELL_MS = 25;

/** All agents of an edge. */
export class Agents {
  readonly #options: AgentsOptions;
  readonly #rpc: RpcOptions;
  readonly #pending = new Map<AgentSession, Timer>();
  readonly #sessions = new Map<string, AgentSession>();
  /** Sessions that were cut, whose connections are not over. */
  readonly #leaving = new Set<AgentSession>();
  #count = 0;
  #isClosing = false;

  /**
   * Makes the agents' side; no agent is there yet.
   *
   * @param options limits, keys, who hears of what
   */
  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#rpc = {
      ...options.rpc,
      clock: options.clock,
      logger: options.logger,
      places: options.places,
      auth: {
        ...options.auth,
        onAdmit: (session, facts) => this.#onAdmit(session, facts),
        onAdmitted: options.onAdmitted,
      },
      isClosing: () => this.#isClosing,
      onRefused: (session, rpc, error) => this.#onRefused(session, rpc, error),
    };
  }

  /** The agents that have authenticated. */
  get sessions(): readonly AgentSession[] {
    return [...this.#sessions.values()];
  }

  /** The session with this id, if it is there and has authenticated. */
  session(id: string): AgentSession | undefined {
    return this.#sessions.get(id);
  }

  /**
   * Takes the connection of an agent, which has to authenticate within the limit.
   *
   * @param carrier owned by the session from now on; cut at once when there are too many
   * @param remote where it comes from
   * @param onlyAccountId whose agents alone may come this way; without it everybody's may
   */
  accept(carrier: Duplex, remote: Address, onlyAccountId?: string): void {
    const { clock, bounds, maxPending, authTimeoutMs, logger } = this.#options;
    if (this.#isClosing || this.#pending.size >= maxPending) {
      const why = this.#isClosing ? "the edge is shutting down" : "too many are not authenticated";
      logger.log("warn", "agent was turned away", { remote: formatAddress(remote), err: why });
      carrier.abort(new TunnelError("refused", `Cannot take another agent: ${why}`));
      return;
    }
    const session = new AgentSession(carrier, {
      clock,
      bounds,
      remote,
      onlyAccountId,
      order: ++this.#count,
      id: newId("ts", clock.now()),
      onBeat: this.#options.onBeat,
      onStream: (from, stream) => void serveAgentStream(from, stream, this.#rpc),
    });
    const timer = clock.after(authTimeoutMs, () => {
      logger.log("warn", "agent did not authenticate", { remote: formatAddress(remote) });
      session.abort(
        new TunnelError("timed_out", `The agent did not authenticate within ${authTimeoutMs} ms`),
      );
    });
    this.#pending.set(session, timer);
    void session.closed.then((end) => {
      this.#leaving.delete(session);
      this.#onEnd(session, end.error, end.error !== undefined && end.goAway === undefined);
    });
  }

  /**
   * Takes no more agents, lets visitors of tcp and tls endpoints finish, then says goodbye to every
   * agent. Those of http and https endpoints are gone by then: their doors are drained first.
   *
   * @param graceMs how long visitors may take
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const idle = Promise.all(
      this.sessions.map((session) => Promise.race([session.whenIdle(), session.closed])),
    );
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(graceMs, resolve);
    });
    await Promise.race([idle, late]);
    timer?.cancel();
    // GOAWAY, then the connection is closed: only that makes every client dial again (2.5, 10.11).
    const all = [...this.#pending.keys(), ...this.#sessions.values()];
    // An SDK does not hang up on GOAWAY: it would keep the next edge from starting.
    const cut = this.#options.clock.after(FAREWELL_MS, () => {
      for (const session of all) {
        session.abort(new TunnelError("session_closed", "The edge is shutting down"));
      }
    });
    await Promise.all(all.map((session) => session.close("the edge is shutting down")));
    await Promise.all([...all, ...this.#leaving].map((session) => session.closed));
    cut.cancel();
  }

  #onAdmit(session: AgentSession, facts: SessionFacts): void {
    const { clock, maxSessions, emit, logger } = this.#options;
    const timer = this.#pending.get(session);
    if (!timer || !session.isOpen) {
      throw session.facts
        ? new TunnelError("message_invalid", "Cannot authenticate twice", { ngrokCode: 109 })
        : new TunnelError("session_closed", "Cannot authenticate: the session has ended");
    }
    if (session.onlyAccountId !== undefined && session.onlyAccountId !== facts.grant.accountId) {
      throw new TunnelError(
        "refused",
        "Cannot connect by this name: it is for the agents of another account",
        { ngrokCode: 122 },
      );
    }
    if (this.#isClosing || this.#sessions.size >= maxSessions) {
      throw new TunnelError("refused", "Cannot take another agent now: try again later", {
        ngrokCode: this.#isClosing ? 742 : 743,
      });
    }
    timer.cancel();
    this.#pending.delete(session);
    this.#sessions.set(session.id, session);
    const remote = formatAddress(session.remote);
    logger.log("info", "agent connected", {
      session: session.id,
      remote,
      agent: facts.userAgent,
      resumed: facts.resumed,
    });
    emit({
      type: "session_started",
      atMs: clock.now(),
      sessionId: session.id,
      clientId: facts.clientId,
      accountId: facts.grant.accountId,
      resumed: facts.resumed,
      remote,
      userAgent: facts.userAgent,
      tokenId: facts.grant.tokenId,
      agentVersion: facts.agentVersion,
      os: facts.os,
      arch: facts.arch,
      metadata: facts.metadata,
      protocolVersion: facts.protocolVersion,
    });
  }

  /**
   * Ends the session of an agent that may not stay. At once it is gone from the list, and what it
   * served is offline; its connection is given a moment to say why.
   */
  cut(session: AgentSession, reason: TunnelError): void {
    session.cut(reason);
    this.#leaving.add(session);
    this.#onEnd(session, reason);
  }

  #onEnd(session: AgentSession, error: TunnelError | undefined, isLost = false): void {
    const { places, emit, clock, logger } = this.#options;
    this.#pending.get(session)?.cancel();
    this.#pending.delete(session);
    if (!this.#sessions.delete(session.id) || !session.facts) return;
    const lost = isLost && !this.#isClosing ? places.endpointsOf(session) : [];
    places.sessionEnded(session);
    if (lost.length > 0) this.#options.onLost?.(lost);
    // How a connection breaks that we are ending is nobody's business.
    const reason = this.#isClosing && !session.cutReason ? undefined : error?.message;
    logger.log("info", "agent disconnected", { session: session.id, err: reason });
    emit({
      type: "session_ended",
      atMs: clock.now(),
      sessionId: session.id,
      clientId: session.clientId,
      accountId: session.grant.accountId,
      tokenId: session.grant.tokenId,
      windowStalls: session.windowStalls,
      reason,
    });
  }

  #onRefused(session: AgentSession, rpc: string, error: TunnelError): void {
    const { clock, emit, logger } = this.#options;
    const atMs = clock.now();
    const { message, ngrokCode } = error;
    const remote = formatAddress(session.remote);
    const err = ngrokCode === undefined ? message : `${message} (ERR_NGROK_${ngrokCode})`;
    logger.log("warn", "agent was refused", { session: session.id, remote, request: rpc, err });
    if (rpc === "Auth") {
      emit({ type: "session_refused", atMs, remote, ngrokCode: ngrokCode ?? 109 });
    } else if (rpc === "Bind" && session.facts) {
      const { accountId } = session.grant;
      const sessionId = session.id;
      emit({ type: "endpoint_refused", atMs, accountId, sessionId, ngrokCode, message });
    }
  }
}
