/**
 * HTTP/2 (RFC 9113) over any carrier, as the side that serves or as the side that asks. The edge
 * serves visitors with it and speaks it to services behind an agent.
 *
 * Content waits within its stream's window, so a stream that nobody reads stops its own sender and
 * nobody else's. What leaves goes through `outbox.ts`.
 *
 * @module
 */
import { concat } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import type { Duplex } from "../../base/duplex.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import type { FieldList } from "../http2_request.ts";
import { Allowance } from "./allowance.ts";
import {
  FLAG,
  FRAME,
  type FrameHeader,
  FrameReader,
  type FrameSink,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  numbersFrame,
  PREFACE,
  readU31,
  readU32,
  SETTING,
  settingsFrame,
} from "./frame.ts";
import { HpackDecoder } from "./hpack_decoder.ts";
import {
  H2_CODE,
  type Http2Call,
  type Http2Client,
  type Http2Options,
  type Http2Request,
  type Http2Session,
} from "./http2.ts";
import { FIRST_WINDOW, Outbox } from "./outbox.ts";
import { H2Stream, type StreamLink } from "./stream.ts";

/** Frames without an effect: pings, settings, empty content, unknown types. */
const IDLE_BURST = 10_000;
const IDLE_PER_SECOND = 2_000;
/** How long a peer may take to end its side after ours. */
const LINGER_MS = 2_000;
/** How long the first GOAWAY has to arrive before the second, when its ping does not come back. */
const GO_AWAY_MS = 1_000;

/**
 * Serves a connection.
 *
 * @param carrier a connection; the client's preface is still to be read. Owned by the session from now on
 * @param clock whose time
 * @param options what it may cost
 * @param onRequest gets each request
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { systemClock } from "../../base/clock.ts";
 * import { pair } from "../../base/duplex.ts";
 * import { connectHttp2, serveHttp2Session } from "./session.ts";
 *
 * const [near, far] = pair();
 * serveHttp2Session(far, systemClock, {}, (request) => {
 *   request.sendHead([[":status", "200"]], false);
 *   request.write(new TextEncoder().encode("hello"));
 *   request.closeWrite();
 * });
 * const session = connectHttp2(near, systemClock, {});
 * const call = await session.request([[":method", "GET"], [":scheme", "http"], [":authority", "a"], [":path", "/"]], true);
 * assert.deepEqual((await call.nextHead()).fields, [[":status", "200"]]);
 * assert.equal(new TextDecoder().decode(await call.read()), "hello");
 * session.close();
 * await session.closed;
 * ```
 */
export function serveHttp2Session(
  carrier: Duplex,
  clock: Clock,
  options: Http2Options,
  onRequest: (request: Http2Request) => void,
): Http2Session {
  return new Session(carrier, clock, options, onRequest);
}

/**
 * Asks over a connection whose other end is known to speak HTTP/2.
 *
 * @param carrier a connection that nothing was said on; owned by the session from now on
 * @param clock whose time
 * @param options what it may cost
 */
export function connectHttp2(carrier: Duplex, clock: Clock, options: Http2Options): Http2Client {
  return new Session(carrier, clock, options, undefined);
}

/** A field section under way (RFC 9113 section 4.3). */
interface Section {
  readonly id: number;
  readonly endsStream: boolean;
  readonly parts: Uint8Array[];
  bytes: number;
}

class Session implements Http2Client, FrameSink, StreamLink {
  readonly closed: Promise<void>;
  readonly #carrier: Duplex;
  readonly #clock: Clock;
  readonly #options: Required<Http2Options>;
  /** Gets requests; without it we are the side that asks. */
  readonly #onRequest: ((request: Http2Request) => void) | undefined;
  readonly #frames = new FrameReader(this);
  readonly #decoder: HpackDecoder;
  readonly #outbox: Outbox;
  readonly #resets: Allowance;
  readonly #idleFrames: Allowance;
  readonly #streams = new Map<number, H2Stream>();
  #prefaceLeft: number;
  #hasSettings = false;
  #section: Section | undefined;
  #lastPeerId = 0;
  #nextId = 1;
  #peerStreamWindow = FIRST_WINDOW;
  #peerMaxStreams = 100;
  #receiveWindow: number;
  #unsaidCredit = 0;
  #waitingRequests: (() => void)[] = [];
  #isClosing = false;
  #saidLast = false;
  #peerSaysGo = false;
  #isEnding = false;
  #isOver = false;
  #setClosed!: () => void;

  constructor(
    carrier: Duplex,
    clock: Clock,
    options: Http2Options,
    onRequest: ((request: Http2Request) => void) | undefined,
  ) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.#onRequest = onRequest;
    const full = this.#options = {
      maxStreams: 100,
      streamWindowBytes: 262_144,
      sessionWindowBytes: 4_194_304,
      maxFieldBytes: 1_048_576,
      maxFields: 1_000,
      resetBurst: 1_000,
      resetsPerSecond: 33,
      ...options,
    };
    this.#decoder = new HpackDecoder(full.maxFieldBytes, full.maxFields);
    this.#outbox = new Outbox(carrier, clock, (error) => this.#end(error));
    this.#resets = new Allowance(clock, full.resetBurst, full.resetsPerSecond);
    this.#idleFrames = new Allowance(clock, IDLE_BURST, IDLE_PER_SECOND);
    this.#receiveWindow = Math.max(FIRST_WINDOW, full.sessionWindowBytes);
    this.#prefaceLeft = onRequest ? PREFACE.length : 0;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
    this.#greet();
    void this.#run();
  }

  get isOpen(): boolean {
    return !this.#isOver && !this.#isClosing && !this.#peerSaysGo && this.#nextId < MAX_WINDOW;
  }

  #greet(): void {
    const { maxStreams, streamWindowBytes, maxFieldBytes } = this.#options;
    if (!this.#onRequest) this.#outbox.say(PREFACE);
    this.#outbox.say(settingsFrame([
      this.#onRequest ? [SETTING.maxConcurrentStreams, maxStreams] : [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, streamWindowBytes],
      [SETTING.maxHeaderListSize, maxFieldBytes],
      ...(this.#onRequest ? [[SETTING.enableConnectProtocol, 1] as const] : []),
    ]));
    const more = this.#receiveWindow - FIRST_WINDOW;
    if (more > 0) this.#outbox.say(numbersFrame(FRAME.windowUpdate, 0, 0, more));
  }

  // What arrives.

  async #run(): Promise<void> {
    try {
      for (;;) {
        const next = this.#carrier.read();
        const chunk = next instanceof Promise ? await next : next;
        if (chunk === undefined) break;
        if (!this.#isOver) this.#take(chunk);
      }
      if (!this.#isOver) this.#carrier.closeWrite();
      this.#end(new TunnelError("connection_closed", "The HTTP/2 connection ended"));
    } catch (thrown) {
      this.#end(toTunnelError(thrown, "connection_closed"));
      this.#carrier.abort(thrown);
    }
  }

  #take(chunk: Uint8Array): void {
    let at = 0;
    while (this.#prefaceLeft > 0 && at < chunk.length) {
      if (chunk[at++] !== PREFACE[PREFACE.length - this.#prefaceLeft--]) {
        return this.abort(H2_CODE.protocolError, "it does not begin like HTTP/2");
      }
    }
    this.#frames.take(at === 0 ? chunk : chunk.subarray(at));
  }

  onTooLarge(header: FrameHeader): void {
    this.abort(H2_CODE.frameSizeError, `a frame of ${header.length} bytes`);
  }

  onData(header: FrameHeader): void {
    if (!this.#isExpected(header)) return;
    this.#countContent(header);
  }

  onPiece(header: FrameHeader, piece: Uint8Array, isLast: boolean): void {
    if (this.#isOver) return;
    const stream = this.#streams.get(header.id);
    if (!stream || stream.remoteEnded || !stream.hasHead) return this.#credit(piece.length);
    stream.receive(piece);
    if (isLast && (header.flags & FLAG.endStream) !== 0) stream.receiveEnd();
  }

  /** Content counts whole, padding included (RFC 9113 section 6.9). */
  #countContent(header: FrameHeader): void {
    const { id, length, flags } = header;
    if (id === 0) return this.abort(H2_CODE.protocolError, "content of no stream");
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      return this.abort(H2_CODE.flowControlError, "more content than was allowed");
    }
    if (length === 0 && (flags & FLAG.endStream) === 0 && !this.#spendIdle()) return;
    const stream = this.#streams.get(id);
    if (!stream) return this.#checkKnown(id);
    if (stream.remoteEnded || !stream.hasHead) return this.#fault(stream, H2_CODE.streamClosed);
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) this.#fault(stream, H2_CODE.flowControlError);
  }

  /** A frame of a stream that is over may have been on its way; one of a stream that never was, not. */
  #checkKnown(id: number): void {
    const isOurs = (id & 1) === (this.#onRequest ? 0 : 1);
    if (isOurs ? id < this.#nextId : id <= this.#lastPeerId) return void this.#spendIdle();
    this.abort(H2_CODE.protocolError, `a frame of the stream ${id}, which was never opened`);
  }

  /** RFC 9113 section 3.4: settings come first; section 6.10: a field section is not interrupted. */
  #isExpected(header: FrameHeader): boolean {
    if (this.#isOver) return false;
    if (!this.#hasSettings && (header.type !== FRAME.settings || (header.flags & FLAG.ack) !== 0)) {
      this.abort(H2_CODE.protocolError, "it does not begin with SETTINGS");
      return false;
    }
    const section = this.#section;
    if (section && (header.type !== FRAME.continuation || header.id !== section.id)) {
      this.abort(H2_CODE.protocolError, "a field section was interrupted");
      return false;
    }
    return true;
  }

  onFrame(header: FrameHeader, payload: Uint8Array): void {
    if (!this.#isExpected(header)) return;
    switch (header.type) {
      case FRAME.data:
        return this.#onPaddedData(header, payload);
      case FRAME.headers:
        return this.#onHeaders(header, payload);
      case FRAME.continuation:
        return this.#onContinuation(header, payload);
      case FRAME.resetStream:
        return this.#onReset(header, payload);
      case FRAME.settings:
        return this.#onSettings(header, payload);
      case FRAME.ping:
        return this.#onPing(header, payload);
      case FRAME.goAway:
        return this.#onGoAway(header, payload);
      case FRAME.windowUpdate:
        return this.#onWindowUpdate(header, payload);
      case FRAME.pushPromise:
        return this.abort(H2_CODE.protocolError, "a push");
      default:
        this.#spendIdle(); // PRIORITY, and what nobody knows
    }
  }

  #onPaddedData(header: FrameHeader, payload: Uint8Array): void {
    this.#countContent(header);
    if (this.#isOver) return;
    const padding = payload.length === 0 ? 0 : payload[0] + 1;
    if (padding > payload.length) return this.abort(H2_CODE.protocolError, "padding without end");
    const content = payload.subarray(1, payload.length - padding + 1);
    const stream = this.#streams.get(header.id);
    // The padding is consumed as it comes.
    if (stream) this.consumed(stream, header.length - content.length);
    else this.#credit(header.length - content.length);
    this.onPiece(header, content, true);
  }

  #onHeaders(header: FrameHeader, payload: Uint8Array): void {
    const { id, flags } = header;
    if (id === 0) return this.abort(H2_CODE.protocolError, "a head of no stream");
    let from = 0;
    let to = payload.length;
    if ((flags & FLAG.padded) !== 0) to -= payload[from++] ?? 0;
    if ((flags & FLAG.priority) !== 0) from += 5;
    if (from > to) return this.abort(H2_CODE.protocolError, "padding without end");
    const block = payload.subarray(from, to);
    const endsStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) return this.#onSection(id, block, endsStream);
    this.#section = { id, endsStream, parts: [block.slice()], bytes: block.length };
  }

  #onContinuation(header: FrameHeader, payload: Uint8Array): void {
    const section = this.#section;
    if (!section) return this.abort(H2_CODE.protocolError, "a continuation of nothing");
    section.parts.push(payload.slice());
    section.bytes += payload.length;
    const { maxFieldBytes } = this.#options;
    // Frames of a few bytes, or none, are an attack and nothing else.
    const tooMany = section.parts.length > 16 + section.bytes / 256;
    if (section.bytes > maxFieldBytes || tooMany) {
      return this.abort(H2_CODE.enhanceYourCalm, "a field section without end");
    }
    if ((header.flags & FLAG.endHeaders) === 0) return;
    this.#section = undefined;
    this.#onSection(section.id, concat(section.parts, section.bytes), section.endsStream);
  }

  #onSection(id: number, block: Uint8Array, endsStream: boolean): void {
    let fields: FieldList;
    let isTooLarge: boolean;
    try {
      ({ fields, isTooLarge } = this.#decoder.decode(block));
    } catch (thrown) {
      return this.abort(H2_CODE.compressionError, toTunnelError(thrown).message);
    }
    const stream = this.#streams.get(id);
    if (!stream) return this.#onOpening(id, { fields, isTooLarge, bodiless: endsStream });
    if (stream.remoteEnded) return this.#fault(stream, H2_CODE.streamClosed);
    if (!stream.hasHead) {
      const status = fields.find(([name]) => name === ":status")?.[1] ?? "";
      if (isTooLarge || status === "") return this.#fault(stream, H2_CODE.protocolError);
      const isInterim = status.startsWith("1") && status.length === 3;
      if (isInterim && endsStream) return this.#fault(stream, H2_CODE.protocolError);
      stream.hasHead = !isInterim;
      stream.receiveAnswer({ fields, bodiless: endsStream });
      if (endsStream) stream.receiveEnd();
      return;
    }
    // RFC 9113 section 8.1: trailers end the message.
    if (!endsStream || isTooLarge) return this.#fault(stream, H2_CODE.protocolError);
    stream.receiveEnd(fields);
  }

  #onOpening(id: number, request: Pick<Http2Request, "fields" | "isTooLarge" | "bodiless">): void {
    if (!this.#onRequest || (id & 1) === 0 || id <= this.#lastPeerId) return this.#checkKnown(id);
    if (this.#saidLast) return; // RFC 9113 section 6.8: what GOAWAY did not name is not served
    this.#lastPeerId = id;
    const stream = new H2Stream(this, id, this.#windows(), request);
    this.#streams.set(id, stream);
    if (this.#streams.size > this.#options.maxStreams) {
      return this.#fault(stream, H2_CODE.refusedStream);
    }
    this.#onRequest(stream);
  }

  #windows(): { send: number; receive: number } {
    // Until our SETTINGS are heard the peer goes by the default.
    const receive = Math.max(FIRST_WINDOW, this.#options.streamWindowBytes);
    return { send: this.#peerStreamWindow, receive };
  }

  #onReset(header: FrameHeader, payload: Uint8Array): void {
    if (payload.length !== 4) return this.abort(H2_CODE.frameSizeError, "a reset");
    if (header.id === 0) return this.abort(H2_CODE.protocolError, "a reset of no stream");
    const stream = this.#streams.get(header.id);
    if (!stream) return this.#checkKnown(header.id);
    const code = readU32(payload, 0);
    // RFC 9113 section 8.7: what was refused was not begun, and may be asked again.
    const kind = code === H2_CODE.refusedStream ? "stream_refused" : "connection_reset";
    this.#drop(stream, new TunnelError(kind, `The peer reset the HTTP/2 stream with code ${code}`));
    this.#spendReset();
  }

  #onSettings(header: FrameHeader, payload: Uint8Array): void {
    if (header.id !== 0) return this.abort(H2_CODE.protocolError, "settings of a stream");
    if ((header.flags & FLAG.ack) !== 0) return;
    if (payload.length % 6 !== 0) return this.abort(H2_CODE.frameSizeError, "settings");
    if (this.#hasSettings && !this.#spendIdle()) return;
    this.#hasSettings = true;
    for (let at = 0; at < payload.length; at += 6) {
      this.#onSetting(payload[at] << 8 | payload[at + 1], readU32(payload, at + 2));
    }
    if (!this.#isOver) this.#reply(numbersFrame(FRAME.settings, FLAG.ack, 0));
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize:
        return this.#outbox.limitTable(value);
      case SETTING.maxConcurrentStreams:
        this.#peerMaxStreams = value;
        return this.#letRequestsGo();
      case SETTING.maxFrameSize:
        if (value < MAX_FRAME_BYTES || value >= 2 ** 24) {
          this.abort(H2_CODE.protocolError, "a frame size that cannot be");
        }
        return;
      case SETTING.initialWindowSize: {
        if (value > MAX_WINDOW) return this.abort(H2_CODE.flowControlError, "a window too large");
        const more = value - this.#peerStreamWindow;
        this.#peerStreamWindow = value;
        for (const stream of this.#streams.values()) this.#widen(stream, more);
      }
    }
  }

  #onPing(header: FrameHeader, payload: Uint8Array): void {
    if (payload.length !== 8) return this.abort(H2_CODE.frameSizeError, "a ping");
    if (header.id !== 0) return this.abort(H2_CODE.protocolError, "a ping of a stream");
    if ((header.flags & FLAG.ack) !== 0) return this.#sayLast();
    if (!this.#spendIdle()) return;
    this.#reply(numbersFrame(FRAME.ping, FLAG.ack, 0, readU32(payload, 0), readU32(payload, 4)));
  }

  #onGoAway(header: FrameHeader, payload: Uint8Array): void {
    if (payload.length < 8) return this.abort(H2_CODE.frameSizeError, "a farewell");
    if (header.id !== 0) return this.abort(H2_CODE.protocolError, "a farewell of a stream");
    this.#peerSaysGo = true;
    const last = readU31(payload, 0);
    if (!this.#onRequest) {
      const error = new TunnelError("stream_refused", "The peer did not take the HTTP/2 stream");
      for (const stream of [...this.#streams.values()]) {
        if (stream.id > last) this.#drop(stream, error);
      }
    }
    this.#letRequestsGo();
    this.#endWhenDone();
  }

  #onWindowUpdate(header: FrameHeader, payload: Uint8Array): void {
    if (payload.length !== 4) return this.abort(H2_CODE.frameSizeError, "a window");
    const more = readU31(payload, 0);
    if (header.id === 0) {
      if (this.#outbox.widen(more)) return;
      return this.abort(H2_CODE.flowControlError, "a window too large, or no larger");
    }
    const stream = this.#streams.get(header.id);
    if (!stream) return this.#checkKnown(header.id);
    if (more === 0) return this.#fault(stream, H2_CODE.protocolError);
    this.#widen(stream, more);
  }

  #widen(stream: H2Stream, more: number): void {
    stream.sendWindow += more;
    if (stream.sendWindow > MAX_WINDOW) return this.#fault(stream, H2_CODE.flowControlError);
    if (stream.sendWindow > 0 && stream.outboundBytes > 0) this.wantsToSend(stream);
  }

  // What a peer may not do without end.

  /** The peer broke the rules of one stream. */
  #fault(stream: H2Stream, code: number): void {
    if (this.#onRequest) this.resetStream(stream, code);
    else if (!stream.isOver) {
      this.#reply(numbersFrame(FRAME.resetStream, 0, stream.id, code));
      this.#drop(stream, new TunnelError("http_invalid", `It broke the rules of HTTP/2 (${code})`));
    }
    // Whoever makes us reset streams is no better than who resets them.
    this.#spendReset();
  }

  #spendReset(): void {
    if (this.#options.resetBurst === 0 || this.#resets.spend()) return;
    this.abort(H2_CODE.enhanceYourCalm, "too many streams were reset");
  }

  #spendIdle(): boolean {
    if (this.#idleFrames.spend()) return true;
    this.abort(H2_CODE.enhanceYourCalm, "too many frames without an effect");
    return false;
  }

  // What leaves.

  #reply(frame: Uint8Array): void {
    if (!this.#outbox.reply(frame)) {
      this.abort(H2_CODE.enhanceYourCalm, "answers that are not taken");
    }
  }

  sendHead(stream: H2Stream, fields: FieldList, isAll: boolean): void {
    this.#outbox.sendHead(stream, fields, isAll);
  }

  wantsToSend(stream: H2Stream): void {
    this.#outbox.wantsToSend(stream);
  }

  consumed(stream: H2Stream, bytes: number): void {
    if (!stream.isOver && !stream.remoteEnded) {
      stream.unsaidCredit += bytes;
      if (stream.unsaidCredit >= this.#options.streamWindowBytes / 2) {
        stream.receiveWindow += stream.unsaidCredit;
        this.#outbox.say(numbersFrame(FRAME.windowUpdate, 0, stream.id, stream.unsaidCredit));
        stream.unsaidCredit = 0;
      }
    }
    this.#credit(bytes);
  }

  #credit(bytes: number): void {
    this.#unsaidCredit += bytes;
    if (this.#unsaidCredit < this.#options.sessionWindowBytes / 2 || this.#isOver) return;
    this.#receiveWindow += this.#unsaidCredit;
    this.#outbox.say(numbersFrame(FRAME.windowUpdate, 0, 0, this.#unsaidCredit));
    this.#unsaidCredit = 0;
  }

  resetStream(stream: H2Stream, code: number): void {
    if (stream.isOver) return;
    this.#reply(numbersFrame(FRAME.resetStream, 0, stream.id, code));
    this.#drop(stream, new TunnelError("aborted", `The HTTP/2 stream was reset with code ${code}`));
  }

  #drop(stream: H2Stream, error: TunnelError): void {
    const { waitingBytes } = stream;
    stream.waitingBytes = 0;
    stream.fail(error);
    this.#credit(waitingBytes);
  }

  over(stream: H2Stream): void {
    this.#streams.delete(stream.id);
    this.#letRequestsGo();
    this.#endWhenDone();
  }

  // Streams of ours.

  request(fields: FieldList, isAll: boolean): Http2Call | Promise<Http2Call> {
    if (this.#streams.size < this.#peerMaxStreams || !this.isOpen) return this.#open(fields, isAll);
    return new Promise<void>((resolve) => this.#waitingRequests.push(resolve)).then(() =>
      this.request(fields, isAll)
    );
  }

  #open(fields: FieldList, isAll: boolean): Http2Call {
    if (!this.isOpen) {
      throw new TunnelError("session_closed", "Cannot open an HTTP/2 stream: the session is over");
    }
    const stream = new H2Stream(this, this.#nextId, this.#windows());
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    stream.sendHead(fields, isAll);
    return stream;
  }

  #letRequestsGo(): void {
    let room = this.isOpen ? this.#peerMaxStreams - this.#streams.size : Infinity;
    while (room-- > 0 && this.#waitingRequests.length > 0) this.#waitingRequests.shift()!();
  }

  // How it ends.

  close(): void {
    if (this.#isClosing || this.#isOver) return;
    this.#isClosing = true;
    this.#letRequestsGo();
    if (!this.#onRequest || this.#streams.size === 0) return this.#sayLast();
    // RFC 9113 section 6.8: first "no more", and a round trip later which ones were served.
    this.#outbox.say(numbersFrame(FRAME.goAway, 0, 0, MAX_WINDOW, H2_CODE.noError));
    this.#outbox.say(numbersFrame(FRAME.ping, 0, 0, 0, 0));
    const timer = this.#clock.after(GO_AWAY_MS, () => this.#sayLast());
    void this.closed.then(() => timer.cancel());
  }

  #sayLast(): void {
    if (!this.#isClosing || this.#saidLast || this.#isOver) return;
    this.#saidLast = true;
    this.#outbox.say(numbersFrame(FRAME.goAway, 0, 0, this.#lastPeerId, H2_CODE.noError));
    this.#endWhenDone();
  }

  /** Ends the carrier when nothing is under way and nothing may begin. */
  #endWhenDone(): void {
    const mayBegin = this.#onRequest ? !this.#saidLast : this.isOpen;
    if (this.#streams.size > 0 || mayBegin || this.#isEnding || this.#isOver) return;
    this.#isEnding = true;
    const timer = this.#clock.after(LINGER_MS, () => this.#carrier.abort());
    void this.closed.then(() => timer.cancel());
    this.#clock.turnEnd(() => {
      this.#outbox.flush();
      try {
        const full = this.#carrier.closeWrite();
        if (full) full.catch((thrown) => this.#carrier.abort(thrown));
      } catch (thrown) {
        this.#carrier.abort(thrown);
      }
    });
  }

  abort(code: number, reason?: string): void {
    if (this.#isOver) return;
    this.#outbox.sayOnly(numbersFrame(FRAME.goAway, 0, 0, this.#lastPeerId, code));
    const found = reason === undefined ? "" : `: ${reason}`;
    const error = new TunnelError(
      reason === undefined ? "aborted" : "http_invalid",
      `The HTTP/2 connection was cut with code ${code}${found}`,
    );
    this.#end(error);
    const timer = this.#clock.after(LINGER_MS, () => this.#carrier.abort(error));
    void this.#carrier.closed.then(() => timer.cancel());
    try {
      const full = this.#carrier.closeWrite();
      if (full) full.catch(() => this.#carrier.abort(error));
    } catch {
      this.#carrier.abort(error);
    }
  }

  #end(error: TunnelError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#frames.stop();
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    this.#outbox.stop();
    this.#letRequestsGo();
    this.#setClosed();
  }
}
