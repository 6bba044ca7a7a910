/**
 * A mux over a carrier: Web-world shell round {@linkcode MuxSession}. Reads the carrier, writes what
 * one turn of the event loop produced in one write, and gives each stream the shape of a Duplex.
 *
 * The agent's session and the edge's make one per connection.
 *
 * @module
 */
import { concat, readU32 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { type Chunk, type Duplex, RawDuplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { lendBuffer, returnBuffer, shareBuffer } from "../base/loan.ts";
import { MuxFault, RESET, resetError } from "./frame.ts";
import { Heartbeat, HEARTBEAT_TYPE } from "./heartbeat.ts";
import type { Mux, MuxEnd, MuxStream } from "./mux.ts";
import { firstBytes, MuxSession, type SessionEvents, type SessionLimits } from "./session.ts";
import { WindowBudget, type WindowLimits } from "./window.ts";

/** How a mux is made. */
export interface MuxOptions {
  /** The agent is the client: it opens odd streams. */
  readonly role: "client" | "server";
  /** Time, and the end of a turn. */
  readonly clock: Clock;
  /** Gets each stream the peer opened, once its type is known; heartbeats are answered by the mux. */
  readonly onStream: (stream: MuxStream) => void;
  /** Streams we may have open towards this peer. @default 10000 */
  readonly maxStreams?: number;
  /** Streams the peer may have open. @default 10000 */
  readonly maxPeerStreams?: number;
  /**
   * Answers a read that caused no write with an empty frame, whose segment carries the kernel's
   * delayed ACK: 40 ms a request saved towards a peer that leaves Nagle on (wire-protocol 10.1). A
   * function is asked each time, for the edge knows its peer only after Auth.
   */
  readonly ackNudge?: boolean | (() => boolean);
  /** Bounds of window growth. */
  readonly windowLimits?: WindowLimits;
  /** Further bounds. */
  readonly limits?: Partial<SessionLimits>;
}

/** What is given to the carrier in one write. More would only wait in front of the next heartbeat. */
const WRITE_BYTES = 128 * 1024;

/** Writes that use the same memory one after the other. */
const MAX_REUSES = 16;

/** How often the link is measured before its windows grow. */
const MEASURING_PINGS = 5;

/** How long a goodbye may wait for the peer to close, in milliseconds. */
const FAREWELL_MS = 1_000;

const NOTHING = new Uint8Array(0);

/** A slice smaller than this part of its buffer is copied before it is kept. */
const KEEP_FRACTION = 4;

/**
 * Starts a mux.
 *
 * @param carrier what carries it; owned by the mux from now on
 * @param options role, clock, who gets the streams
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { systemClock } from "../base/clock.ts";
 * import { pair } from "../base/duplex.ts";
 * import { createMux } from "./muxer.ts";
 *
 * const [left, right] = pair();
 * const edge = createMux(left, { role: "server", clock: systemClock, onStream: () => {} });
 * const agent = createMux(right, {
 *   role: "client",
 *   clock: systemClock,
 *   onStream: async (stream) => {
 *     assert.equal(stream.type, 3);
 *     await stream.write(await stream.read() ?? new Uint8Array(0));
 *     await stream.closeWrite();
 *   },
 * });
 * const stream = edge.open(3, new TextEncoder().encode("hello"));
 * assert.equal(new TextDecoder().decode(await stream.read()), "hello");
 * stream.closeWrite();
 * await edge.close();
 * await agent.closed;
 * ```
 */
export function createMux(carrier: Duplex, options: MuxOptions): Mux {
  return new Muxer(carrier, options);
}

class Muxer implements Mux, SessionEvents {
  readonly closed: Promise<MuxEnd>;
  readonly session: MuxSession;
  readonly #carrier: Duplex;
  readonly #clock: Clock;
  readonly #onStream: (stream: MuxStream) => void;
  readonly #ackNudge: () => boolean;
  readonly #streams = new Map<number, Stream>();
  readonly #heartbeat: Heartbeat;
  #settle!: (end: MuxEnd) => void;
  #goAway: MuxEnd["goAway"];
  #turnEndDue = false;
  #blocked = false;
  #closing: Promise<void> | undefined;
  #over = false;
  #nudgeDue = false;
  /** Memory for a large write, in nobody's use. */
  #spare: Uint8Array | undefined;
  #writes = 0;
  #peerHeartbeatId = 0;
  /** Heartbeat streams, either side's: nobody else's business. */
  readonly #heartbeats = new Set<number>();
  #fault: MuxFault | undefined;
  /** The chunk of the carrier that is being taken in. */
  #arrived: Uint8Array = NOTHING;
  lastHeardMs: number;

  constructor(carrier: Duplex, options: MuxOptions) {
    this.#carrier = carrier;
    this.#clock = options.clock;
    this.#onStream = options.onStream;
    const { ackNudge } = options;
    this.#ackNudge = typeof ackNudge === "function" ? ackNudge : () => ackNudge ?? false;
    this.lastHeardMs = options.clock.steady();
    this.closed = new Promise((resolve) => this.#settle = resolve);
    const limits: { -readonly [K in keyof SessionLimits]?: SessionLimits[K] } = {
      ...options.limits,
    };
    if (options.maxStreams !== undefined) limits.maxOwnStreams = options.maxStreams;
    if (options.maxPeerStreams !== undefined) limits.maxPeerStreams = options.maxPeerStreams;
    this.session = new MuxSession({
      role: options.role,
      steady: () => options.clock.steady(),
      events: this,
      limits,
      budget: new WindowBudget(options.windowLimits),
    });
    this.#heartbeat = new Heartbeat({
      clock: options.clock,
      open: (first) => {
        const stream = this.#adopt(this.session.open(firstBytes(HEARTBEAT_TYPE, first), true));
        stream.type = HEARTBEAT_TYPE;
        this.#heartbeats.add(stream.id);
        return stream;
      },
      lastHeardMs: () => this.lastHeardMs,
      onRoundTrip: (ms) => {
        const budget = this.session.budget;
        budget.roundTripMs = Math.min(ms, budget.roundTripMs ?? Infinity);
      },
      onLost: (error) => this.abort(error),
    });
    void this.#readAll();
  }

  get openStreams(): number {
    return this.#streams.size - this.#heartbeats.size;
  }

  get windowStalls(): number {
    return this.session.windowStalls;
  }

  get latencyMs(): number | undefined {
    return this.#heartbeat.latencyMs;
  }

  open(type: number, first?: Uint8Array): MuxStream {
    if (this.#closing || this.#over) {
      throw new TunnelError("session_closed", "Cannot open a stream: the session is over");
    }
    if (this.#goAway) {
      throw new TunnelError("session_closed", "Cannot open a stream: the peer has said goodbye");
    }
    const stream = this.#adopt(this.session.open(firstBytes(type, first)));
    stream.type = type;
    return stream;
  }

  allowWindowGrowth(): void {
    this.session.budget.growing = true;
    void this.#measure();
  }

  /** Windows grow by the shortest round trip; the first ones find both programs still starting. */
  async #measure(): Promise<void> {
    for (let count = 0; count < MEASURING_PINGS; count++) {
      if (this.#over || await this.#heartbeat.ping(FAREWELL_MS * 10) === undefined) return;
    }
  }

  startHeartbeat(
    intervalMs: number,
    toleranceMs: number,
    onBeat?: (latencyMs: number) => void,
  ): void {
    this.#heartbeat.start(intervalMs, toleranceMs, onBeat);
  }

  ping(limitMs: number): Promise<number | undefined> {
    return this.#over ? Promise.resolve(undefined) : this.#heartbeat.ping(limitMs);
  }

  close(code: number = RESET.noError, text = "no error"): Promise<void> {
    return this.#closing ??= this.#sayGoodbye(code, text);
  }

  abort(reason?: unknown): void {
    const error = reason instanceof TunnelError
      ? reason
      : new TunnelError("session_closed", "The session was aborted", { cause: reason });
    this.#end(error);
  }

  async #sayGoodbye(code: number, text: string): Promise<void> {
    if (this.#over) return;
    this.#heartbeat.stop();
    this.session.goAway(code, text);
    // The carrier may be full and its peer may never read again: the goodbye has a limit.
    const timer = this.#clock.after(FAREWELL_MS, () => this.#end(this.#fault));
    await this.closed;
    timer.cancel();
  }

  // The carrier.

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        let chunk = this.#carrier.read();
        if (chunk instanceof Promise) chunk = await chunk;
        if (chunk === undefined) break;
        if (this.#over) return;
        this.lastHeardMs = this.#clock.steady();
        this.#receive(chunk);
        if (this.#peerHeartbeatId !== 0 && this.#ackNudge()) {
          this.#nudgeDue = true;
          this.onWork();
        }
      }
      const cut = this.session.midFrame && !this.#goAway;
      this.#end(
        cut || (!this.#goAway && !this.#closing)
          ? new TunnelError("connection_closed", "The peer closed the connection of the session")
          : this.#fault,
      );
    } catch (thrown) {
      this.#end(toTunnelError(thrown, "connection_closed"));
    }
  }

  #receive(chunk: Uint8Array): void {
    this.#arrived = chunk;
    try {
      this.session.receive(chunk);
      returnBuffer(chunk); // its parts are in the hands of streams, or copied
    } catch (thrown) {
      if (!(thrown instanceof MuxFault)) throw thrown;
      // The decoder hears nothing more; the carrier is read on until the peer closes it.
      this.#fault = thrown;
      this.#closing ??= this.#sayGoodbye(thrown.resetCode, thrown.message);
    } finally {
      this.#arrived = NOTHING;
    }
  }

  /** @inheritdoc */
  onWork(): void {
    if (this.#turnEndDue || this.#blocked || this.#over) return;
    this.#turnEndDue = true;
    this.#clock.turnEnd(() => {
      this.#turnEndDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#blocked || this.#over) return;
    try {
      if (this.#nudgeDue && !this.session.hasWork) this.session.nudge(this.#peerHeartbeatId);
      this.#nudgeDue = false;
      for (;;) {
        const bytes = this.session.take(WRITE_BYTES, this.#spare);
        if (!bytes) break;
        const full = this.#carrier.write(bytes);
        if (bytes.buffer === this.#spare?.buffer) this.#spare = undefined;
        if (full) {
          this.#blocked = true;
          full.then(() => {
            this.#blocked = false;
            this.#keepSpare(bytes);
            this.#flush();
          }, (thrown) => this.#end(toTunnelError(thrown, "connection_closed")));
          return;
        }
      }
      if (this.#closing) this.#endCarrier();
    } catch (thrown) {
      this.#end(toTunnelError(thrown, "connection_closed"));
    }
  }

  /** The memory of a write that is over serves the next one, where the carrier gives it back. */
  #keepSpare(bytes: Uint8Array): void {
    if (!this.#carrier.returnsWrites || bytes.buffer.byteLength <= (this.#spare?.length ?? 0)) {
      return;
    }
    // V8 weighs buffers only when a script asks for one: those that a socket brings it does not see.
    if (++this.#writes % MAX_REUSES === 0) this.#spare = undefined;
    else this.#spare = new Uint8Array(bytes.buffer as ArrayBuffer);
  }

  /** All is written and GOAWAY was the last: our half ends, the peer's end is awaited. */
  #endCarrier(): void {
    const ended = this.#carrier.closeWrite();
    if (ended) ended.catch((thrown) => this.#end(toTunnelError(thrown, "connection_closed")));
  }

  #end(error: TunnelError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat.stop();
    const reason = error ?? new TunnelError("session_closed", "The session has ended");
    // Whoever holds a stream must be able to tell its own end from the end of them all.
    const ofStreams = reason.code === "session_closed"
      ? reason
      : new TunnelError("session_closed", reason.message, { cause: reason });
    for (const stream of [...this.#streams.values()]) stream.fail(ofStreams, true);
    this.session.shut();
    this.#streams.clear();
    this.#carrier.abort(reason);
    this.#settle({ error, goAway: this.#goAway });
  }

  // What the session says.

  /** @inheritdoc */
  onOpen(streamId: number): void {
    const stream = this.#adopt(streamId);
    void this.#greet(stream);
  }

  /** Learns the type of a stream of the peer, then hands it on. */
  async #greet(stream: Stream): Promise<void> {
    try {
      let prefix = new Uint8Array(0);
      while (prefix.length < 4) {
        const chunk = await stream.read();
        if (chunk === undefined) return stream.reset(RESET.protocol);
        const more: Uint8Array<ArrayBuffer> = new Uint8Array(prefix.length + chunk.length);
        more.set(prefix);
        more.set(chunk, prefix.length);
        prefix = more;
      }
      stream.type = readU32(prefix, 0);
      stream.unread(prefix.subarray(4));
      if (stream.type === HEARTBEAT_TYPE) await this.#echo(stream);
      else this.#onStream(stream);
    } catch (thrown) {
      // A stream that fails before anybody owns it concerns nobody else.
      stream.abort(thrown);
    }
  }

  /** Answers the peer's heartbeat (wire-protocol 4). */
  async #echo(stream: Stream): Promise<void> {
    if (this.#streams.has(stream.id)) this.#heartbeats.add(stream.id);
    this.session.setUrgent(stream.id);
    this.#peerHeartbeatId = stream.id;
    try {
      // Whole pings only: a peer may take a shorter frame for a wrong answer.
      let rest: Uint8Array = new Uint8Array(0);
      for (;;) {
        const chunk = await stream.read();
        if (chunk === undefined) break;
        const pings = rest.length > 0 ? concat([rest, chunk]) : chunk;
        const wholeBytes = pings.length & ~3;
        if (wholeBytes > 0) await stream.write(pings.slice(0, wholeBytes));
        rest = pings.slice(wholeBytes);
      }
      stream.closeWrite();
    } finally {
      if (this.#peerHeartbeatId === stream.id) this.#peerHeartbeatId = 0;
    }
  }

  #adopt(streamId: number): Stream {
    const stream = new Stream(streamId, this.session);
    this.#streams.set(streamId, stream);
    return stream;
  }

  /** @inheritdoc */
  onData(streamId: number, chunk: Uint8Array): void {
    this.#streams.get(streamId)?.deliver(chunk, this.#arrived);
  }

  /** @inheritdoc */
  onEnd(streamId: number): void {
    this.#streams.get(streamId)?.deliverEnd();
  }

  /** @inheritdoc */
  onReset(streamId: number, code: number): void {
    this.#streams.get(streamId)?.fail(resetError(code));
  }

  /** @inheritdoc */
  onWritable(streamId: number): void {
    this.#streams.get(streamId)?.resume();
  }

  /** @inheritdoc */
  onOver(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    this.#streams.delete(streamId);
    this.#heartbeats.delete(streamId);
    stream.end();
  }

  /** @inheritdoc */
  onGoAway(code: number, text: string): void {
    this.#goAway = { code, text };
    // Everything after a GOAWAY is noise (wire-protocol 2.5): the session is over for us too.
    const error = code === RESET.noError
      ? undefined
      : new TunnelError("session_closed", `The peer ended the session: ${text || `code ${code}`}`);
    this.#end(error);
  }
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** One stream with the shape of a Duplex. */
class Stream extends RawDuplex implements MuxStream {
  readonly id: number;
  type = -1;
  readonly #session: MuxSession;
  #inbound: Uint8Array[] = [];
  #inboundEnded = false;
  #outboundEnded = false;
  #error: TunnelError | undefined;
  #wasReset = false;
  #reader: Waiter<Chunk> | undefined;
  #writer: Waiter<void> | undefined;
  #writable: Promise<void> | undefined;
  #over = false;
  #closed: Promise<void> | undefined;
  #setClosed: (() => void) | undefined;

  constructor(id: number, session: MuxSession) {
    super();
    this.id = id;
    this.#session = session;
  }

  get closed(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return this.#closed ??= new Promise((resolve) => this.#setClosed = resolve);
  }

  protected readRaw(): Chunk | Promise<Chunk> {
    const chunk = this.#inbound.shift();
    if (chunk) {
      this.#session.consumed(this.id, chunk.length);
      return chunk;
    }
    if (this.#inboundEnded && !this.#wasReset) return undefined;
    if (this.#error) throw this.#error;
    if (this.#reader) throw new TypeError("A read is already under way on this stream");
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  write(chunk: Uint8Array): void | Promise<void> {
    return this.#send(chunk, false);
  }

  give(chunk: Uint8Array): void | Promise<void> {
    return this.#send(chunk, true);
  }

  #send(chunk: Uint8Array, isGiven: boolean): void | Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#outboundEnded) {
      throw new TunnelError("connection_closed", "Cannot write: this direction has ended");
    }
    if (this.#session.send(this.id, chunk, isGiven)) return;
    return this.#writable ??= new Promise((resolve, reject) => this.#writer = { resolve, reject });
  }

  closeWrite(): void {
    if (this.#outboundEnded || this.#error) return;
    this.#outboundEnded = true;
    this.#session.finish(this.id);
  }

  reset(code: number): void {
    if (this.#error || this.#over) return;
    this.fail(new TunnelError("aborted", "The stream was reset by this side"));
    this.#session.reset(this.id, code);
  }

  abort(_reason?: unknown): void {
    this.reset(RESET.streamCancelled);
  }

  // Called by the muxer.

  /**
   * @param chunk for this stream
   * @param arrived what it is a part of
   */
  deliver(chunk: Uint8Array, arrived: Uint8Array): void {
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      this.#session.consumed(this.id, chunk.length);
      shareBuffer(chunk, arrived);
      return reader.resolve(chunk);
    }
    // A small view would keep the carrier's whole buffer in memory for as long as it waits.
    if (chunk.length * KEEP_FRACTION < chunk.buffer.byteLength) {
      const copy = chunk.slice();
      lendBuffer(copy);
      this.#inbound.push(copy);
    } else {
      shareBuffer(chunk, arrived);
      this.#inbound.push(chunk);
    }
  }

  deliverEnd(): void {
    this.#inboundEnded = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(undefined);
  }

  resume(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#writable = undefined;
    writer?.resolve();
  }

  /** @param keepInbound whether what arrived may still be read: the session died, not the stream */
  fail(error: TunnelError, keepInbound = false): void {
    if (this.#error) return;
    this.#error = error;
    this.#wasReset = !keepInbound;
    if (!keepInbound) this.#inbound = [];
    const reader = this.#reader;
    const writer = this.#writer;
    this.#reader = undefined;
    this.#writer = undefined;
    reader?.reject(error);
    if (writer) {
      // Whoever ignored "full" must not be punished with an unhandled rejection.
      this.#writable?.catch(() => {});
      writer.reject(error);
    }
  }

  end(): void {
    this.#over = true;
    this.#setClosed?.();
    this.resume();
  }
}
