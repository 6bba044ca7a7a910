/**
 * Makes restarts and reconnects invisible to visitors: the edge that closes writes down which names
 * were online, and the one that starts next lets visitors of these names wait a moment until their
 * agents are back, in place of telling them that nobody is there. So it is for a shorter moment when
 * the connection of an agent has broken without a goodbye: mostly it dials again at once.
 *
 * Called by `edge.ts`; the doors ask it about names that are not online.
 *
 * @module
 */
import type { Clock, Timer } from "../base/clock.ts";
import type { Store } from "../store/store.ts";
import type { EndpointProto } from "./endpoint.ts";

/** A name that was online. */
export interface OnlineName {
  /** What visitors speak. */
  readonly proto: EndpointProto;
  /** The name; the first label may be `*`. */
  readonly host: string;
}

/** What it needs. */
export interface ComebackOptions {
  /** Time. */
  readonly clock: Clock;
  /** How long visitors may wait, from the start of the edge. 0 lets nobody wait. */
  readonly limitMs: number;
  /** How long visitors may wait for an agent that was lost, from then on. 0 lets nobody wait. */
  readonly lostMs: number;
}

const SETTING = "online_at_close";

/** A restart takes seconds; after a longer break nobody's agent is on its way. */
const FRESH_MS = 120_000;

/** From the moment an agent has read the answer to its bind until it has surely made use of it. */
const SETTLE_MS = 100;

/** From the bind of an endpoint, when its agent does not say that it has read the answer. */
const UNHEARD_MS = 2_000;

/** Names that are written down, and visitors that may wait for them. */
const MAX_NAMES = 10_000;
const MAX_WAITING = 10_000;

interface Expected {
  readonly back: Promise<void>;
  readonly arrive: () => void;
}

/** Knows whose agents will be back in a moment. */
export class Comeback {
  readonly #options: ComebackOptions;
  readonly #expected = new Map<string, Expected>();
  readonly #settling = new Map<string, Timer>();
  readonly #patience = new Set<Timer>();
  #waiting = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  /**
   * Expects nobody yet.
   *
   * @param options time, and how long visitors may wait
   */
  constructor(options: ComebackOptions) {
    this.#options = options;
  }

  /**
   * Writes down who is online: this edge is about to close.
   *
   * @param store where
   * @param names who
   */
  async remember(store: Pick<Store, "settings">, names: Iterable<OnlineName>): Promise<void> {
    const list: [string, string][] = [];
    for (const { proto, host } of names) {
      // The port of a tcp endpoint is closed until its agent is back: nobody can wait at it.
      if (proto !== "tcp" && list.length < MAX_NAMES) list.push([proto, host]);
    }
    const atMs = this.#options.clock.now();
    await store.settings.set(SETTING, JSON.stringify({ atMs, names: list }));
  }

  /**
   * Expects those who were online when the edge before this one closed, if that is not long ago.
   *
   * @param store where it was written down
   */
  async expect(store: Pick<Store, "settings">): Promise<void> {
    const { clock, limitMs } = this.#options;
    const text = await store.settings.get(SETTING);
    if (text === undefined || limitMs === 0 || this.#isClosed) return;
    const { atMs, names } = JSON.parse(text) as { atMs: number; names: [string, string][] };
    if (clock.now() - atMs > FRESH_MS || names.length === 0) return;
    for (const [proto, host] of names) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#expected.set(`${proto}:${host}`, { back: promise, arrive: resolve });
    }
    this.#timer = clock.after(limitMs, () => this.stop());
  }

  /**
   * Expects an agent whose connection has broken.
   *
   * @param names what it served
   */
  lost(names: Iterable<OnlineName>): void {
    const { clock, lostMs } = this.#options;
    if (lostMs === 0 || this.#isClosed) return;
    const expected = new Map<string, Expected>();
    for (const { proto, host } of names) {
      const key = `${proto}:${host}`;
      if (proto === "tcp" || this.#expected.has(key)) continue;
      if (this.#expected.size >= MAX_NAMES) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      expected.set(key, { back: promise, arrive: resolve });
      this.#expected.set(key, expected.get(key)!);
    }
    if (expected.size === 0) return;
    const timer = clock.after(lostMs, () => {
      this.#patience.delete(timer);
      for (const [key, one] of expected) {
        // Who is just back is let settle.
        if (this.#expected.get(key) !== one || this.#settling.has(key)) continue;
        this.#expected.delete(key);
        one.arrive();
      }
    });
    this.#patience.add(timer);
  }

  /**
   * An endpoint came online. Visitors follow when its agent has heard of that: an SDK that gets a
   * stream for an endpoint it has no answer about yet stops taking streams.
   */
  arrived({ proto, host }: OnlineName): void {
    const key = `${proto}:${host}`;
    if (this.#expected.has(key) && !this.#settling.has(key)) this.#settle(key, UNHEARD_MS);
  }

  /** The agent of an endpoint has read the answer to its bind: on a busy machine that takes a while. */
  heard({ proto, host }: OnlineName): void {
    const key = `${proto}:${host}`;
    const timer = this.#settling.get(key);
    if (!timer) return;
    timer.cancel();
    this.#settle(key, SETTLE_MS);
  }

  #settle(key: string, delayMs: number): void {
    const expected = this.#expected.get(key)!;
    const timer = this.#options.clock.after(delayMs, () => {
      this.#settling.delete(key);
      this.#expected.delete(key);
      expected.arrive();
      if (this.#expected.size === 0) this.#timer?.cancel();
    });
    this.#settling.set(key, timer);
  }

  /**
   * When a visitor of a name that was online a moment ago should be let on.
   *
   * @param protos any of these would do
   * @param host lower case
   * @returns settles when the name is online, or nobody waits any longer; `undefined` when it is not
   * expected
   */
  wait(protos: readonly EndpointProto[], host: string): Promise<void> | undefined {
    if (this.#expected.size === 0 || this.#waiting >= MAX_WAITING) return undefined;
    for (const proto of protos) {
      const expected = this.#find(proto, host);
      if (!expected) continue;
      this.#waiting++;
      return expected.back.then(() => void this.#waiting--);
    }
    return undefined;
  }

  /** Lets everybody on who waits, and expects nobody any more: the edge is closed. */
  close(): void {
    this.#isClosed = true;
    this.stop();
  }

  /** Lets everybody on who waits. */
  stop(): void {
    this.#timer?.cancel();
    for (const timer of this.#patience) timer.cancel();
    this.#patience.clear();
    for (const timer of this.#settling.values()) timer.cancel();
    this.#settling.clear();
    for (const { arrive } of this.#expected.values()) arrive();
    this.#expected.clear();
  }

  /** As the registry finds names: exact first, then the most specific wildcard. */
  #find(proto: EndpointProto, host: string): Expected | undefined {
    let found = this.#expected.get(`${proto}:${host}`);
    let rest = host;
    while (!found) {
      const dot = rest.indexOf(".");
      if (dot < 0) return undefined;
      rest = rest.slice(dot + 1);
      found = this.#expected.get(`${proto}:*.${rest}`);
    }
    return found;
  }
}
