/**
 * Rates and percentiles of what happens, for screens and APIs: moving averages over 1, 5 and 15
 * minutes as `uptime` has them, and percentiles of the latest durations. Nothing ticks: a meter
 * catches up when it is marked or read. The agent counts connections and requests with it.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** How often the averages move. */
const TICK_MS = 5_000;

/** Minutes of the three averages. */
const MINUTES = [1, 5, 15] as const;

/** What an average keeps of itself from one tick to the next. */
const KEPT = MINUTES.map((minutes) => Math.exp(-TICK_MS / (minutes * 60_000)));

/** How many of the latest values percentiles look at. */
const SAMPLES = 1_028;

/** What a meter shows. */
export interface MeterReading {
  /** All events. */
  readonly count: number;
  /** Events a second, over one minute. */
  readonly rate1: number;
  /** Over five. */
  readonly rate5: number;
  /** Over fifteen. */
  readonly rate15: number;
}

/**
 * Counts events and how often they come.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { FakeClock } from "./clock.ts";
 * import { Meter } from "./meter.ts";
 *
 * const clock = new FakeClock();
 * const meter = new Meter(clock);
 * meter.mark();
 * await clock.advance(5_000);
 * assert.deepEqual(meter.read(), { count: 1, rate1: 0.2, rate5: 0.2, rate15: 0.2 });
 * ```
 */
export class Meter {
  readonly #clock: Clock;
  readonly #rates = [0, 0, 0];
  #count = 0;
  #uncounted = 0;
  #tickMs: number;
  #isFirst = true;

  /**
   * Nothing has happened yet.
   *
   * @param clock whose time
   */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tickMs = clock.steady();
  }

  /** Something has happened. */
  mark(): void {
    this.#catchUp();
    this.#count++;
    this.#uncounted++;
  }

  /** What it shows now. */
  read(): MeterReading {
    this.#catchUp();
    const [rate1, rate5, rate15] = this.#rates;
    return { count: this.#count, rate1, rate5, rate15 };
  }

  #catchUp(): void {
    const due = Math.floor((this.#clock.steady() - this.#tickMs) / TICK_MS);
    if (due <= 0) return;
    this.#tickMs += due * TICK_MS;
    const rate = this.#uncounted * 1_000 / TICK_MS;
    this.#uncounted = 0;
    for (let index = 0; index < MINUTES.length; index++) {
      const kept = KEPT[index];
      const before = this.#rates[index];
      // The first tick is all there is to go by.
      const after = this.#isFirst ? rate : before * kept + rate * (1 - kept);
      this.#rates[index] = after * kept ** (due - 1);
    }
    this.#isFirst = false;
  }
}

/** Percentiles of the latest values. */
export interface Percentiles {
  /** Half are no larger. */
  readonly p50: number;
  /** Nine in ten. */
  readonly p90: number;
  /** Nineteen in twenty. */
  readonly p95: number;
  /** Ninety-nine in a hundred. */
  readonly p99: number;
}

/**
 * Keeps the latest 1,028 values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Samples } from "./meter.ts";
 *
 * const samples = new Samples();
 * for (let value = 1; value <= 100; value++) samples.add(value);
 * assert.equal(samples.percentiles().p50, 50.5);
 * ```
 */
export class Samples {
  readonly #values: number[] = [];
  #next = 0;

  /** Takes a value; beyond 1,028 the oldest goes. */
  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  /** What they are; all 0 without a value. Between two values it is interpolated. */
  percentiles(): Percentiles {
    const sorted = Float64Array.from(this.#values).sort();
    const at = (part: number) => {
      const position = part * (sorted.length + 1);
      if (sorted.length === 0) return 0;
      if (position < 1) return sorted[0];
      if (position >= sorted.length) return sorted[sorted.length - 1];
      const below = Math.floor(position);
      return sorted[below - 1] + (position - below) * (sorted[below] - sorted[below - 1]);
    };
    return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) };
  }
}
