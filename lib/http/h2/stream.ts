/**
 * One stream of an HTTP/2 session: what waits to be sent, what waits to be read, and which ends were
 * said. `session.ts` makes them and moves their frames.
 *
 * @module
 */
import { type Chunk, RawDuplex } from "../../base/duplex.ts";
import { TunnelError } from "../../base/errors.ts";
import type { FieldList } from "../http2_request.ts";
import { H2_CODE, type Http2Answer, type Http2Call, type Http2Request } from "./http2.ts";

/** What may wait to be sent on a stream before a writer is held back; a chunk may reach beyond. */
export const SEND_QUEUE_BYTES = 65_536;

/** Pieces smaller than this are put together, so that a peer that sends single bytes costs no object each. */
const SMALL_BYTES = 1024;
const TAIL_BYTES = 4096;

/** The session, as a stream sees it. */
export interface StreamLink {
  /** It has something to send: content, or its end. */
  wantsToSend(stream: H2Stream): void;
  /** Sends a head now. */
  sendHead(stream: H2Stream, fields: FieldList, isAll: boolean): void;
  /** So many bytes of content were read. */
  consumed(stream: H2Stream, bytes: number): void;
  /** Ends it with RST_STREAM. */
  resetStream(stream: H2Stream, code: number): void;
  /** Both its messages are over. */
  over(stream: H2Stream): void;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: TunnelError) => void;
}

/** A stream of either side: what a visitor asked, or what we ask. */
export class H2Stream extends RawDuplex implements Http2Request, Http2Call {
  /** The number on the wire. */
  readonly id: number;
  /** The head of a request of the peer's. */
  readonly fields: FieldList;
  /** Whether that head was larger than it may be. */
  readonly isTooLarge: boolean;
  /** Whether that head was all. */
  readonly bodiless: boolean;
  /** Settles when the stream is over. */
  readonly closed: Promise<void>;
  /** The peer's trailer fields. */
  trailers: FieldList = [];
  /** What the peer lets us send. */
  sendWindow: number;
  /** What we let the peer send. */
  receiveWindow: number;
  /** What was read and not yet given back to the peer's window. */
  unsaidCredit = 0;
  /** Whether it stands in the line of those that send. */
  inLine = false;
  /** Whether a final head of the peer's has come. */
  hasHead = false;
  /** Bytes of content that wait for a reader. */
  waitingBytes = 0;
  readonly #link: StreamLink;
  #setClosed!: () => void;
  #inbound: Uint8Array[] = [];
  /** The last of `#inbound` while it can take more, and how much it holds. */
  #tail: Uint8Array | undefined;
  #tailBytes = 0;
  #outbound: Uint8Array[] = [];
  #outboundBytes = 0;
  #outTrailers: FieldList | undefined;
  #finDue = false;
  #isEnough = false;
  #localEnded = false;
  #remoteEnded = false;
  #isOver = false;
  #error: TunnelError | undefined;
  #reader: Waiting<Chunk> | undefined;
  #writers: Waiting<void>[] = [];
  #answers: Http2Answer[] = [];
  #asker: Waiting<Http2Answer> | undefined;

  /**
   * Makes an open stream.
   *
   * @param link its session
   * @param id its number
   * @param windows what each side may send
   * @param request the head that opened it, when the peer did
   */
  constructor(
    link: StreamLink,
    id: number,
    windows: { readonly send: number; readonly receive: number },
    request?: Pick<Http2Request, "fields" | "isTooLarge" | "bodiless">,
  ) {
    super();
    this.#link = link;
    this.id = id;
    this.sendWindow = windows.send;
    this.receiveWindow = windows.receive;
    this.fields = request?.fields ?? [];
    this.isTooLarge = request?.isTooLarge ?? false;
    this.bodiless = request?.bodiless ?? false;
    this.hasHead = request !== undefined;
    this.#remoteEnded = this.bodiless;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
  }

  /** Whether the peer's message is complete. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Whether nothing more happens on it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How much content waits to be sent. */
  get outboundBytes(): number {
    return this.#outboundBytes;
  }

  /** Whether its end follows what waits to be sent. */
  get finDue(): boolean {
    return this.#finDue;
  }

  /** The trailers that follow what waits to be sent. */
  get outTrailers(): FieldList | undefined {
    return this.#outTrailers;
  }

  // What the session tells it.

  /** Content came. */
  receive(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(piece);
      return this.#link.consumed(this, piece.length);
    }
    this.waitingBytes += piece.length;
    if (piece.length < SMALL_BYTES) return this.#receiveSmall(piece);
    this.#closeTail();
    // A small part of a large buffer must not keep all of it in memory.
    const isPart = piece.buffer.byteLength > 4 * piece.length;
    this.#inbound.push(isPart ? piece.slice() : piece);
  }

  #receiveSmall(piece: Uint8Array): void {
    if (!this.#tail || this.#tailBytes + piece.length > TAIL_BYTES) {
      this.#closeTail();
      this.#tail = new Uint8Array(TAIL_BYTES);
      this.#inbound.push(this.#tail);
    }
    this.#tail.set(piece, this.#tailBytes);
    this.#tailBytes += piece.length;
  }

  #closeTail(): void {
    if (!this.#tail) return;
    this.#inbound[this.#inbound.length - 1] = this.#tail.subarray(0, this.#tailBytes);
    this.#tail = undefined;
    this.#tailBytes = 0;
  }

  /** The peer's message is complete. */
  receiveEnd(trailers: FieldList = []): void {
    this.trailers = trailers;
    this.#remoteEnded = true;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(undefined);
    this.#finish();
  }

  /** A head of the peer's answer came. */
  receiveAnswer(answer: Http2Answer): void {
    const asker = this.#asker;
    this.#asker = undefined;
    if (asker) asker.resolve(answer);
    else this.#answers.push(answer);
  }

  /** The next `count` bytes to send, as views. */
  takeOutbound(count: number, into: Uint8Array[]): void {
    this.#outboundBytes -= count;
    this.sendWindow -= count;
    while (count > 0) {
      const chunk = this.#outbound[0];
      if (chunk.length <= count) {
        into.push(chunk);
        this.#outbound.shift();
        count -= chunk.length;
      } else {
        into.push(chunk.subarray(0, count));
        this.#outbound[0] = chunk.subarray(count);
        count = 0;
      }
    }
    if (this.#outboundBytes >= SEND_QUEUE_BYTES / 2 || this.#writers.length === 0) return;
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  }

  /** Our end has left. */
  sentEnd(): void {
    this.#finDue = false;
    this.#localEnded = true;
    this.#finish();
    if (this.#isEnough) this.reset(H2_CODE.noError);
  }

  /** It is over before both messages are complete. */
  fail(error: TunnelError): void {
    if (this.#isOver) return;
    this.#error = error;
    this.#inbound = [];
    this.#tail = undefined;
    this.#outbound = [];
    this.#outboundBytes = 0;
    this.#finDue = false;
    this.#reader?.reject(error);
    this.#asker?.reject(error);
    for (const writer of this.#writers) writer.reject(error);
    this.#reader = this.#asker = undefined;
    this.#writers = [];
    this.#end();
  }

  #finish(): void {
    if (this.#localEnded && this.#remoteEnded && !this.#isOver) this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#setClosed();
    this.#link.over(this);
  }

  // What its user does.

  /** The next content. */
  protected readRaw(): Chunk | Promise<Chunk> {
    if (this.#error) throw this.#error;
    if (this.#inbound.length > 0) {
      if (this.#inbound.length === 1) this.#closeTail();
      const chunk = this.#inbound.shift()!;
      this.waitingBytes -= chunk.length;
      this.#link.consumed(this, chunk.length);
      return chunk;
    }
    if (this.#remoteEnded) return undefined;
    if (this.#reader) throw new TypeError("A read is under way already");
    return new Promise((resolve, reject) => this.#reader = { resolve, reject });
  }

  /** The next head of the answer to a request of ours. */
  nextHead(): Promise<Http2Answer> {
    const answer = this.#answers.shift();
    if (answer) return Promise.resolve(answer);
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => this.#asker = { resolve, reject });
  }

  /** Sends a head. */
  sendHead(fields: FieldList, isAll: boolean): void {
    this.#checkWritable();
    this.#link.sendHead(this, fields, isAll);
    if (isAll) this.sentEnd();
  }

  /** Sends content; a promise means that enough of it waits. */
  write(chunk: Uint8Array): void | Promise<void> {
    this.#checkWritable();
    if (chunk.length === 0) return;
    this.#outbound.push(chunk);
    this.#outboundBytes += chunk.length;
    this.#link.wantsToSend(this);
    if (this.#outboundBytes < SEND_QUEUE_BYTES) return;
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  #checkWritable(): void {
    if (this.#error) throw this.#error;
    if (this.#finDue || this.#localEnded) {
      throw new TunnelError("connection_closed", "Cannot write after the end");
    }
  }

  /** Ends our message. */
  closeWrite(): void {
    this.endWith([]);
  }

  /** Ends our message with trailers. */
  endWith(trailers: FieldList): void {
    if (this.#finDue || this.#localEnded || this.#isOver) return;
    if (trailers.length > 0) this.#outTrailers = trailers;
    this.#finDue = true;
    this.#link.wantsToSend(this);
  }

  /** Lets the peer's message end with ours: nobody reads the rest. */
  endsAll(): void {
    this.#isEnough = true;
    if (this.#localEnded) this.reset(H2_CODE.noError);
  }

  /** Ends both messages. */
  reset(code: number): void {
    if (!this.#isOver) this.#link.resetStream(this, code);
  }

  /** Ends both messages: nobody is interested any more. */
  abort(): void {
    this.reset(H2_CODE.cancel);
  }
}
