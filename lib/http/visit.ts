/**
 * A visitor that speaks HTTP/1.1, from accept to close: one request after the other, with the
 * deadlines, the drain and the orderly end that every server owes it. What a request means is up to
 * the subclass: the edge relays it to an agent, `serve_fetch.ts` gives it to a handler.
 *
 * Requests are served strictly in order; the next head is read when the response before it is
 * complete. HTTP/1.0 is served too, for the tools that still speak it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { HttpError } from "./fault.ts";
import { type HeadLimits, readRequestHead, type RequestHead } from "./head.ts";
import { Lookahead, type News } from "./lookahead.ts";
import { Watchdog } from "./watchdog.ts";

/** A visitor being served. */
export interface HttpVisit {
  /** Settles, never rejects, when its connection is over. */
  readonly over: Promise<void>;
  /** Lets the request under way end, and no other begin. */
  drain(): void;
  /** Ends it now. */
  abort(reason?: unknown): void;
}

/** For how long a visitor may say nothing. Times in milliseconds; 0 switches one off. */
export interface VisitLimits {
  /** From accept, or from the first byte of a later request, to the end of its head. */
  readonly headMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** Without a byte moving when it is the visitor's turn to send or to take. */
  readonly idleMs: number;
  /** After the last response, for the visitor to take it and close. */
  readonly lingerMs: number;
}

/** What follows a request: the next one, an orderly end, or nothing, for the connection is over. */
export type Then = "keep" | "close" | "over";

/** So many requests that came in one piece are served in a row; then the other visitors get their turn. */
const ROW = 32;

/** Where a visit stands, for the deadline. */
type Phase = "first" | "idle" | "head" | "exchange" | "answer" | "closing" | "over";

/** The loop of one visitor. Subclasses call {@linkcode Visit.run} once, when they are complete. */
export abstract class Visit<Carrier extends Duplex = Duplex> implements HttpVisit {
  /** Its connection. */
  readonly conn: Carrier;
  /** Whose time. */
  readonly clock: Clock;
  /** Its deadline: the subclass's while a request is served, ours otherwise. */
  readonly watchdog: Watchdog;
  /** The early read of its connection. */
  readonly ahead: Lookahead;
  /** What {@linkcode Visit.run} gave. */
  abstract readonly over: Promise<void>;
  readonly #limits: VisitLimits;
  readonly #headLimits: HeadLimits;
  #phase: Phase = "first";
  #draining = false;
  #row = 0;

  /**
   * Begins nothing yet.
   *
   * @param conn the visitor
   * @param clock whose time
   * @param limits for how long it may say nothing
   * @param headLimits what its heads may cost
   */
  protected constructor(
    conn: Carrier,
    clock: Clock,
    limits: VisitLimits,
    headLimits: HeadLimits,
  ) {
    this.conn = conn;
    this.clock = clock;
    this.watchdog = new Watchdog(clock, () => this.#onExpired());
    this.ahead = new Lookahead(conn, (news) => this.onNews(news));
    this.#limits = limits;
    this.#headLimits = headLimits;
  }

  /** Whether no request follows the one under way. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Lets the request under way end, and no other begin. */
  drain(): void {
    this.#draining = true;
    if (this.#phase === "first" || this.#phase === "idle") this.#startClosing();
  }

  /** Ends it now. */
  abort(reason?: unknown): void {
    this.conn.abort(reason);
  }

  /** Serves one request, and sets the deadline as it sees fit; what it throws cuts the visitor. */
  protected abstract serve(head: RequestHead): Then | Promise<Then>;

  /** The whole answer to a request that cannot be understood; it announces the end of the connection. */
  protected abstract refuse(error: HttpError): Uint8Array;

  /** The whole answer to a head that is not complete in time; it announces the end of the connection. */
  protected abstract refuseSlow(limitMs: number): Uint8Array;

  /** The deadline that {@linkcode Visit.serve} set has passed. */
  protected abstract onExpired(): void;

  /** Hears what the early read found: while a request is served, whether the visitor is still there. */
  protected onNews(_news: News): void {}

  /** Hears why a connection did not end in order. */
  protected onCut(_error: TunnelError): void {}

  /** Hears that the connection is over. */
  protected onOver(): void {}

  /** Sets the deadline of a connection between two requests. */
  protected waitIdle(): void {
    this.watchdog.set(this.#limits.keepAliveMs);
  }

  /** That deadline has passed. Whether the connection is to be closed; if not, there is a new one. */
  protected onIdleExpired(): boolean {
    return true;
  }

  /** A read of the connection that {@linkcode Visit.serve} has left under way. It never rejects. */
  protected get reading(): Promise<unknown> | undefined {
    return undefined;
  }

  /** Serves the visitor until its connection is over. Never rejects. */
  protected async run(): Promise<void> {
    try {
      for (;;) {
        const head = await this.#nextHead();
        if (!head) break;
        this.#phase = "exchange";
        const then = await this.serve(head);
        if (then === "over") return;
        if (then === "close" || this.#draining) break;
        this.#phase = "idle";
      }
      await this.#takeLeave();
    } catch (thrown) {
      const error = toTunnelError(thrown);
      this.onCut(error);
      this.conn.abort(error);
    } finally {
      this.#phase = "over";
      this.watchdog.stop();
      this.onOver();
    }
  }

  /** Says something on our own account, and cuts a visitor that does not take it. */
  protected async say(bytes: Uint8Array): Promise<void> {
    this.#phase = "answer";
    this.watchdog.set(this.#limits.idleMs);
    const full = this.conn.write(bytes);
    if (full) await full;
  }

  /** The next request; `undefined` when there is none to serve. */
  async #nextHead(): Promise<RequestHead | undefined> {
    const { ahead, watchdog } = this;
    const { headMs } = this.#limits;
    const first = this.#phase === "first";
    if (first) watchdog.set(headMs);
    else this.waitIdle();
    ahead.start();
    if (ahead.pending) {
      this.#row = 0;
      await ahead.pending;
    } else if (++this.#row === ROW) {
      this.#row = 0;
      await new Promise<void>((resolve) => this.clock.turnEnd(resolve));
    }
    if (this.#phase === "closing" || ahead.ended) return undefined;
    if (ahead.error) throw ahead.error;
    this.#phase = "head";
    if (!first) watchdog.set(headMs);
    try {
      const head = await readRequestHead(this.conn, this.#headLimits);
      return this.#isClosing() ? undefined : head;
    } catch (thrown) {
      if (this.#isClosing()) return undefined;
      if (!(thrown instanceof HttpError)) throw thrown;
      await this.say(this.refuse(thrown));
      return undefined;
    }
  }

  /** The phase changes behind the back of whoever awaits. */
  #isClosing(): boolean {
    return this.#phase === "closing";
  }

  /**
   * Ends the connection so that the last response arrives: we say our end and read on until the
   * visitor says its own, for an RST would destroy what it has not read yet (RFC 9112 section 9.6).
   */
  async #takeLeave(): Promise<void> {
    this.#startClosing();
    if (this.reading) await this.reading;
    if (this.ahead.pending) await this.ahead.pending;
    if (this.ahead.ended) return;
    for (;;) {
      const next = this.conn.read();
      if ((next instanceof Promise ? await next : next) === undefined) return;
    }
  }

  #startClosing(): void {
    if (this.#phase === "closing") return;
    this.#phase = "closing";
    this.watchdog.set(this.#limits.lingerMs);
    try {
      const full = this.conn.closeWrite();
      if (full) full.catch((thrown: unknown) => this.conn.abort(thrown));
    } catch (thrown) {
      this.conn.abort(thrown);
    }
  }

  #onExpired(): void {
    switch (this.#phase) {
      case "idle":
        if (this.onIdleExpired()) this.#startClosing();
        return;
      case "first":
        return this.#startClosing();
      case "head":
        return this.#refuseSlowHead();
      case "exchange":
        return this.onExpired();
      case "answer":
      case "closing":
        return this.conn.abort(
          new TunnelError("timed_out", "The visitor took nothing for too long"),
        );
    }
  }

  /** Somebody sends a head byte by byte to keep us busy, or its network does. */
  #refuseSlowHead(): void {
    const said = this.say(this.refuseSlow(this.#limits.headMs));
    said.catch((thrown: unknown) => this.conn.abort(thrown));
    this.#startClosing();
  }
}
