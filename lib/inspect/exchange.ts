/**
 * What the inspector keeps of one HTTP exchange: the shapes that the tap fills in, and that the
 * agent's API, the inspector's page and the library read.
 *
 * Bytes are as they passed: heads with the case and order of their lines, bodies without their
 * transfer coding (RFC 9112 section 7) and with their content coding.
 *
 * @module
 */

/** One line of a head: name and value as written. */
export type HeaderLine = readonly [name: string, value: string];

/** What was kept of a body. */
export interface CapturedBody {
  /** Its beginning, up to the limit of the capture. */
  readonly bytes: Uint8Array;
  /** How much of it has passed. */
  readonly totalBytes: number;
  /** Whether more has passed than was kept. */
  readonly isTruncated: boolean;
}

/** What a request and a response have in common. */
export interface CapturedMessage {
  /** `1.0`, `1.1` or `2`. */
  readonly version: string;
  /** The header lines, in order. */
  readonly headers: readonly HeaderLine[];
  /** The lines behind a chunked body. */
  readonly trailers: readonly HeaderLine[];
  /** The head, byte for byte, with the empty line that ends it. */
  readonly head: Uint8Array;
  /** What follows the head. */
  readonly body: CapturedBody;
}

/** A request as it reached the agent. */
export interface CapturedRequest extends CapturedMessage {
  /** As written. */
  readonly method: string;
  /** As written: path and query. */
  readonly target: string;
}

/** A response as the service gave it. */
export interface CapturedResponse extends CapturedMessage {
  /** 100 to 999; interim answers are not kept. */
  readonly status: number;
  /** As written; often empty. */
  readonly reason: string;
}

/** Who sent a message. */
export type MessageSource = "visitor" | "service";

/** A message inside of an exchange: a WebSocket frame, an event of a stream, a gRPC message. */
export interface StreamMessage {
  /** What it is. */
  readonly kind: "websocket" | "sse" | "grpc";
  /** Who sent it. */
  readonly from: MessageSource;
  /** When it was complete, in milliseconds since the exchange began. */
  readonly atMs: number;
  /** Its payload, decompressed if it came compressed and that could be undone. */
  readonly sizeBytes: number;
  /** The beginning of the payload. */
  readonly preview: Uint8Array;
  /** Whether the payload is longer than what was kept. */
  readonly isTruncated: boolean;
  /** WebSocket: 0 to 15 (RFC 6455 section 5.2). */
  readonly opcode?: number;
  /** WebSocket: whether it ends its message. */
  readonly isFinal?: boolean;
  /** WebSocket, gRPC: whether it came compressed. */
  readonly isCompressed?: boolean;
  /** WebSocket: the code of a close frame that has one. */
  readonly closeCode?: number;
  /** SSE: the `event` field. */
  readonly eventName?: string;
  /** SSE: the `id` field. */
  readonly eventId?: string;
}

/** Milliseconds since the exchange began; `undefined` is not yet, or never. */
export interface ExchangeTiming {
  /** The request was complete. */
  readonly requestMs: number | undefined;
  /** The response began. */
  readonly firstByteMs: number | undefined;
  /** All was over. */
  readonly durationMs: number | undefined;
}

/** How far an exchange is: under way, over, or ended before it was complete. */
export type ExchangeState = "open" | "complete" | "cut";

/** One request and what came back. */
export interface Exchange {
  /** Names it: `airt_…`. */
  readonly id: string;
  /** The local name of the endpoint it came through. */
  readonly endpointName: string;
  /** The public URL of that endpoint. */
  readonly endpointUrl: string;
  /** Who asked: `ip:port`, IPv6 in brackets. */
  readonly clientAddr: string;
  /** When its first byte came, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** What was asked. */
  readonly request: CapturedRequest;
  /** What came back; `undefined` until its head is complete. */
  readonly response: CapturedResponse | undefined;
  /** How far it is. */
  readonly state: ExchangeState;
  /** What cut it, in a sentence. */
  readonly error: string | undefined;
  /** How long it took. */
  readonly timing: ExchangeTiming;
  /** What was sent in it, once it became a stream of messages. */
  readonly messages: readonly StreamMessage[];
  /** Messages that have passed and are not kept. */
  readonly droppedMessages: number;
  /** The exchange that this one repeats: `airt_…`. */
  readonly replayOf: string | undefined;
}
