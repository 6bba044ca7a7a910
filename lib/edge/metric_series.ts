/**
 * What is counted for each endpoint and each account, kept within a limit: what is gone leaves after
 * a while, and what comes on top of the limit is counted together under one name. `metrics.ts` owns
 * two of these tables.
 *
 * @module
 */
import { Histogram } from "./exposition.ts";
import type { TrafficCounts } from "./traffic.ts";

/** The name of all that came when the table was full. */
export const OTHER = "other";

/** Bounds of the latency histograms in seconds: a few milliseconds to a minute. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  60,
];

/** The classes of answers; `none` is a visitor that got nothing whole. */
export const STATUS_CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"] as const;

/** Counters of one endpoint or one account. */
export class Series {
  /** What it is called. */
  readonly name: string;
  /** Whose it is. */
  readonly accountId: string;
  /** Exchanges by the class of their answer, in the order of {@linkcode STATUS_CLASSES}. */
  readonly byStatus: number[] = STATUS_CLASSES.map(() => 0);
  /** Connections to tcp and tls endpoints that are over. */
  connections = 0;
  /** How long exchanges took, in seconds. */
  readonly latency: Histogram = new Histogram(LATENCY_BOUNDS);
  /** How often a sender ran out of credit on streams of sessions that are over. */
  stalls = 0;
  /** When its last holder went, by the steady clock; `undefined` while it has one. */
  goneMs: number | undefined;
  /** What passes through the endpoints behind it, counted by the relays. */
  readonly #live = new Map<string, TrafficCounts>();
  #holders = 0;
  #inBytes = 0;
  #outBytes = 0;

  /**
   * Makes one that has counted nothing.
   *
   * @param name what it is called
   * @param accountId whose it is
   */
  constructor(name: string, accountId: string) {
    this.name = name;
    this.accountId = accountId;
  }

  /** Counts an exchange that is over. */
  exchange(status: number | undefined, durationMs: number): void {
    const known = status !== undefined && status >= 100 && status < 600;
    this.byStatus[known ? Math.floor(status / 100) - 1 : STATUS_CLASSES.length - 1]++;
    this.latency.observe(durationMs / 1000);
  }

  /** Something that keeps it in the table has come. */
  hold(): void {
    this.#holders++;
    this.goneMs = undefined;
  }

  /** It has gone. */
  letGo(nowMs: number): void {
    if (--this.#holders <= 0) this.goneMs = nowMs;
  }

  /** Adds the counters of an endpoint that came online. */
  join(endpointId: string, traffic: TrafficCounts): void {
    this.#live.set(endpointId, traffic);
  }

  /** Keeps what the counters of an endpoint have reached: it went offline. */
  leave(endpointId: string): void {
    const traffic = this.#live.get(endpointId);
    if (!traffic) return;
    this.#live.delete(endpointId);
    this.#inBytes += traffic.inBytes;
    this.#outBytes += traffic.outBytes;
  }

  /** Bytes that visitors sent. */
  get inBytes(): number {
    let sum = this.#inBytes;
    for (const traffic of this.#live.values()) sum += traffic.inBytes;
    return sum;
  }

  /** Bytes they were sent. */
  get outBytes(): number {
    let sum = this.#outBytes;
    for (const traffic of this.#live.values()) sum += traffic.outBytes;
    return sum;
  }

  /** Requests and connections under way. */
  get open(): number {
    let sum = 0;
    for (const traffic of this.#live.values()) sum += traffic.open;
    return sum;
  }
}

/** How a table is kept small. */
export interface SeriesLimits {
  /** How many names it has at most, {@linkcode OTHER} not counted. */
  readonly maxSeries: number;
  /** How long a name stays whose last holder is gone: for the last scrape, and for agents that come back. */
  readonly forgetMs: number;
}

/** Counters by name, within a limit. */
export class SeriesTable {
  readonly #limits: SeriesLimits;
  readonly #byKey = new Map<string, Series>();
  #other: Series | undefined;

  /**
   * Makes an empty table.
   *
   * @param limits how it is kept small
   */
  constructor(limits: SeriesLimits) {
    this.#limits = limits;
  }

  /**
   * The counters of a name; those of all others when there is no room for it.
   *
   * @param name of an endpoint or account
   * @param accountId whose it is
   * @param nowMs by the steady clock
   */
  take(name: string, accountId: string, nowMs: number): Series {
    const key = keyOf(name, accountId);
    const known = this.#byKey.get(key);
    if (known) return known;
    if (this.#byKey.size >= this.#limits.maxSeries && !this.#makeRoom()) {
      return this.#other ??= new Series(OTHER, OTHER);
    }
    const series = new Series(name, accountId);
    // Whoever counts without holding leaves like everybody else.
    series.goneMs = nowMs;
    this.#byKey.set(key, series);
    return series;
  }

  /** Whether a name has counters of its own. */
  has(name: string, accountId: string): boolean {
    return this.#byKey.has(keyOf(name, accountId));
  }

  /** All that are shown: what has been gone for too long leaves first. */
  all(nowMs: number): Series[] {
    for (const [key, { goneMs }] of this.#byKey) {
      if (goneMs !== undefined && nowMs - goneMs >= this.#limits.forgetMs) {
        this.#byKey.delete(key);
      }
    }
    return [...this.#byKey.values(), ...this.#other ? [this.#other] : []];
  }

  /** Drops the name that has been gone for longest. */
  #makeRoom(): boolean {
    let oldest: Series | undefined;
    for (const series of this.#byKey.values()) {
      if (series.goneMs === undefined) continue;
      if (!oldest || series.goneMs < oldest.goneMs!) oldest = series;
    }
    return oldest !== undefined && this.#byKey.delete(keyOf(oldest.name, oldest.accountId));
  }
}

/** An internal address is each account's own. */
function keyOf(name: string, accountId: string): string {
  return `${accountId} ${name}`;
}
