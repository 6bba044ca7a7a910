/**
 * How long a body is, and moving it from one carrier to another byte for byte, at once as it
 * arrives. Used by whoever forwards messages; who wants the content alone reads it with
 * `body_reader.ts`.
 *
 * @module
 */
import { type Chunk, type Duplex, giveTo } from "../base/duplex.ts";
import { type ErrorCode, toTunnelError, TunnelError } from "../base/errors.ts";
import { ChunkedScanner } from "./chunked_scanner.ts";
import type { HttpSubject } from "./fault.ts";
import type { RequestHead, ResponseHead } from "./head.ts";

/** How the end of a body is known (RFC 9112 section 6.3). */
export type BodyFraming =
  | {
    /** There is none. */
    readonly kind: "none";
  }
  | {
    /** It has a length. */
    readonly kind: "length";
    /** That length, at least 1. */
    readonly bytes: number;
  }
  | {
    /** Its chunks say where it ends. */
    readonly kind: "chunked";
  }
  | {
    /** It ends with the connection, so nothing can follow. */
    readonly kind: "until_close";
  };

const NO_BODY: BodyFraming = { kind: "none" };
const CHUNKED: BodyFraming = { kind: "chunked" };
const UNTIL_CLOSE: BodyFraming = { kind: "until_close" };

/**
 * How the body of a request ends: never with the connection. What could be read in two ways did
 * not get through the parser.
 */
export function requestFraming(head: RequestHead): BodyFraming {
  if (head.chunked) return CHUNKED;
  return head.contentLength ? { kind: "length", bytes: head.contentLength } : NO_BODY;
}

/**
 * How the body of a response ends.
 *
 * @param head the response
 * @param requestMethod what it answers: the answer to HEAD has no body whatever its headers say
 * @returns "none" also for 101, after which the connection speaks another protocol
 */
export function responseFraming(
  head: ResponseHead,
  requestMethod: string,
): BodyFraming {
  const { status } = head;
  if (
    requestMethod === "HEAD" || status < 200 || status === 204 || status === 304
  ) return NO_BODY;
  if (requestMethod === "CONNECT" && status < 300) return NO_BODY;
  if (head.chunked) return CHUNKED;
  if (head.contentLength === undefined) return UNTIL_CLOSE;
  return head.contentLength > 0 ? { kind: "length", bytes: head.contentLength } : NO_BODY;
}

/** What to know and to watch while a body moves. */
export interface CopyOptions {
  /** Which message the body belongs to, for errors. @default {"request"} */
  readonly subject?: HttpSubject;
  /** Gets the bytes of each write just before it: the body as it is on the wire. They may be gone soon after. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** What was moved. */
export interface BodyResult {
  /** Bytes on the wire, chunk framing and trailers included. */
  readonly wireBytes: number;
  /** Bytes of content. */
  readonly payloadBytes: number;
}

/** A body that could not be moved to its end, and which of the two carriers is to blame. */
export class BodyError extends TunnelError {
  /** The carrier that failed; the other one may still be in order. */
  readonly side: "source" | "sink";

  /**
   * Names the side.
   *
   * @param side the carrier that failed
   * @param code what it reported, or connection_closed when it ended too early
   * @param message what was tried, then what was found
   * @param cause the error underneath, if there is one
   */
  constructor(
    side: "source" | "sink",
    code: ErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(code, message, { cause });
    this.side = side;
  }
}

/**
 * Moves one body. Every chunk is passed on when it arrives, in one write; a full sink stops the
 * source. Neither carrier is closed, and what comes after the body stays in the source.
 *
 * @param from where the body comes from, at its first byte
 * @param to where it goes
 * @param framing how its end is known
 * @param options what to watch
 * @returns how much it was
 * @throws {HttpError} http_invalid when its chunks are malformed; nothing at or after the fault was sent
 * @throws {BodyError} when it ends too early (connection_closed) or one side fails
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pair } from "../base/duplex.ts";
 * import { copyBody } from "./body.ts";
 *
 * const [visitor, front] = pair();
 * const [back, upstream] = pair();
 * visitor.write(new TextEncoder().encode("helloGET /"));
 * const moved = await copyBody(front, back, { kind: "length", bytes: 5 });
 * assert.equal(moved.payloadBytes, 5);
 * assert.equal(new TextDecoder().decode(await upstream.read()), "hello");
 * assert.equal(new TextDecoder().decode(await front.read()), "GET /");
 * ```
 */
export async function copyBody(
  from: Duplex,
  to: Duplex,
  framing: BodyFraming,
  options: CopyOptions = {},
): Promise<BodyResult> {
  const { subject = "request", onBytes } = options;
  const body = new BodyCut(framing, subject);
  while (!body.done) {
    let chunk: Chunk;
    try {
      const next = from.read();
      chunk = next instanceof Promise ? await next : next;
    } catch (thrown) {
      throw sideError("source", subject, thrown);
    }
    if (chunk === undefined) {
      body.end();
      break;
    }
    const size = body.take(chunk);
    if (size < chunk.length) {
      from.unread(chunk.subarray(size));
      chunk = chunk.subarray(0, size);
    }
    onBytes?.(chunk);
    try {
      const full = giveTo(to, chunk);
      if (full) await full;
    } catch (thrown) {
      throw sideError("sink", subject, thrown);
    }
  }
  return { wireBytes: body.wireBytes, payloadBytes: body.payloadBytes };
}

/** Says of each chunk on the wire how much of it belongs to one body. */
export class BodyCut {
  readonly #framing: BodyFraming;
  readonly #subject: HttpSubject;
  readonly #scanner: ChunkedScanner | undefined;
  readonly #onPayload: ((piece: Uint8Array) => void) | undefined;
  #left = 0;
  /** Bytes on the wire so far, chunk framing and trailers included. */
  wireBytes = 0;

  /**
   * At the first byte of a body.
   *
   * @param framing how its end is known
   * @param subject which message it belongs to, for errors
   * @param onPayload gets each piece of content, in order: a view into what was taken
   */
  constructor(
    framing: BodyFraming,
    subject: HttpSubject,
    onPayload?: (piece: Uint8Array) => void,
  ) {
    this.#framing = framing;
    this.#subject = subject;
    this.#onPayload = onPayload;
    if (framing.kind === "length") this.#left = framing.bytes;
    else if (framing.kind === "chunked") {
      this.#scanner = new ChunkedScanner({ subject, onPayload });
    } else if (framing.kind === "until_close") this.#left = Infinity;
  }

  /** Whether the body is complete. */
  get done(): boolean {
    return this.#scanner ? this.#scanner.done : this.#left === 0;
  }

  /** Bytes of content so far. */
  get payloadBytes(): number {
    return this.#scanner ? this.#scanner.payloadBytes : this.wireBytes;
  }

  /** The trailer fields of a body in chunks, once it is done; `undefined` for any other. */
  get trailers(): readonly (readonly [name: string, value: string])[] | undefined {
    return this.#scanner?.trailers;
  }

  /** How many bytes are still to come; `undefined` when only their end will tell. */
  get leftBytes(): number | undefined {
    return this.#scanner || this.#left === Infinity ? undefined : this.#left;
  }

  /**
   * Takes the next bytes.
   *
   * @param chunk what came
   * @returns how many of them belong to the body
   * @throws {HttpError} when its chunks are malformed
   */
  take(chunk: Uint8Array): number {
    let size: number;
    if (this.#scanner) {
      size = this.#scanner.scan(chunk);
    } else {
      size = Math.min(this.#left, chunk.length);
      this.#left -= size;
      if (this.#onPayload && size > 0) {
        this.#onPayload(size === chunk.length ? chunk : chunk.subarray(0, size));
      }
    }
    this.wireBytes += size;
    return size;
  }

  /**
   * Hears that the source ended: right for a body that lasts until then.
   *
   * @throws {BodyError} connection_closed for any other
   */
  end(): void {
    if (this.#framing.kind === "until_close") {
      this.#left = 0;
      return;
    }
    const missing = this.#framing.kind === "length"
      ? `${this.#left} of ${this.#framing.bytes} bytes before its end`
      : `after ${this.wireBytes} bytes, before the last chunk`;
    throw new BodyError(
      "source",
      "connection_closed",
      `Cannot read the body of the HTTP ${this.#subject}: the connection ended ${missing}`,
    );
  }
}

/**
 * What broke one carrier, as the fault of the body that moved over it.
 *
 * @param side the carrier that failed
 * @param subject which message the body belongs to
 * @param thrown what it reported
 */
export function sideError(
  side: "source" | "sink",
  subject: HttpSubject,
  thrown: unknown,
): BodyError {
  const error = toTunnelError(thrown, "connection_closed");
  const verb = side === "source" ? "read" : "send";
  return new BodyError(
    side,
    error.code,
    `Cannot ${verb} the body of the HTTP ${subject}: ${error.message}`,
    error,
  );
}
