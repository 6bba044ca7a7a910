/**
 * The mux without a carrier: bytes in, events and bytes out. No promise, no timer, no socket; the
 * muxer moves the bytes.
 *
 * Order on the wire: control frames first, then urgent streams (heartbeats), then one frame of each
 * stream that has something to send, in turn.
 *
 * @module
 */
import { writeU32 } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { FrameDecoder, type FrameSink } from "./decode.ts";
import { ControlQueue, encodeGoAway, writeHeader } from "./encode.ts";
import { FLAG, FRAME, HEADER_BYTES, MuxFault, RESET } from "./frame.ts";
import { StreamState } from "./stream.ts";
import { WindowBudget } from "./window.ts";

/** What a session tells its shell. Handlers must not throw. */
export interface SessionEvents {
  /** The peer opened a stream. */
  onOpen(streamId: number): void;
  /** Bytes arrived; a view of the input of `receive`. */
  onData(streamId: number, chunk: Uint8Array): void;
  /** The peer ended its direction. */
  onEnd(streamId: number): void;
  /** The stream failed: the peer reset it, or overran its credit. */
  onReset(streamId: number, code: number): void;
  /** What waited to be sent has fallen below the mark after `send` said "full". */
  onWritable(streamId: number): void;
  /** The session knows this stream no more. */
  onOver(streamId: number): void;
  /** The peer says it leaves. Nothing it sends after that is heard. */
  onGoAway(code: number, text: string): void;
  /** There is something to `take`. */
  onWork(): void;
}

/** Bounds of a session. */
export interface SessionLimits {
  /** Payload of one frame. */
  readonly maxFrameBytes: number;
  /** Payload of one frame while many streams have something to send: the next stream's turn is not far. */
  readonly fairFrameBytes: number;
  /** Streams the peer may have open. */
  readonly maxPeerStreams: number;
  /** Streams we may have open: fewer than 500 towards a Rust SDK (wire-protocol 2.7). */
  readonly maxOwnStreams: number;
  /** `send` says "full" above this. */
  readonly highWaterBytes: number;
  /** Replies that pile up because the peer provokes them and does not read. */
  readonly maxControlBytes: number;
}

/** Frames of 64 to 128 KiB, 10,000 streams each way, 128 KiB waiting per stream. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxFrameBytes: 128 * 1024,
  fairFrameBytes: 64 * 1024,
  maxPeerStreams: 10_000,
  maxOwnStreams: 10_000,
  highWaterBytes: 128 * 1024,
  maxControlBytes: 1024 * 1024,
};

/** A write of less is not worth keeping its memory. */
const LARGE_BYTES = 32 * 1024;

/** How a session is made. */
export interface SessionOptions {
  /** Who opens odd streams: the agent is the client. */
  readonly role: "client" | "server";
  /** The steady clock, for window growth. */
  readonly steady: () => number;
  /** Who hears what happens. */
  readonly events: SessionEvents;
  /** Bounds. */
  readonly limits?: Partial<SessionLimits>;
  /** Windows of the session. */
  readonly budget?: WindowBudget;
}

/** One end of a mux, as pure state. */
export class MuxSession implements FrameSink {
  /** The windows of the session. */
  readonly budget: WindowBudget;
  /** How often a stream ran out of credit with bytes left to send. */
  windowStalls = 0;
  readonly #events: SessionEvents;
  readonly #steady: () => number;
  readonly #limits: SessionLimits;
  readonly #decoder: FrameDecoder = new FrameDecoder(this);
  readonly #streams = new Map<number, StreamState>();
  readonly #control = new ControlQueue();
  readonly #peerParity: number;
  #line: StreamState[] = [];
  #urgentLine: StreamState[] = [];
  #nextId: number;
  #ownStreams = 0;
  #peerStreams = 0;
  #lastPeerId = 0;
  #farewell: Uint8Array | undefined;
  #silent = false;
  // The plan of one `take`, kept to save allocations.
  readonly #planned: StreamState[] = [];
  readonly #plannedBytes: number[] = [];
  readonly #plannedFlags: number[] = [];

  /**
   * Makes a session with no streams.
   *
   * @param options role, clock, listener, bounds
   */
  constructor(options: SessionOptions) {
    this.budget = options.budget ?? new WindowBudget();
    this.#events = options.events;
    this.#steady = options.steady;
    this.#limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    // First ids: agent 3, edge 2 (wire-protocol 2.2).
    this.#nextId = options.role === "client" ? 3 : 2;
    this.#peerParity = options.role === "client" ? 0 : 1;
  }

  /** Streams that are not over. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether input ended in the middle of a frame. */
  get midFrame(): boolean {
    return this.#decoder.midFrame;
  }

  /** Bytes of `streamId` that wait to be sent. */
  queuedBytes(streamId: number): number {
    return this.#streams.get(streamId)?.outbound.bytes ?? 0;
  }

  /**
   * Opens a stream whose first frame carries all of `first`.
   *
   * @param first type and header: what the peer needs to go on (wire-protocol 3)
   * @param urgent whether it overtakes other streams
   * @returns its id
   * @throws {TunnelError} streams_exhausted, session_closed
   */
  open(first: Uint8Array, urgent = false): number {
    if (this.#silent) {
      throw new TunnelError("session_closed", "Cannot open a stream: the session is over");
    }
    if (!urgent && this.#ownStreams >= this.#limits.maxOwnStreams) {
      throw new TunnelError(
        "streams_exhausted",
        `Cannot open a stream: ${this.#ownStreams} of ${this.#limits.maxOwnStreams} are open`,
      );
    }
    if (this.#nextId > 0x7fffffff) {
      throw new TunnelError(
        "streams_exhausted",
        "Cannot open a stream: the session has used up its ids",
      );
    }
    const stream = new StreamState(this.#nextId, true, urgent, this.budget, this.#steady());
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.#ownStreams++;
    stream.outbound.push(first);
    this.#enlist(stream);
    return stream.id;
  }

  /** Makes a stream of the peer overtake others: it turned out to be its heartbeat. */
  setUrgent(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream) stream.urgent = true;
  }

  /**
   * Queues bytes.
   *
   * @param streamId where
   * @param chunk not changed from now on
   * @param isGiven whether nobody else looks at it: its memory is returned when it has left
   * @returns false when the stream is "full": wait for `onWritable`. A stream that is over takes
   * nothing and is never full.
   */
  send(streamId: number, chunk: Uint8Array, isGiven = false): boolean {
    const stream = this.#streams.get(streamId);
    if (!stream || stream.finDue || chunk.length === 0) return true;
    stream.outbound.push(chunk, isGiven);
    this.#enlist(stream);
    if (stream.outbound.bytes < this.#limits.highWaterBytes) return true;
    stream.writerWaits = true;
    return false;
  }

  /** Ends our direction after what is queued. */
  finish(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream || stream.finDue) return;
    stream.finDue = true;
    this.#enlist(stream);
  }

  /** Ends both directions. What is queued is dropped; an end that was asked for still leaves first. */
  reset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    if (!stream.synDue) {
      // FIN, then RST: an idle Rust agent wakes up on FIN only (wire-protocol 7.1).
      if (stream.finDue && !stream.finSent) this.#control.emptyData(stream.id, FLAG.fin);
      this.#control.reset(stream.id, code);
    }
    this.#drop(stream);
    this.#work();
  }

  /** Counts what the reader took, and returns credit when it is time. */
  consumed(streamId: number, count: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream || stream.finReceived) return;
    const increment = stream.inbound.consume(count, this.#steady());
    if (increment === 0) return;
    this.#control.windowIncrement(streamId, increment);
    this.#work();
  }

  /** An empty data frame on a stream: its segment carries a delayed ACK (wire-protocol 10.1). */
  nudge(streamId: number): void {
    if (this.#streams.has(streamId)) this.#control.emptyData(streamId, 0);
  }

  /**
   * Says goodbye: after what can be sent now, GOAWAY is the last that {@linkcode take} gives.
   *
   * @param code wire-protocol 2.4
   * @param text for people
   */
  goAway(code: number, text: string): void {
    if (this.#silent || this.#farewell) return;
    this.#farewell = encodeGoAway(this.#lastPeerId, code, text);
    this.#events.onWork();
  }

  /** Drops everything; nothing is sent or heard any more. */
  shut(): void {
    this.#silent = true;
    this.#decoder.stop();
    this.#control.clear();
    for (const stream of [...this.#streams.values()]) this.#drop(stream);
  }

  /**
   * Takes in what arrived.
   *
   * @throws {MuxFault} when the peer broke the protocol: say {@linkcode goAway} with its code
   */
  receive(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    if (this.#control.bytes > this.#limits.maxControlBytes) {
      this.#decoder.stop();
      throw new MuxFault(
        RESET.enhanceYourCalm,
        `The peer provoked ${this.#control.bytes} bytes of replies without reading them`,
      );
    }
  }

  /** Whether `take` would give something. */
  get hasWork(): boolean {
    return !this.#silent &&
      (this.#control.bytes > 0 || this.#urgentLine.length > 0 || this.#line.length > 0 ||
        this.#farewell !== undefined);
  }

  /**
   * What is to be written next, as one array.
   *
   * @param aboutBytes no further frame is begun beyond this
   * @param spare memory to use where it is large enough and new memory would be dear
   * @returns `undefined` when there is nothing
   */
  take(aboutBytes: number, spare?: Uint8Array): Uint8Array | undefined {
    if (this.#silent) return undefined;
    const controlBytes = this.#control.bytes;
    let total = controlBytes;
    const { maxFrameBytes, fairFrameBytes } = this.#limits;
    while (this.#urgentLine.length > 0) {
      total += this.#plan(this.#urgentLine.shift()!, fairFrameBytes);
    }
    let served = 0;
    const line = this.#line;
    // Few streams fill a write between them; of many, each gets a frame when its turn comes.
    const share = Math.max(fairFrameBytes, Math.floor(aboutBytes / line.length));
    const frameBytes = Math.min(share, maxFrameBytes);
    while (served < line.length && total < aboutBytes) {
      total += this.#plan(line[served++], frameBytes);
    }
    if (served > 0) this.#line = served === line.length ? [] : line.slice(served);
    const farewell = this.#line.length === 0 ? this.#farewell : undefined;
    if (farewell) total += farewell.length;
    if (total === 0) return undefined;

    const bytes = roomFor(total, spare);
    this.#control.drainInto(bytes);
    let at = controlBytes;
    for (let index = 0; index < this.#planned.length; index++) {
      at = this.#write(
        bytes,
        at,
        this.#planned[index],
        this.#plannedBytes[index],
        this.#plannedFlags[index],
      );
    }
    if (farewell) {
      bytes.set(farewell, at);
      this.#silent = true;
    }
    // Only now do streams rejoin the line or leave the session: each had one frame.
    const planned = this.#planned.splice(0);
    this.#plannedBytes.length = 0;
    this.#plannedFlags.length = 0;
    for (const stream of planned) this.#afterTurn(stream);
    return bytes;
  }

  /** Decides the next frame of a stream; returns its size with header. */
  #plan(stream: StreamState, frameBytes: number): number {
    stream.inLine = false;
    if (!stream.canSend) return 0;
    const queued = stream.outbound.bytes;
    let count = Math.min(queued, stream.sendCreditBytes, frameBytes);
    // Type and header must not be torn apart (wire-protocol 3).
    if (stream.synDue) {
      count = Math.max(count, Math.min(stream.outbound.firstBytes, stream.sendCreditBytes));
    }
    let flags = 0;
    if (stream.synDue) flags |= FLAG.syn;
    if (stream.finDue && count === queued) flags |= FLAG.fin;
    this.#planned.push(stream);
    this.#plannedBytes.push(count);
    this.#plannedFlags.push(flags);
    return HEADER_BYTES + count;
  }

  #write(bytes: Uint8Array, at: number, stream: StreamState, count: number, flags: number): number {
    writeHeader(bytes, at, count, FRAME.data, flags, stream.id);
    if (count > 0) stream.outbound.moveInto(bytes, at + HEADER_BYTES, count);
    stream.sendCreditBytes -= count;
    if (stream.sendCreditBytes === 0 && stream.outbound.bytes > 0) this.windowStalls++;
    stream.synDue = false;
    if (flags & FLAG.fin) stream.finSent = true;
    return at + HEADER_BYTES + count;
  }

  #afterTurn(stream: StreamState): void {
    if (stream.over) return;
    if (stream.writerWaits && stream.outbound.bytes <= this.#limits.highWaterBytes >>> 1) {
      stream.writerWaits = false;
      this.#events.onWritable(stream.id);
    }
    if (stream.finSent && stream.finReceived) this.#drop(stream);
    else this.#enlist(stream);
  }

  #enlist(stream: StreamState): void {
    if (stream.inLine || !stream.canSend) return;
    stream.inLine = true;
    (stream.urgent ? this.#urgentLine : this.#line).push(stream);
    this.#work();
  }

  #work(): void {
    if (!this.#silent) this.#events.onWork();
  }

  #drop(stream: StreamState): void {
    if (stream.over) return;
    stream.over = true;
    stream.outbound.clear();
    stream.inbound.release();
    this.#streams.delete(stream.id);
    if ((stream.id & 1) === this.#peerParity) this.#peerStreams--;
    else this.#ownStreams--;
    this.#events.onOver(stream.id);
  }

  // What the decoder hears.

  /** Called by the decoder: see {@linkcode FrameSink.onData}. */
  onData(streamId: number, syn: boolean, fin: boolean, payload: Uint8Array): void {
    let stream = this.#streams.get(streamId);
    if (syn) {
      if (stream) throw new MuxFault(RESET.protocol, `The peer opened stream ${streamId} twice`);
      stream = this.#accept(streamId);
    }
    if (!stream) {
      // Empty frames for unknown streams are ignored, payload is answered (wire-protocol 2.2).
      if (payload.length > 0) {
        this.#control.reset(streamId, RESET.streamClosed);
        this.#work();
      }
      return;
    }
    if (payload.length > 0 && (stream.finReceived || !stream.inbound.receive(payload.length))) {
      const code = stream.finReceived ? RESET.streamClosed : RESET.flowControl;
      this.#events.onReset(streamId, code);
      this.reset(streamId, code);
      return;
    }
    if (payload.length > 0) this.#events.onData(streamId, payload);
    if (fin && !stream.over && !stream.finReceived) {
      stream.finReceived = true;
      this.#events.onEnd(streamId);
      if (stream.finSent) this.#drop(stream);
    }
  }

  #accept(streamId: number): StreamState | undefined {
    if ((streamId & 1) !== this.#peerParity) {
      throw new MuxFault(
        RESET.protocol,
        `The peer opened stream ${streamId}, which is ours to open`,
      );
    }
    if (this.#peerStreams >= this.#limits.maxPeerStreams || this.#farewell) {
      this.#control.reset(streamId, RESET.streamRefused);
      this.#work();
      return undefined;
    }
    const stream = new StreamState(streamId, false, false, this.budget, this.#steady());
    this.#streams.set(streamId, stream);
    this.#peerStreams++;
    if (streamId > this.#lastPeerId) this.#lastPeerId = streamId;
    this.#events.onOpen(streamId);
    return stream;
  }

  /** Called by the decoder: see {@linkcode FrameSink.onReset}. */
  onReset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    this.#events.onReset(streamId, code);
    this.#drop(stream);
  }

  /** Called by the decoder: see {@linkcode FrameSink.onWindowIncrement}. */
  onWindowIncrement(streamId: number, incrementBytes: number): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    stream.sendCreditBytes += incrementBytes;
    if (stream.sendCreditBytes > 0x7fffffff) {
      this.#events.onReset(streamId, RESET.flowControl);
      this.reset(streamId, RESET.flowControl);
      return;
    }
    this.#enlist(stream);
  }

  /** Called by the decoder: see {@linkcode FrameSink.onGoAway}. */
  onGoAway(_lastStreamId: number, code: number, text: string): void {
    this.#events.onGoAway(code, text);
  }
}

/** Memory for one write. That of a large one is rounded up, so that the next one fits in too. */
function roomFor(size: number, spare: Uint8Array | undefined): Uint8Array {
  if (size < LARGE_BYTES) return new Uint8Array(size);
  if (spare && size <= spare.length) return spare.subarray(0, size);
  return new Uint8Array(Math.ceil(size / LARGE_BYTES) * LARGE_BYTES).subarray(0, size);
}

/** The type of a stream and what follows it, as the bytes of its first frame. */
export function firstBytes(type: number, first?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + (first?.length ?? 0));
  writeU32(bytes, 0, type);
  if (first) bytes.set(first, 4);
  return bytes;
}
