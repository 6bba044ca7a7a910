/**
 * One request and the handler's answer to it. `serve_fetch.ts` makes one for each request.
 *
 * The body of the request is read when the handler reads it, and the response is written as the
 * handler makes it; both may happen at the same time. When the visitor goes away, the signal of the
 * request fires, and the body of the response is cancelled.
 *
 * @module
 */
import { encodeText } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type BodyFraming, requestFraming } from "./body.ts";
import { HttpError } from "./fault.ts";
import { FetchBody, type FetchBodyOwner } from "./fetch_body.ts";
import { ExchangeExtras, type ExtrasOwner } from "./fetch_extras.ts";
import type {
  FetchExtras,
  FetchHandler,
  FetchInfo,
  FetchLimits,
  UpgradeHandler,
} from "./fetch_options.ts";
import { toRequest } from "./fetch_request.ts";
import { type DateText, formatHead, planResponse, type ResponsePlan } from "./fetch_response.ts";
import { FetchSource } from "./fetch_source.ts";
import { sendStream, type StreamTarget } from "./fetch_stream.ts";
import type { RequestHead } from "./head.ts";
import { keepsAlive } from "./hop_by_hop.ts";
import type { Lookahead } from "./lookahead.ts";
import { packets } from "./packets.ts";
import { formatResponse, reasonPhrase } from "./response.ts";
import { isUpgradeRequest } from "./upgrade.ts";
import type { Then } from "./visit.ts";
import type { Watchdog } from "./watchdog.ts";

/** The visitor, as an exchange needs it. */
export interface FetchVisitor<Info extends FetchInfo> {
  /** Its connection. */
  readonly conn: Duplex;
  /** The early read of its connection. */
  readonly ahead: Lookahead;
  /** Its deadline. */
  readonly watchdog: Watchdog;
  /** Whose time. */
  readonly clock: Clock;
  /** What it may cost. */
  readonly limits: FetchLimits;
  /** Where failures are told. */
  readonly logger: Logger;
  /** Whether no request follows this one. */
  readonly draining: boolean;
  /** The text of `Date`. */
  readonly date: DateText;
  /** What it speaks with us. */
  readonly scheme: "http" | "https";
  /** The host of requests that name none. */
  readonly host: string;
  /** Who answers. */
  readonly handler: FetchHandler<Info>;
  /** Who sees upgrades first. */
  readonly onUpgrade: UpgradeHandler<Info> | undefined;
  /** What both learn. */
  readonly info: Info;
  /** Makes what both learn, for each request. */
  readonly infoOf: ((extras: FetchExtras) => Info) | undefined;
}

const CONTINUE: Uint8Array = encodeText("HTTP/1.1 100 Continue\r\n\r\n");
const NO_BODY: BodyFraming = { kind: "none" };

/** Thrown where there is no visitor any more; why is known elsewhere. */
class Gone extends Error {}

/** One request and its answer. */
export class FetchExchange<Info extends FetchInfo> implements FetchBodyOwner, ExtrasOwner {
  /** The visitor's connection. */
  readonly conn: Duplex;
  /** Its early read. */
  readonly ahead: Lookahead;
  readonly #visitor: FetchVisitor<Info>;
  readonly #head: RequestHead;
  readonly #body: FetchBody | undefined;
  readonly #controller: AbortController = new AbortController();
  readonly #extras: ExchangeExtras | undefined;
  #source: FetchSource | undefined;
  /** Ends the wait for the handler. */
  #wake: (() => void) | undefined;
  /** What took the visitor away. */
  #gone: TunnelError | undefined;
  /** The connection belongs to somebody else now. */
  #taken = false;
  /** The visitor has ended its side. */
  #ended = false;
  /** The head of the final response was made, and is written at once. */
  #begun = false;
  /** The response was written; whether the visitor is still there concerns no handler. */
  #complete = false;
  #continueDue: boolean;
  #bodyWaits = false;
  #writeWaits = false;

  /**
   * Prepares it; {@linkcode FetchExchange.run} does it.
   *
   * @param visitor who asks
   * @param head what for
   */
  constructor(visitor: FetchVisitor<Info>, head: RequestHead) {
    this.#visitor = visitor;
    this.#head = head;
    this.conn = visitor.conn;
    this.ahead = visitor.ahead;
    const framing = requestFraming(head);
    if (framing.kind !== "none") this.#body = new FetchBody(this, framing);
    this.#continueDue = this.#body !== undefined && head.expectsContinue;
    if (visitor.infoOf) this.#extras = new ExchangeExtras(this);
  }

  /** Whether the visitor speaks HTTP/1.0. */
  get http10(): boolean {
    return this.#head.version === "1.0";
  }

  /** Whether the head of the final response was made. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The trailer fields of the request, once its body was read. */
  async trailers(): Promise<readonly (readonly [name: string, value: string])[]> {
    return await this.#body?.trailers() ?? [];
  }

  /** A read of the connection that was left under way; it never rejects. */
  get reading(): Promise<void> | undefined {
    return this.#body?.reading;
  }

  /**
   * Has the request answered.
   *
   * @throws {HttpError} when it is one that no handler can be given; nothing was written then
   */
  async run(): Promise<Then> {
    this.#visitor.watchdog.set(0);
    // RFC 9110 section 9.3.7: asks about the server, not about anything that a handler has.
    if (this.#head.target === "*") return await this.#say(204, undefined);
    const request = this.#makeRequest();
    try {
      let response: Response | undefined;
      try {
        const answer = this.#ask(request);
        response = answer instanceof Promise ? await answer : answer;
      } catch (thrown) {
        if (this.#taken) throw thrown;
        return await this.#fail(thrown);
      }
      if (this.#taken) return await this.#handOver();
      return await this.#respond(response);
    } catch (thrown) {
      if (!(thrown instanceof Gone)) throw thrown;
      this.conn.abort(this.#gone);
      return "over";
    }
  }

  /** The visitor's connection broke. */
  visitorGone(error: TunnelError): void {
    if (this.#gone || this.#complete || this.#taken) return;
    this.#gone = error;
    this.#extras?.complete(error);
    this.#controller.abort(new DOMException("The visitor went away", "AbortError"));
    this.#body?.fail(error);
    this.#source?.cancel(error).catch((thrown: unknown) => this.#tellLate(thrown));
    this.#wake?.();
  }

  /** The visitor has ended its side: no request follows, and perhaps nobody is there. */
  visitorEnded(): void {
    this.#ended = true;
    this.#watch();
  }

  /** The deadline has passed. */
  expired(): void {
    const { endedMs, headMs, idleMs } = this.#visitor.limits;
    if (this.#bodyWaits && !this.#writeWaits) {
      this.#bodyWaits = false;
      this.#watch();
      return this.#body!.fail(
        new TunnelError("timed_out", `Cannot read the body: nothing came within ${idleMs} ms`),
      );
    }
    const limitMs = this.#complete ? headMs : this.#writeWaits ? idleMs : endedMs;
    const error = new TunnelError("timed_out", `The visitor did nothing within ${limitMs} ms`);
    this.visitorGone(error);
    this.conn.abort(error);
  }

  /** The handler wants the body, which has yet to come. */
  onBodyWait(): void {
    if (this.#continueDue && !this.#body!.begun) {
      this.#continueDue = false;
      // RFC 9110 section 10.1.1: a visitor that has a final response does not send the body.
      if (this.#begun) return this.#body!.fail(answeredBefore());
      this.sendInterim(CONTINUE);
    }
    this.#bodyWaits = true;
    this.#watch();
  }

  /** There is something of the body. */
  onBodyArrived(): void {
    this.#bodyWaits = false;
    this.#watch();
  }

  /** All of the body was read. */
  onBodyRead(): void {
    if (!this.#complete) this.ahead.start();
  }

  #makeRequest(): Request {
    const { scheme, host } = this.#visitor;
    const { signal } = this.#controller;
    try {
      return toRequest(this.#head, { scheme, host, signal, body: this.#body?.open() });
    } catch (thrown) {
      this.#complete = true;
      throw thrown;
    }
  }

  /** Has the handler answer. */
  #ask(request: Request): Response | Promise<Response> {
    const { handler, onUpgrade } = this.#visitor;
    const info = this.#info();
    if (onUpgrade && !this.#body && isUpgradeRequest(this.#head)) {
      return this.#offer(request, onUpgrade, info);
    }
    this.#lookOut();
    return this.#orGone(handler(request, info));
  }

  #info(): Info {
    const { info, infoOf } = this.#visitor;
    return this.#extras ? infoOf!(this.#extras) : info;
  }

  /** Nobody reads the visitor while the handler works, unless we do, to see whether it is still there. */
  #lookOut(): void {
    if (!this.#body || this.#body.done) this.ahead.start();
    if (this.#gone) throw new Gone();
  }

  /** Lets the connection be taken, and asks the handler if nobody cares for it. */
  async #offer(
    request: Request,
    onUpgrade: UpgradeHandler<Info>,
    info: Info,
  ): Promise<Response> {
    const { handler } = this.#visitor;
    let offered = true;
    const take = (): Duplex => {
      if (!offered || this.#taken || this.#gone) {
        const found = this.#gone?.message ?? "it was taken or answered before";
        throw new TunnelError("conflict", `Cannot take the connection of a request: ${found}`);
      }
      this.#taken = true;
      this.#wake?.();
      return this.conn;
    };
    const response = await this.#orGone(onUpgrade(request, take, info));
    offered = false;
    if (response || this.#taken) return response as Response;
    this.#lookOut();
    return await this.#orGone(handler(request, info));
  }

  /** Waits for an answer as long as there is somebody to give it to. */
  #orGone<T extends Response | undefined | void>(answer: T | Promise<T>): T | Promise<T> {
    if (typeof (answer as Partial<PromiseLike<T>> | undefined)?.then !== "function") return answer;
    return new Promise<T>((resolve, reject) => {
      this.#wake = () => {
        this.#wake = undefined;
        if (this.#gone) reject(new Gone());
        else resolve(undefined as T);
      };
      (answer as Promise<T>).then((response) => {
        if (!this.#wake) return this.#drop(response);
        this.#wake = undefined;
        resolve(response);
      }, (thrown: unknown) => {
        if (!this.#wake) return this.#tellLate(thrown);
        this.#wake = undefined;
        reject(thrown);
      });
      if (this.#gone || this.#taken) this.#wake();
    });
  }

  /** The connection belongs to whoever took it; we only wait for its end. */
  async #handOver(): Promise<Then> {
    this.#visitor.watchdog.set(0);
    await this.conn.closed;
    this.#extras?.complete();
    return "over";
  }

  /** Sends what the handler answered. */
  async #respond(response: Response | undefined): Promise<Then> {
    try {
      if (this.#gone) throw new Gone();
      const plan = planResponse(response);
      const hasTrailers = this.#extras?.trailerNames !== undefined;
      const body = response!.body ?? (hasTrailers ? emptyBody() : null);
      if (!plan.hasBody || this.#head.method === "HEAD") {
        this.#drop(response!);
      } else if (body) {
        this.#source = new FetchSource(body);
        return await this.#stream(plan, this.#source);
      } else if (plan.lengthBytes) {
        throw new TypeError(`Cannot send ${plan.lengthBytes} bytes: the response has no body`);
      }
      // A HEAD is told nothing that a GET would not be told (RFC 9110 section 8.6).
      const lengthBytes = plan.hasBody && this.#head.method !== "HEAD" ? 0 : plan.lengthBytes;
      const close = this.#closes(plan);
      const sent = this.#send([this.#format(plan, NO_BODY, lengthBytes, close)]);
      if (sent) await sent;
      return await this.#finish(close);
    } catch (thrown) {
      if (response) this.#drop(response);
      return await this.#fail(thrown);
    }
  }

  async #stream(plan: ResponsePlan, source: FetchSource): Promise<Then> {
    let close = false;
    const extras = this.#extras;
    const target: StreamTarget = {
      http10: this.http10,
      trailers: extras?.trailerNames === undefined ? undefined : () => extras.trailerLines(),
      head: (framing, lengthBytes, type) => {
        close = framing.kind === "until_close" || this.#closes(plan);
        return this.#format(plan, framing, lengthBytes, close, type);
      },
      send: (parts) => this.#send(parts),
    };
    await sendStream(plan, source, target);
    return await this.#finish(close);
  }

  #format(
    plan: ResponsePlan,
    framing: BodyFraming,
    lengthBytes: number | undefined,
    close: boolean,
    type?: string,
  ): string {
    const { clock, date } = this.#visitor;
    this.#begun = true;
    return formatHead(plan, {
      framing,
      lengthBytes,
      type,
      trailerNames: framing.kind === "chunked" ? this.#extras?.trailerNames : undefined,
      close,
      http10: this.http10,
      date: date.at(clock.now()),
    });
  }

  /** Whether the connection ends with the response, as far as that is known when its head is written. */
  #closes(plan?: ResponsePlan): boolean {
    if (this.#visitor.draining || plan?.close || !keepsAlive(this.#head)) return true;
    const body = this.#body;
    if (!body || (body.done && !body.error)) return false;
    if (body.error) return true;
    // What is wanted may still be read; what nobody wants has to be cheap to drop.
    if (body.wanted) return false;
    const unasked = this.#continueDue && !body.begun;
    return unasked || (body.leftBytes ?? 0) > this.#visitor.limits.discardBytes;
  }

  /** The response is written: makes room for the next request. */
  async #finish(close: boolean): Promise<Then> {
    const body = this.#body;
    this.#complete = true;
    this.#extras?.complete();
    body?.stop();
    if (close || body?.error) return "close";
    if (!body || body.done) return "keep";
    const { limits, watchdog } = this.#visitor;
    watchdog.set(limits.headMs);
    return await body.discard(limits.discardBytes) ? "keep" : "close";
  }

  /** There is no response, or no rest of it. */
  async #fail(thrown: unknown): Promise<Then> {
    if (thrown instanceof Gone || this.#gone) {
      if (!(thrown instanceof Gone)) this.#tellLate(thrown);
      throw new Gone();
    }
    const fault = this.#body?.error;
    if (fault && !this.#begun) {
      // What failed was the visitor's part.
      this.#tell("debug", "request was cut", fault);
      const status = fault instanceof HttpError
        ? fault.status
        : fault.code === "timed_out"
        ? 408
        : 400;
      return await this.#say(status, fault.message);
    }
    this.#tell("error", "handler failed", thrown);
    if (!this.#begun) return await this.#say(500, reasonPhrase(500));
    this.#extras?.complete(thrown);
    // The visitor must not take what it has for the whole response.
    this.#source?.cancel(thrown).catch((again: unknown) => this.#tellLate(again));
    this.conn.abort(toTunnelError(thrown));
    return "over";
  }

  /** Says something on our own account. */
  async #say(status: number, text: string | undefined): Promise<Then> {
    const { clock } = this.#visitor;
    const { method, version } = this.#head;
    const close = version === "1.0" || this.#closes();
    this.#begun = true;
    const sent = this.#send([formatResponse({
      status,
      headers: text === undefined ? [] : [["Content-Type", "text/plain; charset=utf-8"]],
      body: text === undefined ? "" : `${text}\n`,
      toHead: method === "HEAD",
      close,
      dateMs: clock.now(),
    })]);
    if (sent) await sent;
    return await this.#finish(close);
  }

  /** Sends a few bytes: what follows may have to wait, this need not. */
  sendInterim(bytes: Uint8Array): void {
    if (this.#gone || this.#taken) return;
    try {
      this.conn.write(bytes)?.catch((thrown: unknown) => this.#lost(thrown));
    } catch (thrown) {
      this.#lost(thrown);
    }
  }

  #send(parts: readonly (string | Uint8Array)[]): void | Promise<void> {
    const writes = packets(parts);
    for (let index = 0; index < writes.length; index++) {
      const full = this.#write(writes[index]);
      if (full) return this.#sendRest(full, writes, index + 1);
    }
  }

  async #sendRest(full: void | Promise<void>, writes: Uint8Array[], from: number): Promise<void> {
    if (full) await full;
    for (let index = from; index < writes.length; index++) {
      const next = this.#write(writes[index]);
      if (next) await next;
    }
  }

  #write(bytes: Uint8Array): void | Promise<void> {
    if (this.#gone) throw new Gone();
    let full: void | Promise<void>;
    try {
      full = this.conn.write(bytes);
    } catch (thrown) {
      throw this.#lost(thrown);
    }
    if (full) return this.#waitForRoom(full);
    if (this.#ended) this.#watch();
  }

  async #waitForRoom(full: Promise<void>): Promise<void> {
    this.#writeWaits = true;
    this.#watch();
    try {
      await full;
    } catch (thrown) {
      throw this.#lost(thrown);
    } finally {
      this.#writeWaits = false;
      this.#watch();
    }
  }

  #lost(thrown: unknown): Gone {
    this.visitorGone(toTunnelError(thrown, "connection_closed"));
    return new Gone();
  }

  /** The deadline is for the visitor: there is none while the handler works. */
  #watch(): void {
    const { limits, watchdog } = this.#visitor;
    if (this.#bodyWaits || this.#writeWaits) watchdog.set(limits.idleMs);
    else if (!this.#complete) watchdog.set(this.#ended ? limits.endedMs : 0);
  }

  /** Lets go of a response that is not sent, or not with a body. */
  #drop(response: Response | undefined | void): void {
    const body = response?.body;
    if (!body || body.locked) return;
    body.cancel(this.#gone).catch((thrown: unknown) => this.#tellLate(thrown));
  }

  /** What a handler reports about something that nobody waits for any more. */
  #tellLate(thrown: unknown): void {
    if (!this.#taken) return this.#tell("debug", "handler failed after its visitor left", thrown);
    this.#tell("error", "upgrade failed", thrown);
    this.conn.abort(toTunnelError(thrown));
  }

  #tell(level: "debug" | "error", message: string, thrown: unknown): void {
    const { method, path } = this.#head;
    const stack = level === "error" && thrown instanceof Error ? thrown.stack : undefined;
    this.#visitor.logger.log(level, message, {
      method,
      path, // without the query: that may hold secrets
      error: thrown instanceof Error ? thrown.message : String(thrown),
      ...(stack === undefined ? {} : { stack }),
    });
  }
}

/** What carries trailers and nothing else. */
function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

function answeredBefore(): TunnelError {
  return new TunnelError(
    "aborted",
    "Cannot read the body of the request: the visitor was answered before it was asked to send it",
  );
}
