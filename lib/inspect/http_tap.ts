/**
 * Follows an HTTP/1.1 connection from the side: bytes of both directions are shown to it as they
 * pass, and it makes exchanges of them. It never holds bytes back and never fails: what it does not
 * understand ends the capture of the connection, and nothing else.
 *
 * `tap.ts` puts it beside a connection of the agent; HTTP/2 goes on to `http2_tap.ts`.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { newId } from "../base/ids.ts";
import { type BodyFraming, requestFraming, responseFraming } from "../http/body.ts";
import { ChunkedScanner } from "../http/chunked_scanner.ts";
import { parseRequestHead, parseResponseHead } from "../http/head.ts";
import type { RequestHead } from "../http/head.ts";
import type { HttpSubject } from "../http/fault.ts";
import { parseProxyHeader } from "../http/proxy_protocol.ts";
import { isUpgradeAnswer, isUpgradeRequest } from "../http/upgrade.ts";
import { type BodyCapture, Capture } from "./capture.ts";
import type { HeaderLine } from "./exchange.ts";
import { HeadCollector } from "./head_collector.ts";
import { Http2Tap, isPrefaceHead } from "./http2_tap.ts";
import type { MessageReader, Messages, TellMessage } from "./message_reader.ts";
import { bodyMessages, upgradeMessages } from "./messages.ts";
import type { HttpTapOptions } from "./tap_options.ts";

export type { ExchangeCounter, HttpTapOptions } from "./tap_options.ts";

/** Bytes a client may send behind a request for an upgrade before the answer to it is known. */
const MAX_EARLY_BYTES = 64 * 1024;

/** An exchange, and the head of its request, which decides how its response is read. */
interface Pending {
  readonly capture: Capture;
  readonly head: RequestHead;
}

/** How a direction is being read. */
type Mode = "proxy" | "head" | "body" | "waiting" | "messages" | "http2" | "off";

/** Follows one connection. */
export class HttpTap {
  readonly #options: HttpTapOptions;
  readonly #request: Direction;
  readonly #response: Direction;
  /** Exchanges whose response is not complete, oldest first. */
  readonly #pending: Pending[] = [];
  /** The exchange whose request is being read. */
  #asking: Pending | undefined;
  #startedAtMs = 0;
  #startedMs = 0;
  /** What a client sent early, until it is known what it is. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  /** What the service said first, as one that speaks HTTP/2 may. */
  #greeting: Uint8Array[] = [];
  #greetingBytes = 0;
  /** Takes over behind the preface of HTTP/2. */
  #http2: Http2Tap | undefined;
  /** The beginning of a PROXY header. */
  #proxy: Uint8Array = new Uint8Array(0);

  /**
   * At the first byte of a connection.
   *
   * @param options where to, and how much
   */
  constructor(options: HttpTapOptions) {
    this.#options = options;
    this.#request = new Direction("request");
    if (options.afterProxyHeader) this.#request.mode = "proxy";
    this.#response = new Direction("response");
  }

  /** Whether nothing that comes can make an exchange any more. */
  get isOff(): boolean {
    return this.#request.mode === "off" && this.#response.mode === "off";
  }

  /** Whether every exchange that began is over. */
  get isIdle(): boolean {
    return this.#pending.length === 0 && this.#http2?.isIdle !== false;
  }

  /** Bytes pass from the visitor to the service. */
  fromVisitor(chunk: Uint8Array): void {
    this.#guard(() => {
      const direction = this.#request;
      let at = 0;
      while (at < chunk.length) {
        switch (direction.mode) {
          case "off":
            return;
          case "proxy":
            at = this.#skipProxyHeader(chunk);
            break;
          case "head":
            at = this.#readRequestHead(chunk, at);
            break;
          case "body":
            at = direction.readBody(chunk, at);
            if (direction.isBodyOver) this.#requestDone();
            break;
          case "waiting":
            return this.#keepEarly(at === 0 ? chunk : chunk.subarray(at));
          case "messages":
            direction.messages!.push(at === 0 ? chunk : chunk.subarray(at));
            return;
          case "http2":
            return this.#http2!.fromVisitor(at === 0 ? chunk : chunk.subarray(at));
        }
      }
    });
  }

  /** Bytes pass from the service to the visitor. */
  fromService(chunk: Uint8Array): void {
    this.#guard(() => {
      const direction = this.#response;
      let at = 0;
      while (at < chunk.length) {
        switch (direction.mode) {
          case "body":
            at = direction.readBody(chunk, at);
            if (direction.isBodyOver) this.#responseDone();
            break;
          case "messages":
            direction.messages!.push(at === 0 ? chunk : chunk.subarray(at));
            return;
          case "head":
            if (this.#pending.length === 0) {
              if (!this.#asking) return this.#keepGreeting(chunk);
              return this.#stop("The service spoke without being asked");
            }
            at = this.#readResponseHead(chunk, at);
            break;
          case "http2":
            return this.#http2!.fromService(chunk);
          default:
            return;
        }
      }
    });
  }

  /** The visitor will send no more. */
  visitorEnded(): void {
    this.#guard(() => {
      const direction = this.#request;
      direction.messages?.end();
      if (direction.mode === "body") this.#stop("The request ended before it was complete");
      direction.mode = "off";
    });
  }

  /** The service will send no more: a body without a length is complete with that. */
  serviceEnded(): void {
    this.#guard(() => {
      const direction = this.#response;
      direction.messages?.end();
      if (direction.mode === "http2") this.#stop("The service ended the connection");
      if (direction.mode === "messages" || direction.isUntilClose) this.#responseDone();
      if (this.#pending.length > 0) {
        this.#stop("The service ended the connection before its answer");
      }
      direction.mode = "off";
    });
  }

  /**
   * The connection is over, however it ended.
   *
   * @param error what cut it
   */
  close(error: string | undefined): void {
    this.#guard(() => {
      if (this.#response.mode === "messages" && error === undefined) this.#responseDone();
      this.#stop(error ?? "The connection ended");
    });
  }

  /** What does not begin with such a header is a request already (wire-protocol 7). */
  #skipProxyHeader(chunk: Uint8Array): number {
    const before = this.#proxy.length;
    const bytes = before === 0 ? chunk : concat([this.#proxy, chunk]);
    try {
      const found = parseProxyHeader(bytes);
      if (!found) {
        this.#proxy = bytes.slice();
        return chunk.length;
      }
      this.#request.mode = "head";
      return found.length - before;
    } catch {
      this.#request.mode = "head";
      if (before > 0) this.fromVisitor(this.#proxy);
      return 0;
    }
  }

  #readRequestHead(chunk: Uint8Array, from: number): number {
    const { store, limits, origin } = this.#options;
    const direction = this.#request;
    if (!direction.collector.hasBegun) {
      this.#startedAtMs = this.#options.clock.now();
      this.#startedMs = this.#nowMs();
    }
    const found = direction.collector.push(chunk, from);
    if (!found) return chunk.length;
    if (isPrefaceHead(found.head)) {
      this.#becomeHttp2();
      return found.end;
    }
    if (this.#greetingBytes > 0) {
      this.#stop("The service spoke without being asked");
      return chunk.length;
    }
    // It is read again when the answer comes, and the chunk may be gone by then.
    const head = parseRequestHead(store.keeper.copy(found.head));
    const id = newId("airt", this.#startedAtMs);
    const capture = new Capture(
      id,
      origin,
      head,
      this.#startedAtMs,
      this.#startedMs,
      limits,
      store.keeper,
    );
    this.#asking = { capture, head };
    this.#pending.push(this.#asking);
    direction.startBody(requestFraming(head), capture.request.body);
    this.#options.counter?.begun(capture.id);
    store.add(capture);
    if (direction.isBodyOver) this.#requestDone();
    return found.end;
  }

  #becomeHttp2(): void {
    const http2 = this.#http2 = new Http2Tap(this.#options);
    this.#request.mode = this.#response.mode = "http2";
    for (const chunk of this.#greeting.splice(0)) http2.fromService(chunk);
  }

  #keepGreeting(chunk: Uint8Array): void {
    this.#greetingBytes += chunk.length;
    if (this.#greetingBytes > MAX_EARLY_BYTES) {
      return this.#stop("The service spoke without being asked");
    }
    this.#greeting.push(chunk.slice());
  }

  #requestDone(): void {
    const { capture, head } = this.#asking!;
    capture.request.trailers = this.#request.trailers;
    capture.requestDone(this.#nowMs());
    this.#request.mode = isUpgradeRequest(head) ? "waiting" : "head";
    this.#options.store.update(capture);
  }

  #readResponseHead(chunk: Uint8Array, from: number): number {
    const direction = this.#response;
    const found = direction.collector.push(chunk, from);
    if (!found) return chunk.length;
    const head = parseResponseHead(this.#options.store.keeper.copy(found.head));
    if (head.interim) return found.end;
    const { capture, head: request } = this.#pending[0];
    capture.respond(head, this.#nowMs());
    const response = capture.response!;
    const tell = this.#tellerOf(capture);
    if (isUpgradeAnswer(request, head)) {
      this.#upgrade(upgradeMessages(head, this.#options, tell));
    } else {
      const reader = bodyMessages(head, this.#options.limits, tell);
      direction.startBody(responseFraming(head, request.method), response.body, reader);
      if (this.#request.mode === "waiting" && this.#asking?.capture === capture) {
        this.#resume("head");
      }
    }
    this.#options.store.update(capture);
    if (direction.isBodyOver) this.#responseDone();
    return found.end;
  }

  #responseDone(): void {
    const { capture } = this.#pending.shift()!;
    const direction = this.#response;
    direction.messages?.end();
    capture.response!.trailers = direction.trailers;
    capture.complete(this.#nowMs());
    this.#options.counter?.over(capture.timing.durationMs!);
    if (direction.mode !== "messages") direction.mode = direction.isUntilClose ? "off" : "head";
    direction.messages = undefined;
    this.#options.store.update(capture);
  }

  /** From now on both directions are messages, or nobody knows what. */
  #upgrade(messages: Messages | undefined): void {
    this.#request.messages = messages?.visitor;
    this.#response.messages = messages?.service;
    this.#response.mode = messages ? "messages" : "off";
    this.#resume(messages ? "messages" : "off");
  }

  /** What came early is read after all. */
  #resume(mode: Mode): void {
    this.#request.mode = mode;
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const chunk of early) this.fromVisitor(chunk);
  }

  #keepEarly(chunk: Uint8Array): void {
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) {
      return this.#stop("More came behind the request for an upgrade than is kept");
    }
    this.#early.push(chunk.slice());
  }

  #tellerOf(capture: Capture): TellMessage {
    return (message) => {
      const { store } = this.#options;
      const kept = capture.addMessage(message, this.#nowMs());
      store.update(capture);
      return (change) => {
        capture.changeMessage(kept, change);
        store.update(capture);
      };
    };
  }

  #nowMs(): number {
    return this.#options.clock.steady();
  }

  /** Whatever goes wrong in here is not the tunnel's business. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      this.#stop(`It cannot be followed: ${found}`);
    }
  }

  /** Ends the capture of this connection. */
  #stop(error: string): void {
    for (const direction of [this.#request, this.#response]) {
      direction.mode = "off";
      direction.messages?.end();
    }
    this.#early = [];
    this.#greeting = [];
    this.#http2?.stop(error);
    for (const { capture } of this.#pending.splice(0)) {
      capture.cut(error, this.#nowMs());
      this.#options.store.update(capture);
    }
  }
}

/** One direction: heads, bodies, messages. */
class Direction {
  readonly collector: HeadCollector;
  readonly #subject: HttpSubject;
  mode: Mode = "head";
  messages: MessageReader | undefined;
  #framing: BodyFraming = { kind: "none" };
  #left = 0;
  #chunked: ChunkedScanner | undefined;
  #body: BodyCapture | undefined;

  constructor(subject: HttpSubject) {
    this.#subject = subject;
    this.collector = new HeadCollector(subject);
  }

  startBody(framing: BodyFraming, body: BodyCapture, messages?: MessageReader): void {
    this.mode = "body";
    this.messages = messages;
    this.#framing = framing;
    this.#body = body;
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#chunked = framing.kind === "chunked"
      ? new ChunkedScanner({ subject: this.#subject, onPayload: (piece) => this.#take(piece) })
      : undefined;
  }

  get isUntilClose(): boolean {
    return this.mode === "body" && this.#framing.kind === "until_close";
  }

  get isBodyOver(): boolean {
    if (this.mode !== "body") return false;
    if (this.#chunked) return this.#chunked.done;
    return this.#framing.kind !== "until_close" && this.#left === 0;
  }

  get trailers(): readonly HeaderLine[] {
    return this.#chunked?.trailers ?? [];
  }

  /** @returns the offset behind what belongs to the body */
  readBody(chunk: Uint8Array, from: number): number {
    const piece = from === 0 ? chunk : chunk.subarray(from);
    if (this.#chunked) return from + this.#chunked.scan(piece);
    if (this.#framing.kind === "until_close") {
      this.#take(piece);
      return chunk.length;
    }
    const count = Math.min(piece.length, this.#left);
    this.#left -= count;
    this.#take(count === piece.length ? piece : piece.subarray(0, count));
    return from + count;
  }

  #take(piece: Uint8Array): void {
    this.#body!.push(piece);
    this.messages?.push(piece);
  }
}
