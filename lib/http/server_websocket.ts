/**
 * The server's side of a WebSocket with the shape that programs know from browsers: `send`, `close`,
 * `onmessage`, `addEventListener`. `websocket_upgrade.ts` makes one for a request that asks for it;
 * no runtime's own server is involved.
 *
 * @module
 */
import { concat, encodeText } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import {
  applyMask,
  CLOSE_CODES,
  closePayload,
  type FrameHead,
  frameHead,
  FrameReader,
  OPCODES,
  parseClose,
  smallFrame,
  WebSocketFault,
} from "./websocket.ts";

/** How a socket behaves. */
export interface ServerWebSocketOptions {
  /** The largest message that is taken; a larger one closes with 1009. @default {16777216} */
  readonly maxMessageBytes?: number;
  /**
   * How often a visitor is pinged. One that has said nothing since the last ping is gone.
   * 0 never pings. @default {30000}
   */
  readonly pingIntervalMs?: number;
}

/** How a socket has ended. */
export class SocketCloseEvent extends Event {
  /** The code of the peer's close frame; 1005 when it had none, 1006 when there was no frame. */
  readonly code: number;
  /** The peer's words. */
  readonly reason: string;
  /** Whether both sides have said goodbye. */
  readonly wasClean: boolean;

  /**
   * Makes one.
   *
   * @param init what it says
   */
  constructor(
    init: { readonly code: number; readonly reason: string; readonly wasClean: boolean },
  ) {
    super("close");
    this.code = init.code;
    this.reason = init.reason;
    this.wasClean = init.wasClean;
  }
}

/** Something went wrong; `close` follows. */
export class SocketErrorEvent extends Event {
  /** What it was. */
  readonly error: TunnelError;
  /** The same in words. */
  readonly message: string;

  /**
   * Makes one.
   *
   * @param error what it was
   */
  constructor(error: TunnelError) {
    super("error");
    this.error = error;
    this.message = error.message;
  }
}

/** The events of a socket. */
export interface ServerWebSocketEvents {
  /** Messages can be sent from now on. */
  readonly open: Event;
  /** A message; its `data` is text, or what `binaryType` says. */
  readonly message: MessageEvent;
  /** Something went wrong. */
  readonly error: SocketErrorEvent;
  /** It is over. */
  readonly close: SocketCloseEvent;
}

/** What can be sent. */
export type SocketData = string | ArrayBuffer | ArrayBufferView | Blob;

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const PING_MS = 30_000;

/** How long the peer may take to say goodbye and to hang up. */
const CLOSE_MS = 5_000;

/** Messages that may wait for a loop that reads them. */
const MAX_WAITING = 16;

/** Text longer than this is not copied behind its head. */
const COPY_BYTES = 16_384;

/**
 * One WebSocket, as the server has it. Its surface is that of `WebSocket` (WHATWG), with three
 * additions: {@linkcode ServerWebSocket.drained} for those who send much, `for await` for those who
 * want to read no faster than they work, and `abort()`.
 */
export class ServerWebSocket extends EventTarget {
  /** The state before the connection is taken over. */
  static readonly CONNECTING = 0;
  /** The state in which messages pass. */
  static readonly OPEN = 1;
  /** The state between goodbye and end. */
  static readonly CLOSING = 2;
  /** The state after the end. */
  static readonly CLOSED = 3;

  /** The URL of the request. */
  readonly url: string;
  /** The subprotocol that was agreed on; may be empty. */
  readonly protocol: string;
  /** Always empty: no extension is agreed on. */
  readonly extensions: string = "";
  /** What binary messages are given as. @default {"blob"} */
  binaryType: "blob" | "arraybuffer" = "blob";
  /** Called when messages can be sent. */
  onopen: ((event: Event) => void) | null = null;
  /** Called for each message. */
  onmessage: ((event: MessageEvent) => void) | null = null;
  /** Called when something goes wrong. */
  onerror: ((event: SocketErrorEvent) => void) | null = null;
  /** Called at the end. */
  onclose: ((event: SocketCloseEvent) => void) | null = null;

  readonly #clock: Clock;
  readonly #maxMessageBytes: number;
  readonly #pingIntervalMs: number;
  readonly #reader: FrameReader;
  #conn: Duplex | undefined;
  #state = 0;
  /** Frames wait for the visitor, one after the other. */
  #sending: Promise<void> | undefined;
  #bufferedAmount = 0;
  #pieces: Uint8Array[] = [];
  #messageBytes = 0;
  #isText = false;
  #control: Uint8Array[] = [];
  #sentClose = false;
  #earlyClose: Uint8Array | undefined;
  #end: { code: number; reason: string } | undefined;
  #error: TunnelError | undefined;
  #heard = true;
  #timer: Timer | undefined;
  #reading: Reading | undefined;

  /**
   * Makes one that is not connected yet.
   *
   * @param clock whose time
   * @param about what was agreed on
   * @param options how it behaves
   */
  constructor(
    clock: Clock,
    about: { readonly url: string; readonly protocol: string },
    options: ServerWebSocketOptions = {},
  ) {
    super();
    this.url = about.url;
    this.protocol = about.protocol;
    this.#clock = clock;
    this.#maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#pingIntervalMs = options.pingIntervalMs ?? PING_MS;
    this.#reader = new FrameReader({ masked: true, maxPayloadBytes: this.#maxMessageBytes }, {
      onHead: () => {},
      onPayload: (piece, offset, head) => this.#onPayload(piece, offset, head),
      onEnd: (head) => this.#onFrame(head),
    });
    super.addEventListener("open", (event) => this.onopen?.(event));
    super.addEventListener("message", (event) => this.onmessage?.(event as MessageEvent));
    super.addEventListener("error", (event) => this.onerror?.(event as SocketErrorEvent));
    super.addEventListener("close", (event) => this.onclose?.(event as SocketCloseEvent));
  }

  /** One of the four states. */
  get readyState(): number {
    return this.#state;
  }

  /** Bytes that were sent and that the visitor has no room for yet. */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  /** Settles (never rejects) when nothing waits to be sent. */
  get drained(): Promise<void> {
    return this.#sending ?? Promise.resolve();
  }

  /** Listens to one kind of event. */
  override addEventListener<K extends keyof ServerWebSocketEvents>(
    type: K,
    listener: (event: ServerWebSocketEvents[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Listens to one kind of event. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  /**
   * Sends a message. What is sent after the end is dropped, as the standard has it.
   *
   * @throws {TunnelError} aborted before the socket is open
   */
  send(data: SocketData): void {
    if (this.#state === ServerWebSocket.CONNECTING) {
      throw new TunnelError("aborted", "Cannot send on the WebSocket: it is not open yet");
    }
    if (this.#state !== ServerWebSocket.OPEN) return;
    if (typeof data === "string") return this.#sendMessage(OPCODES.text, encodeText(data), true);
    if (data instanceof Blob) {
      this.#bufferedAmount += data.size;
      return this.#later(async () => {
        const bytes = new Uint8Array(await data.arrayBuffer());
        this.#bufferedAmount -= data.size;
        return this.#writeMessage(OPCODES.binary, bytes, true);
      });
    }
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    this.#sendMessage(OPCODES.binary, bytes, false);
  }

  /**
   * Says goodbye; what was sent before arrives before it.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999. @default {1000}
   * @param reason for people, up to 123 bytes
   */
  close(code: number = CLOSE_CODES.normal, reason: string = ""): void {
    const isCode = (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) ||
      (code >= 3000 && code <= 4999);
    if (!isCode) {
      throw new RangeError(`Cannot close the WebSocket: ${code} is no code that may be sent`);
    }
    const payload = closePayload(code, reason);
    if (this.#state === ServerWebSocket.CONNECTING) this.#earlyClose ??= payload;
    else if (this.#state === ServerWebSocket.OPEN) this.#sayGoodbye(payload);
  }

  /** Cuts the connection. */
  abort(reason?: unknown): void {
    this.#conn?.abort(reason);
  }

  /** The data of the messages from now on, read no faster than the loop works. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | ArrayBuffer | Blob> {
    const reading = this.#reading = new Reading();
    if (this.#state === ServerWebSocket.CLOSED) reading.end();
    try {
      for (;;) {
        const data = await reading.next();
        if (data === undefined) return;
        yield data;
      }
    } finally {
      this.#reading = undefined;
      reading.end();
    }
  }

  /**
   * Takes a connection over whose upgrade was answered. Called once.
   *
   * @param conn the visitor
   */
  attach(conn: Duplex): void {
    this.#conn = conn;
    this.#state = ServerWebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
    if (this.#earlyClose) this.#sayGoodbye(this.#earlyClose);
    else this.#ping();
    void this.#run(conn);
  }

  /** There will be no connection. */
  refuse(error: TunnelError): void {
    this.#error = error;
    this.#finish();
  }

  async #run(conn: Duplex): Promise<void> {
    try {
      for (;;) {
        let chunk = conn.read();
        if (chunk instanceof Promise) chunk = await chunk;
        if (chunk === undefined) break;
        this.#heard = true;
        // After the peer's goodbye nothing counts (RFC 6455 section 5.5.1).
        if (!this.#end) this.#reader.push(chunk);
        if (this.#reading?.room) await this.#reading.room;
      }
    } catch (thrown) {
      if (!this.#end) this.#error = toTunnelError(thrown, "connection_closed");
      if (thrown instanceof WebSocketFault) {
        this.#sayGoodbye(closePayload(thrown.closeCode));
        await this.drained;
      }
    }
    this.#timer?.cancel();
    if (this.#end && !this.#error) await this.#hangUp(conn);
    else conn.abort(this.#error);
    this.#finish();
  }

  /** Both have said goodbye: what was written arrives, then it is over. */
  async #hangUp(conn: Duplex): Promise<void> {
    const timer = this.#clock.after(CLOSE_MS, () => conn.abort());
    await this.drained;
    await Promise.resolve(conn.closeWrite()).catch(() => undefined); // the visitor left first
    await conn.closed;
    timer.cancel();
  }

  #finish(): void {
    if (this.#state === ServerWebSocket.CLOSED) return;
    this.#state = ServerWebSocket.CLOSED;
    this.#timer?.cancel();
    this.#pieces = [];
    this.#reading?.end();
    if (this.#error) this.dispatchEvent(new SocketErrorEvent(this.#error));
    const wasClean = this.#end !== undefined && this.#sentClose && !this.#error;
    const { code, reason } = this.#end ?? { code: 1006, reason: "" };
    this.dispatchEvent(new SocketCloseEvent({ code, reason, wasClean }));
  }

  #onPayload(piece: Uint8Array, offset: number, head: FrameHead): void {
    // The chunk is ours since it was read.
    applyMask(piece, head.mask!, offset);
    if (head.opcode >= OPCODES.close) return void this.#control.push(piece);
    this.#messageBytes += piece.length;
    if (this.#messageBytes > this.#maxMessageBytes) {
      throw new WebSocketFault(
        CLOSE_CODES.tooBig,
        `the message has more than ${this.#maxMessageBytes} bytes`,
      );
    }
    this.#pieces.push(piece);
  }

  #onFrame(head: FrameHead): void {
    if (head.opcode >= OPCODES.close) {
      const payload = joined(this.#control);
      this.#control = [];
      return this.#onControl(head.opcode, payload);
    }
    if (head.opcode !== OPCODES.continuation) this.#isText = head.opcode === OPCODES.text;
    if (!head.fin) return;
    const payload = joined(this.#pieces);
    this.#pieces = [];
    this.#messageBytes = 0;
    if (this.#end) return;
    const data = this.#isText ? decode(payload) : this.#binary(payload);
    this.#reading?.push(data);
    this.dispatchEvent(new MessageEvent("message", { data, origin: originOf(this.url) }));
  }

  #binary(payload: Uint8Array): ArrayBuffer | Blob {
    const bytes = payload as Uint8Array<ArrayBuffer>;
    if (this.binaryType === "blob") return new Blob([bytes]);
    const isWhole = bytes.byteLength === bytes.buffer.byteLength;
    return isWhole ? bytes.buffer : bytes.slice().buffer;
  }

  #onControl(opcode: number, payload: Uint8Array): void {
    if (opcode === OPCODES.ping) return this.#write([smallFrame(OPCODES.pong, payload)]);
    if (opcode !== OPCODES.close || this.#end) return;
    const { code, reason } = parseClose(payload);
    this.#end = { code: code ?? 1005, reason };
    this.#sayGoodbye(code === undefined ? new Uint8Array(0) : closePayload(code));
    // Nothing follows; whoever hangs up first is the server (RFC 6455 section 7.1.1).
    this.#later(() => this.#conn!.closeWrite());
  }

  #sayGoodbye(payload: Uint8Array): void {
    if (this.#sentClose) return;
    this.#sentClose = true;
    this.#state = ServerWebSocket.CLOSING;
    this.#write([smallFrame(OPCODES.close, payload)]);
    this.#timer?.cancel();
    this.#timer = this.#clock.after(CLOSE_MS, () => this.#conn?.abort());
  }

  #ping(): void {
    if (this.#pingIntervalMs === 0) return;
    this.#heard = true;
    const tick = () => {
      if (!this.#heard) {
        return this.#conn!.abort(
          new TunnelError("timed_out", "The visitor did not answer a ping in time"),
        );
      }
      this.#heard = false;
      this.#write([smallFrame(OPCODES.ping, new Uint8Array(0))]);
      this.#timer = this.#clock.after(this.#pingIntervalMs, tick);
    };
    this.#timer = this.#clock.after(this.#pingIntervalMs, tick);
  }

  /** @param isOwn whether the bytes are nobody else's */
  #sendMessage(opcode: number, payload: Uint8Array, isOwn: boolean): void {
    this.#write(framesOf(opcode, payload, isOwn));
  }

  #writeMessage(opcode: number, payload: Uint8Array, isOwn: boolean): void | Promise<void> {
    return this.#writeNow(framesOf(opcode, payload, isOwn));
  }

  /** Writes in order: at once where there is room, else when there is. */
  #write(parts: readonly Uint8Array[]): void {
    if (this.#sending) {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      this.#bufferedAmount += bytes;
      return this.#later(() => {
        this.#bufferedAmount -= bytes;
        return this.#writeNow(parts);
      });
    }
    const full = this.#writeNow(parts);
    if (full) this.#later(() => full);
  }

  #writeNow(parts: readonly Uint8Array[]): void | Promise<void> {
    let full: void | Promise<void> = undefined;
    try {
      for (const part of parts) full = this.#conn!.write(part);
    } catch {
      // The connection is over, and its reader is told why.
      return;
    }
    return full;
  }

  #later(run: () => void | Promise<void>): void {
    const before = this.#sending ?? Promise.resolve();
    const sending: Promise<void> = before.then(run).catch(() => undefined).then(() => {
      if (this.#sending === sending) this.#sending = undefined;
    });
    this.#sending = sending;
  }
}

/** A loop that reads messages. */
class Reading {
  /** Settles when the loop can take more; `undefined` when it can now. */
  room: Promise<void> | undefined;
  readonly #waiting: (string | ArrayBuffer | Blob)[] = [];
  #makeRoom: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #isOver = false;

  push(data: string | ArrayBuffer | Blob): void {
    this.#waiting.push(data);
    this.#wake?.();
    if (this.#waiting.length < MAX_WAITING || this.room || this.#isOver) return;
    this.room = new Promise((resolve) => this.#makeRoom = resolve);
  }

  async next(): Promise<string | ArrayBuffer | Blob | undefined> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const data = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#release();
    return data;
  }

  end(): void {
    this.#isOver = true;
    this.#release();
    this.#wake?.();
  }

  #release(): void {
    this.room = undefined;
    this.#makeRoom?.();
  }
}

function framesOf(opcode: number, payload: Uint8Array, isOwn: boolean): Uint8Array[] {
  if (payload.length > COPY_BYTES) {
    // What is written is handed over; what belongs to the program is not ours to hand over.
    return [frameHead(opcode, payload.length), isOwn ? payload : payload.slice()];
  }
  return [smallFrame(opcode, payload)];
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return concat(pieces);
}

function decode(payload: Uint8Array): string {
  try {
    // A byte order mark is text like any other (RFC 6455 section 8.1).
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    throw new WebSocketFault(CLOSE_CODES.invalidData, "the text is no UTF-8");
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}
