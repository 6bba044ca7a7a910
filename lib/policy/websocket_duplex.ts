/**
 * A visitor that speaks WebSocket, as plain bytes: what it sends in binary frames is read, what is
 * written goes to it in binary frames. The server's side of RFC 6455, strictly. Made by the
 * `websocket-tcp-converter` action.
 *
 * Raw bytes can end in one direction while the other goes on; a WebSocket cannot. So the visitor's
 * Close ends what it sends, and is answered at once; an end of the service is a Close to the visitor,
 * which then has a moment to answer.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import { type Chunk, type Duplex, RawDuplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import {
  applyMask,
  CLOSE_CODES,
  closePayload,
  type FrameHead,
  frameHead,
  FrameReader,
  MAX_CONTROL_BYTES,
  OPCODES,
  parseClose,
  smallFrame,
  WebSocketFault,
} from "../http/websocket.ts";

/** How long a visitor may take to answer our Close, or to read why we end. */
const CLOSE_MS = 5_000;

/** Payloads up to here leave in one piece with their head. */
const JOIN_BYTES = 4 * 1024;

/** A WebSocket as bytes. */
export class WebSocketDuplex extends RawDuplex {
  /** Settles with the visitor's connection. */
  readonly closed: Promise<void>;
  readonly #visitor: Duplex;
  readonly #clock: Clock;
  #isOver = false;
  #visitorEnded = false;
  readonly #reader: FrameReader;
  /** Payload that was read and not yet taken. */
  readonly #ready: Uint8Array[] = [];
  readonly #control = new Uint8Array(MAX_CONTROL_BYTES);
  /** The last ping that is still to be answered: of several, one answer is enough (section 5.5.3). */
  #ping: Uint8Array | undefined;
  #closeSent = false;
  #closeReceived = false;
  #fault: TunnelError | undefined;
  #timer: Timer | undefined;

  /**
   * Takes over right behind the handshake.
   *
   * @param visitor its connection
   * @param clock whose time
   */
  constructor(visitor: Duplex, clock: Clock) {
    super();
    this.#visitor = visitor;
    this.#clock = clock;
    this.closed = visitor.closed;
    this.#reader = new FrameReader({ masked: true }, {
      onHead: (head) => this.#onHead(head),
      onPayload: (piece, offset, head) => this.#onPayload(piece, offset, head),
      onEnd: (head) => this.#onEnd(head),
    });
    visitor.closed.then(() => {
      this.#isOver = true;
      this.#timer?.cancel();
    });
  }

  /** Sends bytes as one binary message. */
  write(chunk: Uint8Array): void | Promise<void> {
    // After a Close nothing may be sent, and nobody would look at it (section 5.5.1).
    if (this.#closeSent || chunk.length === 0) return;
    if (chunk.length <= JOIN_BYTES) return this.#visitor.write(smallFrame(OPCODES.binary, chunk));
    const full = this.#visitor.write(frameHead(OPCODES.binary, chunk.length));
    return this.#visitor.write(chunk) ?? full;
  }

  /** Says Close: the service has no more to say. */
  closeWrite(): void | Promise<void> {
    const said = this.#sayClose(CLOSE_CODES.normal);
    // It has ended its connection without a Close: it will not answer ours.
    if (this.#visitorEnded) this.#linger();
    return said;
  }

  /** Ends both directions; the visitor is told why, unless it knows already that we end. */
  abort(reason?: unknown): void {
    if (this.#closeSent && !this.#fault) return this.#visitor.abort(reason);
    const text = reason instanceof TunnelError ? reason.message : "The service is gone";
    try {
      const said = this.#sayClose(CLOSE_CODES.internalError, text);
      // If it cannot be told any more, it knows.
      if (said) said.catch(() => {});
    } catch {
      return this.#visitor.abort(reason);
    }
    this.#linger();
  }

  /** The next bytes of binary frames; `undefined` after the visitor's Close. */
  protected readRaw(): Chunk | Promise<Chunk> {
    const ready = this.#next();
    if (ready !== undefined) return ready;
    if (this.#fault) throw this.#fault;
    if (this.#closeReceived) return undefined;
    return this.#readMore();
  }

  async #readMore(): Promise<Chunk> {
    for (;;) {
      const read = this.#visitor.read();
      const chunk = read instanceof Promise ? await read : read;
      if (chunk === undefined) {
        this.#closeReceived = true;
        this.#visitorEnded = true;
        if (this.#reader.atBoundary) return undefined;
        throw new TunnelError("connection_closed", "The WebSocket ended within a frame");
      }
      try {
        this.#reader.push(chunk);
      } catch (thrown) {
        this.#fault = toTunnelError(thrown);
      }
      if (this.#ping) await this.#answerPing();
      if (this.#fault) await this.#refuse(this.#fault);
      else if (this.#closeReceived) await this.#answerClose();
      const ready = this.#next();
      if (ready !== undefined) return ready;
      if (this.#fault) throw this.#fault;
      if (this.#closeReceived) return undefined;
    }
  }

  #next(): Uint8Array | undefined {
    return this.#ready.shift();
  }

  #onHead({ opcode }: FrameHead): void {
    if (opcode === OPCODES.text && !this.#closeReceived) {
      throw new WebSocketFault(
        CLOSE_CODES.unsupportedData,
        "it is text, and this endpoint takes binary frames only",
      );
    }
  }

  #onPayload(piece: Uint8Array, offset: number, { opcode, mask }: FrameHead): void {
    // What follows a Close is of no meaning (section 1.4).
    if (this.#closeReceived) return;
    // The piece is ours: whoever reads owns the chunk.
    applyMask(piece, mask!, offset);
    if (opcode < OPCODES.close) this.#ready.push(piece);
    else this.#control.set(piece, offset);
  }

  #onEnd({ opcode, payloadBytes }: FrameHead): void {
    if (opcode < OPCODES.close || this.#closeReceived) return;
    const payload = this.#control.slice(0, payloadBytes);
    if (opcode === OPCODES.ping) this.#ping = payload;
    if (opcode !== OPCODES.close) return;
    parseClose(payload);
    this.#closeReceived = true;
  }

  async #answerPing(): Promise<void> {
    const payload = this.#ping!;
    this.#ping = undefined;
    if (!this.#closeSent) await this.#visitor.write(smallFrame(OPCODES.pong, payload));
  }

  /** Answers the visitor's Close, and ends the connection as the server should (section 7.1.1). */
  async #answerClose(): Promise<void> {
    this.#timer?.cancel();
    await this.#sayClose(CLOSE_CODES.normal);
    this.#linger();
  }

  /** Tells the visitor what it did wrong. */
  async #refuse(fault: TunnelError): Promise<void> {
    const code = fault instanceof WebSocketFault ? fault.closeCode : CLOSE_CODES.internalError;
    await this.#sayClose(code, fault.message);
  }

  #sayClose(code: number, reason?: string): void | Promise<void> {
    if (this.#closeSent) return;
    this.#closeSent = true;
    // Who is told to close has to answer, but not for ever.
    this.#wait();
    return this.#visitor.write(smallFrame(OPCODES.close, closePayload(code, reason)));
  }

  /** Ends our direction, so that what was written arrives, and cuts later what is still there. */
  #linger(): void {
    this.#wait();
    try {
      const ended = this.#visitor.closeWrite();
      if (ended) ended.catch((thrown: unknown) => this.#visitor.abort(thrown));
    } catch (thrown) {
      this.#visitor.abort(thrown);
    }
  }

  #wait(): void {
    // Nobody is left who could close late.
    if (this.#isOver) return;
    this.#timer ??= this.#clock.after(CLOSE_MS, () => {
      this.#visitor.abort(new TunnelError("timed_out", "The visitor did not close its WebSocket"));
    });
  }
}
