/**
 * `circuit-breaker`: stops sending requests to a service that fails too often, and tries again with
 * one request after a while.
 *
 * What counts as a failure: a 5xx, no answer, and a visitor that gave up after a whole window of
 * waiting. A visitor that left sooner says nothing about the service, or else anybody could trip
 * the breaker by hanging up.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { durationText, parseDuration } from "../../base/duration.ts";
import { type Schema, z } from "../../base/schema.ts";
import { type Action, defineAction } from "../action.ts";
import type { ExchangeEnd } from "../context.ts";
import type { Ending } from "../outcome.ts";

interface CircuitBreakerConfig {
  readonly error_threshold: number;
  readonly volume_threshold: number;
  readonly window_duration: string;
  readonly tripped_duration: string;
  readonly num_buckets: number;
  readonly enforce: boolean;
}

const BOUNDS = { minMs: 1_000, maxMs: 120_000 };

/** The parts of the window; a fixed number, so that the memory of an endpoint is. */
const BUCKETS = 10;

const config: Schema<CircuitBreakerConfig> = z.strictObject({
  error_threshold: z.number().min(0).max(1).default(0.5),
  volume_threshold: z.int().min(1).max(2_000_000_000).default(10),
  window_duration: durationText(BOUNDS).default("10s"),
  tripped_duration: durationText(BOUNDS).default("10s"),
  num_buckets: z.literal(BUCKETS).default(BUCKETS),
  enforce: z.boolean().default(true),
});

/** The action. */
export const circuitBreaker: Action = defineAction({
  type: "circuit-breaker",
  phases: ["on_http_request"],
  protos: ["http", "https"],
  config,
  compile(given, { clock }) {
    if (!given.enforce) return {};
    const breaker = new Breaker(clock, {
      errorThreshold: given.error_threshold,
      volumeThreshold: given.volume_threshold,
      windowMs: parseDuration(given.window_duration),
      trippedMs: parseDuration(given.tripped_duration),
    });
    return {
      onHttpRequest(context) {
        const pass = breaker.enter();
        if (typeof pass === "number") return refusal(pass);
        context.whenEnded(pass);
      },
    };
  },
});

function refusal(waitMs: number): Ending {
  return {
    do: "fail",
    problem: {
      status: 503,
      ngrokCode: 3202,
      title: "The circuit breaker is open",
      message: "The service has failed too often, so no request is sent to it for a moment.",
      fault: "service",
      advice: [
        "Visitors: try again in a moment.",
        "Owners: find out why the service fails; the breaker closes by itself when it works again.",
      ],
      headers: [["Retry-After", String(Math.max(1, Math.ceil(waitMs / 1000)))]],
    },
  };
}

/** When a breaker trips. */
export interface BreakerOptions {
  /** The share of failures, 0 to 1. */
  readonly errorThreshold: number;
  /** Fewer requests in a window say nothing. */
  readonly volumeThreshold: number;
  /** How long a request counts. */
  readonly windowMs: number;
  /** How long nothing is sent once it has tripped. */
  readonly trippedMs: number;
}

/** Counts of one part of the window. */
interface Bucket {
  /** Which part of all time it stands for. */
  turn: number;
  total: number;
  errors: number;
}

/** The breaker of one endpoint. Closed it lets through, open it refuses, half-open it tries one. */
export class Breaker {
  readonly #clock: Clock;
  readonly #options: BreakerOptions;
  readonly #bucketMs: number;
  #buckets: Bucket[] = emptyBuckets();
  /** Until when it refuses; `undefined` when it is closed. */
  #openUntilMs: number | undefined;
  /** Counts how often it changed: what began before says nothing about after. */
  #era = 0;
  /** When the request that tries was let through. */
  #triedAtMs: number | undefined;

  /**
   * Begins closed.
   *
   * @param clock whose time
   * @param options when it trips
   */
  constructor(clock: Clock, options: BreakerOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#bucketMs = options.windowMs / BUCKETS;
  }

  /**
   * Asks for passage.
   *
   * @returns what to tell of the end, or how many milliseconds to wait
   */
  enter(): ((end: ExchangeEnd) => void) | number {
    const nowMs = this.#clock.steady();
    if (this.#openUntilMs !== undefined) {
      if (nowMs < this.#openUntilMs) return this.#openUntilMs - nowMs;
      const { trippedMs } = this.#options;
      // One at a time; but one that hangs must not keep the breaker open for ever.
      if (this.#triedAtMs !== undefined && nowMs < this.#triedAtMs + trippedMs) {
        return this.#triedAtMs + trippedMs - nowMs;
      }
      this.#triedAtMs = nowMs;
    }
    const era = this.#era;
    let heard = false;
    return (end) => {
      if (heard) return;
      heard = true;
      this.#ended(end, nowMs, era);
    };
  }

  #ended(end: ExchangeEnd, begunMs: number, era: number): void {
    const nowMs = this.#clock.steady();
    if (era !== this.#era) return;
    const trial = this.#openUntilMs !== undefined;
    const verdict = this.#verdict(end, nowMs - begunMs);
    if (trial) {
      if (this.#triedAtMs !== begunMs) return;
      this.#triedAtMs = undefined;
      if (verdict === "works") this.#close();
      else if (verdict === "fails") this.#open(nowMs);
      return;
    }
    if (verdict === undefined) return;
    const bucket = this.#bucketAt(nowMs);
    bucket.total++;
    if (verdict === "fails") bucket.errors++;
    const { total, errors } = this.#sums(nowMs);
    const { volumeThreshold, errorThreshold } = this.#options;
    // A share of 0 must not trip on a service that never failed.
    if (errors > 0 && total >= volumeThreshold && errors / total >= errorThreshold) {
      this.#open(nowMs);
    }
  }

  /** What an exchange says about the service, if anything. */
  #verdict(end: ExchangeEnd, tookMs: number): "works" | "fails" | undefined {
    if (!end.forwarded) return undefined;
    if (end.status !== undefined) return end.status >= 500 ? "fails" : "works";
    return end.visitorLeft && tookMs < this.#options.windowMs ? undefined : "fails";
  }

  #open(nowMs: number): void {
    this.#era++;
    this.#openUntilMs = nowMs + this.#options.trippedMs;
    this.#triedAtMs = undefined;
  }

  #close(): void {
    this.#era++;
    this.#openUntilMs = undefined;
    this.#buckets = emptyBuckets();
  }

  #bucketAt(nowMs: number): Bucket {
    const turn = Math.floor(nowMs / this.#bucketMs);
    const bucket = this.#buckets[turn % BUCKETS];
    if (bucket.turn !== turn) {
      bucket.turn = turn;
      bucket.total = 0;
      bucket.errors = 0;
    }
    return bucket;
  }

  #sums(nowMs: number): { total: number; errors: number } {
    const oldest = Math.floor(nowMs / this.#bucketMs) - BUCKETS + 1;
    let total = 0;
    let errors = 0;
    for (const bucket of this.#buckets) {
      if (bucket.turn < oldest) continue;
      total += bucket.total;
      errors += bucket.errors;
    }
    return { total, errors };
  }
}

function emptyBuckets(): Bucket[] {
  return Array.from({ length: BUCKETS }, () => ({ turn: -1, total: 0, errors: 0 }));
}
