/**
 * Follows an HTTP/2 connection from the side (RFC 9113): frames of both directions become an exchange
 * per stream, and the messages of gRPC calls. `http_tap.ts` hands over to it at the preface, and
 * guards it: what it throws ends the capture of the connection.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { newId } from "../base/ids.ts";
import { writeLatin1 } from "../http/chars.ts";
import { FLAG, FRAME, type FrameHeader, FrameReader, type FrameSink } from "../http/h2/frame.ts";
import { HpackDecoder } from "../http/h2/hpack_decoder.ts";
import type { FieldList } from "../http/http2_request.ts";
import { reasonPhrase } from "../http/response.ts";
import { type BodyCapture, Capture, type SeenHead } from "./capture.ts";
import { GrpcReader } from "./grpc_reader.ts";
import type { MessageSource } from "./exchange.ts";
import { MessageDecoder } from "./message_decoder.ts";
import type { MessageReader, TellMessage } from "./message_reader.ts";
import { SseReader } from "./sse_reader.ts";
import type { HttpTapOptions } from "./tap_options.ts";

/** What the preface of HTTP/2 looks like to a reader of HTTP/1.1 (RFC 9113 section 3.4). */
const PREFACE_HEAD = "PRI * HTTP/2.0\r\n\r\n";

/** What is left of the preface behind that: `SM`, and an empty line. */
const PREFACE_REST_BYTES = 6;

/** Of the fields of one head, as it comes and as it is kept. */
const MAX_FIELD_BYTES = 256 * 1024;

const MAX_FIELDS = 1_000;

/** Streams that are followed at once. */
const MAX_STREAMS = 1_000;

/**
 * Whether what looks like a head is the beginning of HTTP/2.
 *
 * @param head up to an empty line
 */
export function isPrefaceHead(head: Uint8Array): boolean {
  return head.length === PREFACE_HEAD.length &&
    head.every((byte, index) => byte === PREFACE_HEAD.charCodeAt(index));
}

/** An exchange under way. */
interface Followed {
  readonly capture: Capture;
  visitor: MessageReader | undefined;
  service: MessageReader | undefined;
}

/** Follows one connection, behind the first part of its preface. */
export class Http2Tap {
  readonly #options: HttpTapOptions;
  readonly #streams = new Map<number, Followed>();
  readonly #visitor: Side;
  readonly #service: Side;
  #prefaceLeft = PREFACE_REST_BYTES;

  /**
   * Behind `PRI * HTTP/2.0` and its empty line.
   *
   * @param options where to, and how much
   */
  constructor(options: HttpTapOptions) {
    this.#options = options;
    this.#visitor = new Side({
      onFields: (id, fields, isEnd) => this.#onRequest(id, fields, isEnd),
      onContent: (id, piece, isEnd) => {
        const followed = this.#streams.get(id);
        if (!followed) return;
        take(followed.capture.request.body, followed.visitor, piece);
        if (isEnd) this.#requestDone(followed);
      },
      onReset: (id) => this.#onReset(id, "The visitor reset the stream"),
    });
    this.#service = new Side({
      onFields: (id, fields, isEnd) => this.#onResponse(id, fields, isEnd),
      onContent: (id, piece, isEnd) => {
        const followed = this.#streams.get(id);
        if (!followed?.capture.response) return;
        take(followed.capture.response.body, followed.service, piece);
        if (isEnd) this.#responseDone(id, followed);
      },
      onReset: (id) => this.#onReset(id, "The service reset the stream"),
    });
  }

  /** Whether every exchange that began is over. */
  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /** Bytes pass from the visitor to the service. */
  fromVisitor(chunk: Uint8Array): void {
    const skipped = Math.min(this.#prefaceLeft, chunk.length);
    this.#prefaceLeft -= skipped;
    this.#visitor.take(chunk.subarray(skipped));
  }

  /** Bytes pass from the service to the visitor. */
  fromService(chunk: Uint8Array): void {
    this.#service.take(chunk);
  }

  /**
   * Nothing is followed any more.
   *
   * @param error what cut the exchanges under way
   */
  stop(error: string): void {
    for (const id of [...this.#streams.keys()]) this.#onReset(id, error);
  }

  #onRequest(id: number, fields: FieldList, isEnd: boolean): void {
    const { store, clock, limits, origin, counter } = this.#options;
    const known = this.#streams.get(id);
    if (known) {
      known.capture.request.trailers = fields;
      if (isEnd) this.#requestDone(known);
      return;
    }
    if (this.#streams.size >= MAX_STREAMS) return;
    const nowMs = clock.now();
    const [method, target] = [valueOf(fields, ":method"), valueOf(fields, ":path")];
    const authority = valueOf(fields, ":authority");
    const hasHost = fields.some(([name]) => name === "host");
    const lines = authority === "" || hasHost
      ? regular(fields)
      : [["host", authority] as const, ...regular(fields)];
    const head = { ...seen(`${method} ${target} HTTP/2`, lines), method, target };
    const capture = new Capture(
      newId("airt", nowMs),
      origin,
      head,
      nowMs,
      clock.steady(),
      limits,
      store.keeper,
    );
    const visitor = isGrpc(fields) ? this.#grpcReader("visitor", fields, capture) : undefined;
    const followed = { capture, visitor, service: undefined };
    this.#streams.set(id, followed);
    counter?.begun(capture.id);
    store.add(capture);
    if (isEnd) this.#requestDone(followed);
  }

  #requestDone({ capture, visitor }: Followed): void {
    visitor?.end();
    capture.requestDone(this.#options.clock.steady());
    this.#options.store.update(capture);
  }

  #onResponse(id: number, fields: FieldList, isEnd: boolean): void {
    const followed = this.#streams.get(id);
    if (!followed) return;
    const { capture } = followed;
    const { store, clock, limits } = this.#options;
    if (capture.response) {
      capture.response.trailers = fields;
    } else {
      const status = Number(valueOf(fields, ":status"));
      if (status < 200) return;
      const reason = reasonPhrase(status);
      // HTTP/2 has no words for a status; they are for people.
      const head = seen(`HTTP/2 ${status}`, regular(fields));
      capture.respond({ ...head, status, reason }, clock.steady());
      if (isGrpc(fields)) followed.service = this.#grpcReader("service", fields, capture);
      else if (/^text\/event-stream\s*(;|$)/i.test(valueOf(fields, "content-type"))) {
        const coding = valueOf(fields, "content-encoding");
        if (/^(identity)?$/i.test(coding)) {
          followed.service = new SseReader(limits, this.#tellerOf(capture));
        }
      }
    }
    if (isEnd) this.#responseDone(id, followed);
    else store.update(capture);
  }

  #responseDone(id: number, { capture, visitor, service }: Followed): void {
    this.#streams.delete(id);
    visitor?.end();
    service?.end();
    capture.complete(this.#options.clock.steady());
    this.#options.counter?.over(capture.timing.durationMs!);
    this.#options.store.update(capture);
  }

  #onReset(id: number, error: string): void {
    const followed = this.#streams.get(id);
    if (!followed) return;
    this.#streams.delete(id);
    followed.capture.cut(error, this.#options.clock.steady());
    this.#options.store.update(followed.capture);
  }

  #grpcReader(from: MessageSource, fields: FieldList, capture: Capture): GrpcReader {
    const { limits, codecs } = this.#options;
    const coding = valueOf(fields, "grpc-encoding").trim().toLowerCase();
    const decoder = codecs && !/^(identity)?$/.test(coding)
      ? new MessageDecoder((...of) => codecs.decode(...of), coding, limits.maxPreviewBytes)
      : undefined;
    return new GrpcReader(from, limits, this.#tellerOf(capture), decoder);
  }

  #tellerOf(capture: Capture): TellMessage {
    return (message) => {
      const { store } = this.#options;
      const kept = capture.addMessage(message, this.#options.clock.steady());
      store.update(capture);
      return (change) => {
        capture.changeMessage(kept, change);
        store.update(capture);
      };
    };
  }
}

function take(body: BodyCapture, reader: MessageReader | undefined, piece: Uint8Array): void {
  body.push(piece);
  reader?.push(piece);
}

function valueOf(fields: FieldList, wanted: string): string {
  return fields.find(([name]) => name === wanted)?.[1] ?? "";
}

function regular(fields: FieldList): FieldList {
  return fields.filter(([name]) => !name.startsWith(":"));
}

function isGrpc(fields: FieldList): boolean {
  return /^application\/grpc([+;]|$)/i.test(valueOf(fields, "content-type"));
}

/** A head in the form that people know. */
function seen(line: string, lines: FieldList): SeenHead {
  const text = `${line}\r\n${lines.map((one) => `${one.join(": ")}\r\n`).join("")}\r\n`;
  const bytes = new Uint8Array(text.length);
  writeLatin1(text, bytes, 0);
  return { version: "2", bytes };
}

/** Hears what one side says on its streams. */
interface SideEvents {
  onFields(id: number, fields: FieldList, isEnd: boolean): void;
  onContent(id: number, piece: Uint8Array, isEnd: boolean): void;
  onReset(id: number): void;
}

/** Reads the frames of one direction. */
class Side implements FrameSink {
  readonly #events: SideEvents;
  readonly #reader = new FrameReader(this);
  readonly #decoder = new HpackDecoder(MAX_FIELD_BYTES, MAX_FIELDS);
  #section: Uint8Array[] = [];
  #sectionBytes = 0;
  #endsStream = false;

  constructor(events: SideEvents) {
    this.#events = events;
  }

  take(chunk: Uint8Array): void {
    this.#reader.take(chunk);
  }

  onData(): void {
    // Its pieces are all that matters.
  }

  onPiece({ id, flags }: FrameHeader, piece: Uint8Array, isLast: boolean): void {
    this.#events.onContent(id, piece, isLast && (flags & FLAG.endStream) !== 0);
  }

  onFrame({ id, type, flags }: FrameHeader, payload: Uint8Array): void {
    const endsStream = (flags & FLAG.endStream) !== 0;
    if (type === FRAME.data) return this.#events.onContent(id, unpad(payload), endsStream);
    if (type === FRAME.resetStream) return this.#events.onReset(id);
    if (type === FRAME.headers) {
      let block = (flags & FLAG.padded) === 0 ? payload : unpad(payload);
      if ((flags & FLAG.priority) !== 0) block = block.subarray(5);
      this.#section = [];
      this.#sectionBytes = 0;
      this.#endsStream = endsStream;
      this.#addBlock(id, flags, block);
    } else if (type === FRAME.continuation) this.#addBlock(id, flags, payload);
  }

  onTooLarge({ length }: FrameHeader): void {
    throw new Error(`a frame of ${length} bytes`);
  }

  #addBlock(id: number, flags: number, block: Uint8Array): void {
    this.#sectionBytes += block.length;
    if (this.#sectionBytes > MAX_FIELD_BYTES) throw new Error("a field section without end");
    // The bytes belong to the tunnel.
    this.#section.push(block.slice());
    if ((flags & FLAG.endHeaders) === 0) return;
    const { fields } = this.#decoder.decode(concat(this.#section.splice(0)));
    this.#events.onFields(id, fields, this.#endsStream);
  }
}

/** Without its padding and the byte that says how much there is. */
function unpad(payload: Uint8Array): Uint8Array {
  return payload.subarray(1, Math.max(1, payload.length - (payload[0] ?? 0)));
}
