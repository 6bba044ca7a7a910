/**
 * The endpoints of one agent: made, bound on each new session, found by the id a visitor brings,
 * taken down. `agent.ts` owns one table; it outlives every session.
 *
 * @module
 */
import { Backoff, type BackoffOptions } from "../base/backoff.ts";
import { type Clock, deadline, sleep } from "../base/clock.ts";
import { type ErrorCode, toTunnelError, TunnelError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { StopTunnelRequest } from "../wire/messages.ts";
import type { Announcer } from "./announcer.ts";
import { refusal } from "./auth.ts";
import { type EndpointParts, OwnEndpoint } from "./endpoint.ts";
import type { Session } from "./session.ts";

/** What the table needs of its agent. */
export interface EndpointsOptions {
  /** Whose time. */
  readonly clock: Clock;
  /** Where lines go. */
  readonly logger: Logger;
  /** Says what happens. */
  readonly announcer: Announcer;
  /** The waits between binds that fail. */
  readonly backoff: BackoffOptions;
}

/** How long a visitor may come ahead of the answer to the Bind it belongs to. */
const BIND_RACE_MS = 2_000;

/** The URL is online already, and not to be shared. */
const ALREADY_ONLINE_CODE = 334;

/** The server does not know the token of a binding any more. */
const BAD_TOKEN_CODE = 335;

/** Failures of a bind that are about this bind, not about the connection. */
const ANSWERED_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "refused",
  "timed_out",
  "message_invalid",
  "message_too_large",
  "stream_reset",
  "stream_refused",
]);

/** The endpoints of one agent. */
export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #byName: Map<string, OwnEndpoint> = new Map();
  readonly #byId: Map<string, OwnEndpoint> = new Map();
  readonly #binding: Set<Promise<void>> = new Set();
  /** The further legs that are up. */
  readonly #legs: Set<Session> = new Set();
  #session: Session | undefined;
  #counter = 0;

  /**
   * Begins empty.
   *
   * @param options time, log, events
   */
  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  /** All of them, in the order they were made. */
  get all(): readonly OwnEndpoint[] {
    return [...this.#byName.values()];
  }

  /**
   * Makes one, and binds it if there is a session.
   *
   * @param parts without a name it gets one
   * @throws {TunnelError} config_invalid when the name is taken
   */
  add(
    parts: Omit<EndpointParts, "name" | "onClose" | "clock"> & { readonly name?: string },
  ): OwnEndpoint {
    const name = parts.name ?? this.#freeName();
    if (this.#byName.has(name)) {
      throw new TunnelError(
        "config_invalid",
        `Cannot add the endpoint "${name}": the name is taken`,
      );
    }
    const onClose = (own: OwnEndpoint) => this.#close(own);
    const endpoint = new OwnEndpoint({ ...parts, name, onClose, clock: this.#options.clock });
    this.#byName.set(name, endpoint);
    if (this.#session) this.#bind(this.#session, endpoint);
    return endpoint;
  }

  #freeName(): string {
    for (;;) {
      const name = `endpoint-${++this.#counter}`;
      if (!this.#byName.has(name)) return name;
    }
  }

  /** A new session: binds all of them on it, each on its own. */
  attach(session: Session): void {
    this.#session = session;
    for (const endpoint of this.#byName.values()) this.#bind(session, endpoint);
  }

  /** The session is over: none is online. */
  detach(): void {
    this.#session = undefined;
    for (const endpoint of this.#byName.values()) endpoint.online = false;
  }

  /** A further leg is up: what is bound on the first one is bound on it too (wire-protocol 8.2). */
  attachLeg(leg: Session): void {
    this.#legs.add(leg);
    for (const endpoint of this.#byName.values()) {
      if (endpoint.wasOnline) void this.#bindOnLeg(leg, endpoint);
    }
  }

  /** A further leg is gone. */
  detachLeg(leg: Session): void {
    this.#legs.delete(leg);
  }

  /** The endpoint a visitor is for. The first visitor can overtake the answer to its Bind. */
  async find(id: string): Promise<OwnEndpoint | undefined> {
    const found = this.#byId.get(id);
    if (found || this.#binding.size === 0) return found;
    const answered = Promise.all(this.#binding);
    // late or not, the table decides
    await deadline(
      this.#options.clock,
      answered,
      BIND_RACE_MS,
      "Bind is not answered",
    )
      .catch(() => undefined);
    return this.#byId.get(id);
  }

  /** The edge took one down, and has unbound it already (wire-protocol 5.8). */
  stopByServer(request: StopTunnelRequest): void {
    const endpoint = this.#byId.get(request.Id);
    if (endpoint) return this.#stop(endpoint, request);
    // The answer to its Bind may still be on its way.
    void this.find(request.Id).then((late) => late && this.#stop(late, request));
  }

  #stop(endpoint: OwnEndpoint, request: StopTunnelRequest): void {
    const words = request.Message || "The edge stopped the endpoint";
    const error = refusal(
      request.ErrorCode ? `${words}\n\n${request.ErrorCode}` : words,
    );
    this.#forget(endpoint);
    endpoint.finish(error);
    this.#options.announcer.endpointStopped(endpoint, "server", error);
  }

  /** The agent ends, and all of them with it. Nothing is unbound: the edge sees the session go. */
  finishAll(error: TunnelError | undefined): void {
    for (const endpoint of this.all) {
      this.#forget(endpoint);
      endpoint.finish(error);
      this.#options.announcer.endpointStopped(endpoint, "agent", error);
    }
  }

  /** Gives up the URLs that others may serve as well, before the agent ends. Never throws. */
  async leavePools(session: Session): Promise<void> {
    const pooled = this.all.filter((endpoint) => endpoint.online && endpoint.pools);
    await Promise.all(pooled.map(({ name, id }) => this.#unbind(session, name, id)));
  }

  #forget(endpoint: OwnEndpoint): void {
    if (this.#byName.get(endpoint.name) === endpoint) {
      this.#byName.delete(endpoint.name);
    }
    for (const id of endpoint.ids) {
      if (this.#byId.get(id) === endpoint) this.#byId.delete(id);
    }
  }

  async #close(endpoint: OwnEndpoint): Promise<void> {
    if (endpoint.over) return;
    const { online, id } = endpoint;
    this.#forget(endpoint);
    endpoint.finish(undefined);
    this.#options.announcer.endpointStopped(endpoint, "agent", undefined);
    if (online && this.#session) {
      await this.#unbind(this.#session, endpoint.name, id);
    }
  }

  async #unbind(session: Session, name: string, id: string): Promise<void> {
    try {
      await session.unbind(id);
    } catch (thrown) {
      // it is gone for us; the edge drops what it still has with the session
      const { message } = toTunnelError(thrown);
      this.#options.logger.log("warn", "failed to unbind", {
        obj: "tunnels",
        name,
        err: message,
      });
    }
  }

  #bind(session: Session, endpoint: OwnEndpoint): void {
    const binding = this.#bindUntilOnline(session, endpoint);
    this.#binding.add(binding);
    void binding.finally(() => this.#binding.delete(binding));
  }

  /** Ends when the endpoint is online or over, or the session is; never throws. */
  async #bindUntilOnline(
    session: Session,
    endpoint: OwnEndpoint,
  ): Promise<void> {
    const backoff = new Backoff(this.#options.backoff);
    const sessionOver = new AbortController();
    void session.closed.then(() => sessionOver.abort());
    while (!endpoint.over && !sessionOver.signal.aborted) {
      try {
        return await this.#bindOnce(session, endpoint);
      } catch (thrown) {
        const error = toTunnelError(thrown, "connection_closed");
        if (error.ngrokCode === BAD_TOKEN_CODE && endpoint.forgetBinding()) {
          continue;
        }
        if (isRefusedForGood(endpoint, error)) {
          this.#forget(endpoint);
          return endpoint.finish(error);
        }
        const answered = ANSWERED_CODES.has(error.code);
        if (!answered) endpoint.maybeBound = true;
        const retryInMs = backoff.next();
        // when the whole connection died, session_lost tells it, once for all endpoints
        if (answered) {
          this.#options.announcer.endpointFailed(endpoint, error, retryInMs);
        }
        await sleep(this.#options.clock, retryInMs, sessionOver.signal).catch(
          () => undefined,
        );
      }
    }
  }

  /** Ends when the endpoint is bound on a leg, or one of the two is over; never throws. */
  async #bindOnLeg(leg: Session, endpoint: OwnEndpoint): Promise<void> {
    const { clock, logger } = this.#options;
    const backoff = new Backoff(this.#options.backoff);
    const legOver = new AbortController();
    void leg.closed.then(() => legOver.abort());
    while (!endpoint.over && !legOver.signal.aborted) {
      try {
        await leg.bind(endpoint.nextRequest());
        return;
      } catch (thrown) {
        if (legOver.signal.aborted) return;
        const { message } = toTunnelError(thrown, "connection_closed");
        const { name } = endpoint;
        logger.log("warn", "failed to bind on a further leg", {
          obj: "tunnels",
          name,
          err: message,
        });
        await sleep(clock, backoff.next(), legOver.signal).catch(() => undefined);
      }
    }
  }

  async #bindOnce(session: Session, endpoint: OwnEndpoint): Promise<void> {
    const rebound = endpoint.wasOnline;
    const answer = await session.bind(endpoint.nextRequest());
    if (endpoint.over) {
      return await this.#unbind(session, endpoint.name, answer.Id);
    }
    const previousUrl = endpoint.adopt(answer);
    for (const id of endpoint.ids) this.#byId.set(id, endpoint);
    const { announcer } = this.#options;
    if (previousUrl !== undefined) {
      announcer.endpointUrlChanged(endpoint, previousUrl);
    }
    announcer.endpointOnline(endpoint, rebound);
    for (const leg of this.#legs) void this.#bindOnLeg(leg, endpoint);
  }
}

/**
 * Whether the first bind of an endpoint failed for good. An endpoint that was online is never given
 * up; one whose first bind may have succeeded unheard waits until its own shadow leaves the URL.
 */
function isRefusedForGood(endpoint: OwnEndpoint, error: TunnelError): boolean {
  if (endpoint.wasOnline) return false;
  if (error.ngrokCode === ALREADY_ONLINE_CODE && endpoint.maybeBound) {
    return false;
  }
  return error.code === "refused" || error.code === "message_invalid" ||
    error.code === "message_too_large";
}
