/**
 * One exchange while it passes: the tap writes into it, everybody else reads it as an
 * {@linkcode Exchange}. Bytes are copied up to a limit; beyond it they are only counted.
 *
 * @module
 */
import { COLON, CR, HTAB, latin1, LF, SP } from "../http/chars.ts";
import type { ByteKeeper } from "./byte_keeper.ts";
import type {
  CapturedBody,
  CapturedMessage,
  CapturedRequest,
  CapturedResponse,
  ExchangeState,
  ExchangeTiming,
  HeaderLine,
  StreamMessage,
} from "./exchange.ts";
import type { StoredExchange } from "./exchange_store.ts";
import type { MessageChange } from "./message_reader.ts";

/** What is kept of an exchange at most. */
export interface CaptureLimits {
  /** Of each of the two bodies, in bytes. */
  readonly maxBodyBytes: number;
  /** Messages; later ones push out the oldest. */
  readonly maxMessages: number;
  /** Of the payload of a message, in bytes. */
  readonly maxPreviewBytes: number;
}

/** 1 MiB a body; 1,000 messages of which 4 KiB are kept. */
export const DEFAULT_CAPTURE_LIMITS: CaptureLimits = {
  maxBodyBytes: 1024 * 1024,
  maxMessages: 1_000,
  maxPreviewBytes: 4 * 1024,
};

/** What is known of an exchange before its first byte. */
export interface ExchangeOrigin {
  /** The local name of the endpoint. */
  readonly endpointName: string;
  /** Its public URL. */
  readonly endpointUrl: string;
  /** Who asks: `ip:port`. */
  readonly clientAddr: string;
  /** The exchange that is repeated. */
  readonly replayOf?: string;
}

/** What an exchange costs beside its bytes: 1.4 KB were measured on Deno, 2.1 KB on Bun. */
const OVERHEAD_BYTES = 2_048;

/** As much of a head as is captured: one that the parser made, or one of HTTP/2. */
export interface SeenHead {
  /** `1.0`, `1.1` or `2`. */
  readonly version: string;
  /** Byte for byte and without a fault; of HTTP/2 as HTTP/1.1 would write it. */
  readonly bytes: Uint8Array;
}

/** As much of a request's head as is captured. */
export interface SeenRequest extends SeenHead {
  /** As written. */
  readonly method: string;
  /** As written. */
  readonly target: string;
}

/** As much of a response's head as is captured. */
export interface SeenResponse extends SeenHead {
  /** 200 to 999. */
  readonly status: number;
  /** As written. */
  readonly reason: string;
}

/** What a message costs beside its bytes. */
const MESSAGE_OVERHEAD_BYTES = 160;

const NO_LINES: readonly HeaderLine[] = [];
const NO_BYTES = new Uint8Array(0);

/** The beginning of a body, and how long it is. */
export class BodyCapture implements CapturedBody {
  readonly #maxBytes: number;
  readonly #keeper: ByteKeeper;
  #bytes: Uint8Array = NO_BYTES;
  #kept = 0;
  /** How much of it has passed. */
  totalBytes = 0;

  /**
   * Keeps nothing yet.
   *
   * @param maxBytes what may be kept
   * @param keeper copies
   */
  constructor(maxBytes: number, keeper: ByteKeeper) {
    this.#maxBytes = maxBytes;
    this.#keeper = keeper;
  }

  /** Its beginning, up to the limit of the capture. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#kept);
  }

  /** Whether more has passed than was kept. */
  get isTruncated(): boolean {
    return this.totalBytes > this.#kept;
  }

  /** Takes what comes next: a copy, for the chunk belongs to the tunnel. */
  push(piece: Uint8Array): void {
    this.totalBytes += piece.length;
    const room = this.#maxBytes - this.#kept;
    if (room <= 0) return;
    const part = piece.length > room ? piece.subarray(0, room) : piece;
    const wanted = this.#kept + part.length;
    if (this.#kept === 0) {
      // Nearly always that is all.
      this.#bytes = this.#keeper.copy(part);
      this.#kept = wanted;
      return;
    }
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.min(Math.max(wanted, 2 * this.#bytes.length), this.#maxBytes),
      );
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#kept);
    this.#kept = wanted;
  }

  /** The memory it holds. */
  get costBytes(): number {
    return this.#bytes.length;
  }
}

/** A message whose lines and body are known. */
export abstract class MessageCapture implements CapturedMessage {
  /** `1.0`, `1.1` or `2`. */
  readonly version: string;
  /** The head, byte for byte. */
  readonly head: Uint8Array;
  /** What follows the head. */
  readonly body: BodyCapture;
  /** The lines behind a chunked body. */
  trailers: readonly HeaderLine[] = NO_LINES;

  /** Called by the two kinds. */
  protected constructor(head: SeenHead, maxBodyBytes: number, keeper: ByteKeeper) {
    this.version = head.version;
    this.head = head.bytes;
    this.body = new BodyCapture(maxBodyBytes, keeper);
  }

  /**
   * The header lines, in order. Read from the head when somebody asks, which is seldom: kept as text
   * they would take twice the memory of everything else.
   */
  get headers(): readonly HeaderLine[] {
    return linesOf(this.head);
  }
}

/** The lines of a head that was found to be in order when it passed. */
function linesOf(head: Uint8Array): HeaderLine[] {
  const lines: HeaderLine[] = [];
  let at = head.indexOf(LF) + 1;
  while (at < head.length && head[at] !== CR) {
    const end = head.indexOf(CR, at);
    const colon = head.indexOf(COLON, at);
    lines.push([latin1(head, at, colon), trimmed(head, colon + 1, end)]);
    at = end + 2;
  }
  return lines;
}

/** A value without the space round it (RFC 9110 section 5.5). */
function trimmed(bytes: Uint8Array, from: number, to: number): string {
  while (from < to && isSpace(bytes[from])) from++;
  while (to > from && isSpace(bytes[to - 1])) to--;
  return latin1(bytes, from, to);
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** A request that is captured. */
export class RequestCapture extends MessageCapture implements CapturedRequest {
  /** As written. */
  readonly method: string;
  /** As written. */
  readonly target: string;

  /**
   * Begins with the head.
   *
   * @param head parsed
   * @param maxBodyBytes what may be kept of its body
   * @param keeper copies
   */
  constructor(head: SeenRequest, maxBodyBytes: number, keeper: ByteKeeper) {
    super(head, maxBodyBytes, keeper);
    this.method = head.method;
    this.target = head.target;
  }
}

/** A response that is captured. */
export class ResponseCapture extends MessageCapture implements CapturedResponse {
  /** As written. */
  readonly status: number;
  /** As written. */
  readonly reason: string;

  /**
   * Begins with the head.
   *
   * @param head parsed
   * @param maxBodyBytes what may be kept of its body
   * @param keeper copies
   */
  constructor(head: SeenResponse, maxBodyBytes: number, keeper: ByteKeeper) {
    super(head, maxBodyBytes, keeper);
    this.status = head.status;
    this.reason = head.reason;
  }
}

/** An exchange that is captured. */
export class Capture implements StoredExchange {
  readonly id: string;
  readonly endpointName: string;
  readonly endpointUrl: string;
  readonly clientAddr: string;
  readonly startedAtMs: number;
  readonly request: RequestCapture;
  readonly replayOf: string | undefined;
  response: ResponseCapture | undefined;
  state: ExchangeState = "open";
  error: string | undefined;
  droppedMessages = 0;
  readonly #limits: CaptureLimits;
  readonly #keeper: ByteKeeper;
  readonly #startedMs: number;
  #requestMs: number | undefined;
  #firstByteMs: number | undefined;
  #durationMs: number | undefined;
  #messages: StreamMessage[] = [];
  #messageBytes = 0;

  /**
   * Begins with the head of the request.
   *
   * @param id `airt_…`
   * @param origin where it came in
   * @param head the request
   * @param startedAtMs since 1970, when its first byte came
   * @param startedMs the same moment by the steady clock
   * @param limits what is kept of it
   * @param keeper copies what is kept
   */
  constructor(
    id: string,
    origin: ExchangeOrigin,
    head: SeenRequest,
    startedAtMs: number,
    startedMs: number,
    limits: CaptureLimits,
    keeper: ByteKeeper,
  ) {
    this.id = id;
    this.endpointName = origin.endpointName;
    this.endpointUrl = origin.endpointUrl;
    this.clientAddr = origin.clientAddr;
    this.replayOf = origin.replayOf;
    this.startedAtMs = startedAtMs;
    this.request = new RequestCapture(head, limits.maxBodyBytes, keeper);
    this.#keeper = keeper;
    this.#startedMs = startedMs;
    this.#limits = limits;
  }

  /** How long it took, so far. */
  get timing(): ExchangeTiming {
    return {
      requestMs: this.#requestMs,
      firstByteMs: this.#firstByteMs,
      durationMs: this.#durationMs,
    };
  }

  /** What was sent in it, once it became a stream of messages. */
  get messages(): readonly StreamMessage[] {
    return this.#messages;
  }

  /** What it costs to keep. */
  get costBytes(): number {
    const { request, response } = this;
    return OVERHEAD_BYTES + this.#messageBytes + request.head.length + request.body.costBytes +
      (response ? response.head.length + response.body.costBytes : 0);
  }

  /** The request is complete. */
  requestDone(nowMs: number): void {
    this.#requestMs ??= nowMs - this.#startedMs;
  }

  /** The head of the final response is there. */
  respond(head: SeenResponse, nowMs: number): void {
    this.#firstByteMs = nowMs - this.#startedMs;
    this.response = new ResponseCapture(head, this.#limits.maxBodyBytes, this.#keeper);
  }

  /** All of it has passed. */
  complete(nowMs: number): void {
    if (this.state !== "open") return;
    this.state = "complete";
    this.#durationMs = nowMs - this.#startedMs;
  }

  /** It ended before it was complete. */
  cut(error: string, nowMs: number): void {
    if (this.state !== "open") return;
    this.state = "cut";
    this.error = error;
    this.#durationMs = nowMs - this.#startedMs;
  }

  /**
   * Keeps a message; the oldest makes room for it.
   *
   * @returns as it is kept
   */
  addMessage(message: Omit<StreamMessage, "atMs">, nowMs: number): StreamMessage {
    const kept = { ...message, atMs: nowMs - this.#startedMs };
    this.#messages.push(kept);
    this.#messageBytes += MESSAGE_OVERHEAD_BYTES + message.preview.length;
    if (this.#messages.length > this.#limits.maxMessages) this.#dropMessages();
    return kept;
  }

  /**
   * Says more of a message.
   *
   * @param kept which; one that is not kept any more stays forgotten
   * @param change what is known now
   */
  changeMessage(kept: StreamMessage, change: MessageChange): void {
    const index = this.#messages.lastIndexOf(kept);
    if (index < 0) return;
    this.#messageBytes += change.preview.length - kept.preview.length;
    this.#messages[index] = { ...kept, ...change };
  }

  #dropMessages(): void {
    // Many at once: taking one from the front moves all the others.
    const dropped = this.#messages.splice(0, Math.ceil(this.#limits.maxMessages / 10));
    this.droppedMessages += dropped.length;
    for (const { preview } of dropped) {
      this.#messageBytes -= MESSAGE_OVERHEAD_BYTES + preview.length;
    }
  }
}
