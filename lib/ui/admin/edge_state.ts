/**
 * What the page knows of the edge while somebody is signed in: asked for again and again, and after
 * each change. One small answer every two seconds tells what moves; the lists are read when it shows
 * that one of them has changed.
 *
 * @module
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Clock, Timer } from "../../base/clock.ts";
import { type ApiClient, type ApiFailure, toFailure } from "./api_client.ts";
import type { Credential, Domain, Endpoint, Live, Session } from "./model.ts";
import { measure, type Measured, type Rates } from "./rates.ts";

/** What moves is looked at so often. */
export const LIVE_MS = 2_000;

/**
 * Lists that change all the time are read again after so long for each request it took: the API
 * counts them.
 */
export const LISTS_MS = 2_000;

/** What nobody announces, such as a new name of an endpoint, is seen after so long. */
export const STALE_MS = 30_000;

/** An edge that does not answer is asked at longer and longer intervals, up to this one. */
const MAX_RETRY_MS = 30_000;

/** How much of the course is kept: two minutes. */
export const COURSE_LENGTH = 60;

/** What {@linkcode EdgeState} needs. */
export interface EdgeStateOptions {
  /** The API, with a key. */
  readonly client: ApiClient;
  /** Time. */
  readonly clock: Clock;
  /** Hears that the key is not accepted any more. */
  readonly onUnauthorized: (failure: ApiFailure) => void;
}

/** The state of the edge, as signals. */
export class EdgeState {
  /** The API, for changes. */
  readonly client: ApiClient;
  /** What moves. */
  readonly live: Signal<Live | undefined> = signal(undefined);
  /** How fast. */
  readonly measured: Signal<Measured | undefined> = signal(undefined);
  /** How fast it was lately, oldest first. */
  readonly course: Signal<readonly Rates[]> = signal([]);
  /** By URL. */
  readonly endpoints: Signal<readonly Endpoint[]> = signal([]);
  /** Newest first. */
  readonly sessions: Signal<readonly Session[]> = signal([]);
  /** Newest first. */
  readonly credentials: Signal<readonly Credential[]> = signal([]);
  /** By name. */
  readonly domains: Signal<readonly Domain[]> = signal([]);
  readonly #lost: Signal<ApiFailure | undefined> = signal(undefined);
  readonly #clock: Clock;
  readonly #onUnauthorized: EdgeStateOptions["onUnauthorized"];
  #timer: Timer | undefined;
  #polling = false;
  #running = false;
  #failures = 0;
  #listsAtMs = -Infinity;
  #listsRequests = 0;
  /** Whether the lists on the page are all there is. */
  readonly #isWhole: Signal<boolean> = signal(true);

  /**
   * Makes a state that knows nothing yet.
   *
   * @param options the API and time
   */
  constructor(options: EdgeStateOptions) {
    this.client = options.client;
    this.#clock = options.clock;
    this.#onUnauthorized = options.onUnauthorized;
  }

  /** Why what is shown may be old; `undefined` while all goes well. */
  get lost(): ReadonlySignal<ApiFailure | undefined> {
    return this.#lost;
  }

  /** Whether what is online is shown whole: of thousands only the newest are. */
  get isWhole(): ReadonlySignal<boolean> {
    return this.#isWhole;
  }

  /**
   * Reads everything for the first time.
   *
   * @throws {ApiFailure} when any of it cannot be had
   */
  async load(): Promise<void> {
    const live = await this.client.get<Live>("/_sallyport/live");
    await Promise.all([this.#loadLists(), this.loadCredentials(), this.loadDomains()]);
    this.#take(live);
  }

  /** Goes on looking, beginning after the usual pause. */
  start(): void {
    this.#running = true;
    this.#schedule(LIVE_MS);
  }

  /** Looks no more: nobody is signed in, or nobody sees the page. */
  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  /** Goes on looking, beginning now. */
  async resume(): Promise<void> {
    this.#running = true;
    await this.look();
  }

  /** Looks again at once: something was done. */
  async look(): Promise<void> {
    if (!this.#running || this.#polling) return;
    this.#timer?.cancel();
    await this.#poll();
  }

  /** Reads the authtokens again. */
  async loadCredentials(): Promise<void> {
    const { items } = await this.client.list<Credential>("/credentials", "credentials");
    this.credentials.value = items;
  }

  /** Reads the domains again. */
  async loadDomains(): Promise<void> {
    const { items } = await this.client.list<Domain>("/reserved_domains", "reserved_domains");
    this.domains.value = items.sort((a, b) => compare(a.domain, b.domain));
  }

  async #loadLists(): Promise<void> {
    this.#listsAtMs = this.#clock.steady();
    const [endpoints, sessions] = await Promise.all([
      this.client.list<Endpoint>("/endpoints", "endpoints"),
      this.client.list<Session>("/tunnel_sessions", "tunnel_sessions"),
    ]);
    this.endpoints.value = endpoints.items.sort((a, b) => compare(urlOf(a), urlOf(b)));
    this.sessions.value = sessions.items;
    this.#isWhole.value = endpoints.isWhole && sessions.isWhole;
    this.#listsRequests = endpoints.requests + sessions.requests;
  }

  #schedule(delayMs: number): void {
    if (!this.#running) return;
    this.#timer = this.#clock.after(delayMs, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    try {
      const live = await this.client.get<Live>("/_sallyport/live");
      if (!this.#running) return;
      this.#take(live);
      if (this.#listsAreOld(live)) await this.#loadLists();
      this.#failures = 0;
      this.#lost.value = undefined;
    } catch (thrown) {
      if (!this.#running) return;
      const failure = toFailure(thrown);
      if (failure.isUnauthorized) return this.#onUnauthorized(failure);
      this.#failures++;
      this.#lost.value = failure;
    } finally {
      this.#polling = false;
      this.#schedule(Math.min(LIVE_MS * 2 ** this.#failures, MAX_RETRY_MS));
    }
  }

  #take(live: Live): void {
    const measured = measure(this.live.value, live);
    this.live.value = live;
    this.measured.value = measured;
    this.course.value = [...this.course.value, measured.total].slice(-COURSE_LENGTH);
  }

  #listsAreOld(live: Live): boolean {
    const ageMs = this.#clock.steady() - this.#listsAtMs;
    if (ageMs < LISTS_MS * this.#listsRequests) return false;
    if (ageMs >= STALE_MS) return true;
    // What is not on the page cannot be missed on it.
    if (!this.#isWhole.value) return false;
    // What the edge serves by itself is in the list and never among what moves.
    const served = this.endpoints.value.filter(({ type }) => type !== "cloud");
    return !sameIds(served, live.endpoints) || !sameIds(this.sessions.value, live.sessions);
  }
}

/** The address of an endpoint. */
export function urlOf(endpoint: Endpoint): string {
  return endpoint.url || endpoint.public_url || "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sameIds(a: readonly { id: string }[], b: readonly { id: string }[]): boolean {
  if (a.length !== b.length) return false;
  const ids = new Set(a.map(({ id }) => id));
  return b.every(({ id }) => ids.has(id));
}
