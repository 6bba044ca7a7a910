/**
 * The further legs of an agent: connections beside the first one, to other addresses of the same
 * edge, over which the same endpoints are served (wire-protocol 8.2). Each is dialled again by
 * itself when it is lost; none of them decides anything. `agent.ts` owns one of these.
 *
 * @module
 */
import type { BackoffOptions } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { SessionTicket } from "./auth.ts";
import { Pace } from "./pace.ts";
import type { Session } from "./session.ts";

/** What legs need of their agent. */
export interface LegsOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** The waits between attempts. */
  readonly backoff: BackoffOptions;
  /** Dials and authenticates one. */
  readonly open: (leg: LegAddress, ticket: SessionTicket, signal: AbortSignal) => Promise<Session>;
  /** A leg is up: endpoints are bound on it. */
  readonly attach: (session: Session) => void;
  /** It is gone. */
  readonly detach: (session: Session) => void;
}

/** Where a leg goes. */
export interface LegAddress {
  /** 1 for the first further one. */
  readonly number: number;
  /** `host:port`. */
  readonly address: string;
}

/** More legs than this no edge means. */
const MAX_LEGS = 16;

/** The further legs of one agent. */
export class Legs {
  readonly #options: LegsOptions;
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #key = "";
  readonly #up = new Set<Session>();

  /**
   * Begins without any.
   *
   * @param options time, log, and how one is opened
   */
  constructor(options: LegsOptions) {
    this.#options = options;
  }

  /**
   * The first leg is up, and the edge has named its addresses: the others are opened, or stay as
   * they are when nothing has changed.
   *
   * @param ticket who we are to the edge
   * @param addresses all of the edge's; the first one is the first leg's
   */
  settle(ticket: SessionTicket, addresses: readonly string[]): void {
    const further = addresses.slice(1, 1 + MAX_LEGS);
    const key = [ticket.clientId, ...further].join(" ");
    if (key === this.#key) return;
    this.#key = key;
    this.#stop.abort(new TunnelError("aborted", "The edge has named other addresses"));
    const { signal } = this.#stop = new AbortController();
    const before = this.#running;
    const running = further.map((address, index) =>
      this.#run({ number: index + 1, address }, ticket, signal)
    );
    this.#running = Promise.all([before, ...running]);
  }

  /** Ends those that do not answer. */
  wake(limitMs: number, reason: TunnelError): void {
    for (const session of this.#up) {
      void session.isAlive(limitMs).then((isAlive) => isAlive || session.abort(reason));
    }
  }

  /** Says goodbye on each, and opens no more. */
  async close(): Promise<void> {
    this.#stop.abort(new TunnelError("aborted", "The agent was closed"));
    await this.#running;
  }

  /** Connect, hold, connect again. Never throws. */
  async #run(leg: LegAddress, ticket: SessionTicket, signal: AbortSignal): Promise<void> {
    const { clock, logger, backoff } = this.#options;
    const pace = new Pace(backoff);
    const fields = { obj: "csess", leg: leg.number, addr: leg.address };
    while (!signal.aborted) {
      let delayMs: number;
      try {
        const session = await this.#open(leg, ticket, signal);
        const startedMs = clock.steady();
        logger.log("info", "further leg established", fields);
        const error = await this.#hold(session, signal);
        if (signal.aborted) return;
        logger.log("warn", "further leg lost", { ...fields, err: error?.message ?? "" });
        delayMs = pace.afterLoss(clock.steady() - startedMs);
      } catch (thrown) {
        if (signal.aborted) return;
        const { message } = toTunnelError(thrown, "connection_closed");
        logger.log("warn", "failed to open a further leg", { ...fields, err: message });
        delayMs = pace.afterFailure();
      }
      // Ended early by closing: either way the pause is over.
      if (delayMs > 0) await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  }

  async #open(leg: LegAddress, ticket: SessionTicket, signal: AbortSignal): Promise<Session> {
    const session = await this.#options.open(leg, ticket, signal);
    if (session.auth.ticket.clientId === ticket.clientId) return session;
    // The address leads to another edge, or the cookie did not count: it is no leg of ours.
    await session.close();
    throw new TunnelError(
      "message_invalid",
      `Cannot use "${leg.address}": it does not know the session of the first leg`,
    );
  }

  async #hold(session: Session, signal: AbortSignal): Promise<TunnelError | undefined> {
    const { attach, detach } = this.#options;
    const onStop = () => void session.close();
    signal.addEventListener("abort", onStop, { once: true });
    if (signal.aborted) onStop();
    this.#up.add(session);
    attach(session);
    const { error } = await session.closed;
    signal.removeEventListener("abort", onStop);
    this.#up.delete(session);
    detach(session);
    return error;
  }
}
