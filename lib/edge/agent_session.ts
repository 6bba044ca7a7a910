/**
 * One connection of an agent: its mux, who it is once it has authenticated, and the streams it
 * carries for visitors. What it may ask for is in `rpc.ts`; all sessions together are `agents.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Mux, MuxEnd, MuxStream } from "../mux/mux.ts";
import { createMux } from "../mux/muxer.ts";
import type { Address } from "../runtime/net.ts";
import { encodeProxyHeader } from "../wire/codec.ts";
import { type ProxyHeader, STREAM } from "../wire/messages.ts";
import type { Grant } from "./auth.ts";
import { Doubt } from "./doubt.ts";
import type { BindingSession } from "./places.ts";
import { StreamSlots } from "./stream_slots.ts";

/** Which family of clients an agent is of: each has its own weak spots (wire-protocol 2.7, 10.1). */
export type PeerKind = "sallyport" | "go" | "rust" | "other";

/** What an agent supports of the commands in wire-protocol 5.7: empty when it does, else why not. */
export interface CommandSupport {
  /** Type 5. */
  readonly stop: string;
  /** Type 4. */
  readonly restart: string;
  /** Type 6. */
  readonly update: string;
}

/** What is known of an agent once it has authenticated. */
export interface SessionFacts {
  /** What its authtoken allows. */
  readonly grant: Grant;
  /** The agent; it keeps this over reconnects. */
  readonly clientId: string;
  /** Whether it was known from a session before. */
  readonly resumed: boolean;
  /** 0, or the number of a further leg. */
  readonly legNumber: number;
  /** The family. */
  readonly kind: PeerKind;
  /** `3` or `2`. */
  readonly protocolVersion: string;
  /** What it calls itself. */
  readonly userAgent: string;
  /** Its version. */
  readonly agentVersion: string;
  /** Its operating system. */
  readonly os: string;
  /** Its processor. */
  readonly arch: string;
  /** What its user's programs say about it. */
  readonly metadata: string;
  /** Which commands it obeys. */
  readonly commands: CommandSupport;
  /** When it authenticated, milliseconds since 1970. */
  readonly startedAtMs: number;
}

/** Bounds of one session. */
export interface SessionBounds {
  /** Visitors at a time towards Sallyport and Go agents. */
  readonly maxStreams: number;
  /** Visitors at a time towards a Rust SDK and whoever we do not know. */
  readonly maxStreamsRust: number;
  /** Visitors that may wait when there are as many. */
  readonly maxWaitingStreams: number;
  /** How long they may. */
  readonly streamWaitMs: number;
  /** Streams the agent may have open towards us. */
  readonly maxPeerStreams: number;
}

/** How long the agent may take to hear that it is cut, before its connection is. */
const CUT_MS = 500;

/** What a session needs. */
export interface SessionOptions {
  /** Time. */
  readonly clock: Clock;
  /** Bounds. */
  readonly bounds: SessionBounds;
  /** Where it connects from. */
  readonly remote: Address;
  /** Whose agents alone may come the way it came; without it everybody's may. */
  readonly onlyAccountId?: string | undefined;
  /** Later sessions have larger numbers. */
  readonly order: number;
  /** Names the session: `ts_…`. */
  readonly id: string;
  /** Gets each round trip of a heartbeat, in milliseconds. */
  readonly onBeat?: ((latencyMs: number) => void) | undefined;
  /** Gets each stream the agent opens, heartbeats excepted. Must not throw. */
  readonly onStream: (session: AgentSession, stream: MuxStream) => void;
}

/** One connection of an agent. */
export class AgentSession implements BindingSession {
  /** The session: `ts_…`. */
  readonly id: string;
  /** Later sessions have larger numbers. */
  readonly order: number;
  /** Where it connects from. */
  readonly remote: Address;
  /** Whose agents alone may come the way it came; without it everybody's may. */
  readonly onlyAccountId: string | undefined;
  /** Settles when the connection is over. */
  readonly closed: Promise<MuxEnd>;
  /** Requests of the agent that are being served; `rpc.ts` counts. */
  requests = 0;
  readonly #mux: Mux;
  readonly #clock: Clock;
  readonly #onBeat: SessionOptions["onBeat"];
  readonly #bounds: SessionBounds;
  /** The ends of streams that carry a whole connection of a visitor. */
  readonly #raw = new Set<Promise<void>>();
  #facts: SessionFacts | undefined;
  #slots: StreamSlots;
  #isOpen = true;
  #doubt: Doubt | undefined;
  #cutReason: TunnelError | undefined;

  /**
   * Starts a session; the agent has to authenticate next.
   *
   * @param carrier the connection, owned by the session from now on
   * @param options time, bounds, who serves it
   */
  constructor(carrier: Duplex, options: SessionOptions) {
    this.id = options.id;
    this.order = options.order;
    this.remote = options.remote;
    this.onlyAccountId = options.onlyAccountId;
    this.#clock = options.clock;
    this.#onBeat = options.onBeat;
    this.#bounds = options.bounds;
    this.#slots = this.#makeSlots(0);
    this.#mux = createMux(carrier, {
      role: "server",
      clock: options.clock,
      maxPeerStreams: options.bounds.maxPeerStreams,
      // Go sets TCP_NODELAY, and so do we; whoever does not needs the nudge (wire-protocol 10.1).
      ackNudge: () => this.#facts?.kind === "rust" || this.#facts?.kind === "other",
      onStream: (stream) => options.onStream(this, stream),
    });
    this.closed = this.#mux.closed.then((end) => {
      this.#shut(end.error);
      return end;
    });
  }

  /** What is known of the agent; `undefined` until it has authenticated. */
  get facts(): SessionFacts | undefined {
    return this.#facts;
  }

  /** What its authtoken allows. */
  get grant(): Grant {
    return this.#admitted().grant;
  }

  /** Its authtoken allows something else from now on; what it has bound stays. */
  regrant(grant: Grant): void {
    this.#facts = { ...this.#admitted(), grant };
  }

  /** Why it was cut, when it was. */
  get cutReason(): TunnelError | undefined {
    return this.#cutReason;
  }

  /** The agent; it keeps this over reconnects. */
  get clientId(): string {
    return this.#admitted().clientId;
  }

  /** 0, or the number of a further leg. */
  get legNumber(): number {
    return this.#admitted().legNumber;
  }

  /** Visitors it carries and visitors that wait for it. */
  get load(): number {
    return this.#slots.load;
  }

  /** Visitors it carries. */
  get openStreams(): number {
    return this.#slots.open;
  }

  /** Whether it is still there, as far as we know. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How often a stream towards the agent ran out of credit with bytes left to send. */
  get windowStalls(): number {
    return this.#mux.windowStalls;
  }

  /** Whether a visitor more would have to wait. */
  get isFull(): boolean {
    return this.#slots.isFull;
  }

  /** Whether it did not answer when it was last asked, and has not answered since. */
  get isSilent(): boolean {
    return this.#doubt?.isSilent ?? false;
  }

  /** Asks whether the agent is alive, and remembers when it is not. */
  doubt(limitMs: number): Promise<boolean> {
    this.#doubt ??= new Doubt({
      clock: this.#clock,
      isAlive: (ms) => this.#showsLife(ms),
      isOpen: () => this.#isOpen,
    });
    return this.#doubt.ask(limitMs);
  }

  /** Whether it answers, or anything else comes: a ping may stand behind much on a slow line. */
  async #showsLife(limitMs: number): Promise<boolean> {
    const askedMs = this.#clock.steady();
    return await this.isAlive(limitMs) || (this.#isOpen && this.#mux.lastHeardMs > askedMs);
  }

  /** The last round trip in milliseconds, once there was one. */
  get latencyMs(): number | undefined {
    return this.#mux.latencyMs;
  }

  #admitted(): SessionFacts {
    if (this.#facts) return this.#facts;
    throw new TunnelError("internal", "Cannot use a session that has not authenticated");
  }

  /**
   * Lets the agent in. From now on it is pinged, and ended when it falls silent.
   *
   * @param facts who it is
   * @param heartbeat how often it is pinged, and how long it may stay silent beyond that
   */
  admit(facts: SessionFacts, heartbeat: { intervalMs: number; toleranceMs: number }): void {
    this.#facts = facts;
    const careful = facts.kind === "rust" || facts.kind === "other";
    this.#slots = this.#makeSlots(careful ? this.#bounds.maxStreamsRust : this.#bounds.maxStreams);
    // Ours, because a closed SDK goes on reading and only its answers stop (wire-protocol 10.10).
    this.#mux.startHeartbeat(heartbeat.intervalMs, heartbeat.toleranceMs, this.#onBeat);
  }

  /** Lets receive windows grow: the agent has announced that it understands. */
  allowWindowGrowth(): void {
    this.#mux.allowWindowGrowth();
  }

  #makeSlots(maxOpen: number): StreamSlots {
    const { maxWaitingStreams, streamWaitMs } = this.#bounds;
    return new StreamSlots({
      clock: this.#clock,
      maxOpen,
      maxWaiting: maxWaitingStreams,
      waitMs: streamWaitMs,
    });
  }

  /**
   * Opens a visitor's stream; waits, within limits, while there are as many as the agent can take.
   *
   * @throws {TunnelError} session_closed, streams_exhausted, timed_out
   */
  openProxy(header: ProxyHeader): MuxStream | Promise<MuxStream> {
    const wait = this.#slots.take();
    return wait ? wait.then(() => this.#openTaken(header)) : this.#openTaken(header);
  }

  /** Opens a stream whose place is taken already. */
  #openTaken(header: ProxyHeader): MuxStream {
    const slots = this.#slots;
    try {
      // Type and header in one frame: a stream left incomplete blocks every later one (3).
      const stream = this.#mux.open(STREAM.proxy, encodeProxyHeader(header));
      const over = stream.closed.then(() => {
        slots.release();
        this.#raw.delete(over);
      });
      if (header.Proto === "tcp" || header.Proto === "tls") this.#raw.add(over);
      return stream;
    } catch (thrown) {
      slots.release();
      throw thrown;
    }
  }

  /**
   * Opens a stream for a command.
   *
   * @param type its type
   * @param first the whole request
   * @throws {TunnelError} session_closed, streams_exhausted
   */
  openCommand(type: number, first: Uint8Array): MuxStream {
    return this.#mux.open(type, first);
  }

  /** Asks whether the agent is alive. */
  async isAlive(limitMs: number): Promise<boolean> {
    return this.#isOpen && await this.#mux.ping(limitMs) !== undefined;
  }

  /**
   * Settles as soon as it carries no connection of a tcp or tls endpoint. HTTP visitors are the
   * business of their doors, which know a request under way from a stream that only lingers.
   */
  async whenIdle(): Promise<void> {
    while (this.#raw.size > 0) await Promise.all(this.#raw);
  }

  /** Says goodbye and ends the connection: the agent dials again. */
  async close(text?: string): Promise<void> {
    await this.#mux.close(undefined, text);
  }

  /**
   * Ends the session of an agent that may not stay: no visitor more is sent to it, and it is told
   * why, as far as its client listens.
   */
  cut(reason: TunnelError): void {
    if (this.#cutReason) return;
    this.#cutReason = reason;
    this.#shut(reason);
    void this.#mux.close(undefined, reason.message);
    const timer = this.#clock.after(CUT_MS, () => this.#mux.abort(reason));
    void this.closed.then(() => timer.cancel());
  }

  /** Ends the connection now. */
  abort(reason: TunnelError): void {
    this.#shut(reason);
    this.#mux.abort(reason);
  }

  #shut(reason: TunnelError | undefined): void {
    this.#isOpen = false;
    const cause = reason && toTunnelError(reason);
    this.#slots.shut(
      new TunnelError("session_closed", "Cannot reach the agent: its session has ended", { cause }),
    );
  }
}
