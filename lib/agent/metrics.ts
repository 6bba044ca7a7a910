/**
 * What is counted of an endpoint: its visitors' connections and, where its exchanges are followed,
 * their requests. The agent's API and the console read it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { Meter, type MeterReading, type Percentiles, Samples } from "../base/meter.ts";

/** Rates a second, and percentiles of durations in milliseconds. */
export type SeriesReading = MeterReading & Percentiles;

/** Events that last. */
export class Series {
  readonly #meter: Meter;
  readonly #durations: Samples = new Samples();

  /**
   * Nothing has happened yet.
   *
   * @param clock whose time
   */
  constructor(clock: Clock) {
    this.#meter = new Meter(clock);
  }

  /** One has begun. */
  begun(): void {
    this.#meter.mark();
  }

  /** One is over. */
  over(durationMs: number): void {
    this.#durations.add(durationMs);
  }

  /** How it stands. */
  read(): SeriesReading {
    return { ...this.#meter.read(), ...this.#durations.percentiles() };
  }
}

/** The two series of an endpoint. */
export class EndpointMetrics {
  /** Connections of visitors. */
  readonly conns: Series;
  /** Requests, where exchanges are followed. */
  readonly http: Series;

  /**
   * Begins with nobody.
   *
   * @param clock whose time
   */
  constructor(clock: Clock) {
    this.conns = new Series(clock);
    this.http = new Series(clock);
  }
}
