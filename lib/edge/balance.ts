/**
 * Who of a pool serves next: two members at random, then a coin weighted by what each is worth. Pure
 * arithmetic over times that callers bring; `endpoint_pool.ts` asks, the relays report.
 *
 * @module
 */

/** A visit to a member, from the moment it was chosen. */
export interface Visit {
  /** The first byte of the answer came. Later calls change nothing. */
  answered(nowMs: number): void;
  /** The member could not serve it. */
  failed(nowMs: number): void;
  /** It is over. Must be called once. */
  end(): void;
}

/** Members faster than this are equally fast: what is left is noise. */
const FLOOR_MS = 2;

/** Raw connections last: a member that is a little further away is no worse. */
const RAW_FLOOR_MS = 20;

/** After so long a sample counts for a third of what it did: the past is forgotten, good or bad. */
const MEMORY_MS = 5_000;

/** What one sample weighs at least, however many there are a second. */
const MIN_WEIGHT = 0.05;

/** What a failure is worth: as if the answer had taken so long. */
const FAILURE_MS = 5_000;

/** What is known of one member: how long it takes to answer, and how much it has to do. */
export class MemberLoad {
  #estimateMs: number | undefined;
  #sampledAtMs = 0;
  #open = 0;
  /** When the visits began that wait for their first byte: the oldest comes first. */
  readonly #waiting = new Map<Visit, number>();

  /** Visits that are not over. */
  get open(): number {
    return this.#open;
  }

  /**
   * A visitor is sent to the member.
   *
   * @param nowMs by one steady clock, here and everywhere
   */
  begin(nowMs: number): Visit {
    this.#open++;
    const visit: Visit = {
      answered: (atMs) => {
        if (this.#waiting.delete(visit)) this.#sample(atMs - nowMs, atMs);
      },
      failed: (atMs) => {
        this.#waiting.delete(visit);
        this.#estimateMs = Math.max(FAILURE_MS, this.#estimateMs ?? 0);
        this.#sampledAtMs = atMs;
      },
      end: () => {
        this.#waiting.delete(visit);
        this.#open--;
      },
    };
    this.#waiting.set(visit, nowMs);
    return visit;
  }

  /**
   * How long it takes to answer, by what it did lately. It fades, so that a member that was slow is
   * tried again; a visit that still waits counts as slow as it has been until now.
   *
   * @returns milliseconds; `undefined` when nothing is known
   */
  latencyMs(nowMs: number): number | undefined {
    const known = this.#estimateMs;
    const [oldestMs] = this.#waiting.values();
    const waitedMs = oldestMs === undefined ? 0 : nowMs - oldestMs;
    if (known === undefined) return waitedMs > FLOOR_MS ? waitedMs : undefined;
    return Math.max(known * Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS), waitedMs);
  }

  #sample(tookMs: number, nowMs: number): void {
    const before = this.#estimateMs;
    const weight = Math.max(MIN_WEIGHT, 1 - Math.exp((this.#sampledAtMs - nowMs) / MEMORY_MS));
    this.#estimateMs = before === undefined ? tookMs : before + weight * (tookMs - before);
    this.#sampledAtMs = nowMs;
  }
}

/** What a request costs at a member: how long it answers, for everybody that is there already. */
export function requestCost(load: MemberLoad, nowMs: number): number {
  return Math.max(FLOOR_MS, load.latencyMs(nowMs) ?? 0) * (load.open + 1);
}

/**
 * What a raw connection costs at a member. When its first byte comes says nothing about a protocol
 * we do not know: the distance of the agent takes its place.
 *
 * @param load what it has to do
 * @param roundTripMs to the agent and back, once known
 */
export function connectionCost(load: MemberLoad, roundTripMs: number | undefined): number {
  return Math.max(RAW_FLOOR_MS, roundTripMs ?? 0) * (load.open + 1);
}

/**
 * Chooses: two at random, then one of them by a coin that falls by the inverse square of the costs.
 * Equals get equal shares, one that costs ten times as much a hundredth; nobody is forgotten.
 *
 * @param candidates at least one
 * @param costOf above zero
 * @param random numbers in [0, 1)
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { chooseByCost } from "./balance.ts";
 *
 * const costs = new Map([["near", 1], ["far", 10]]);
 * assert.equal(chooseByCost(["near", "far"], (name) => costs.get(name)!, () => 0.5), "near");
 * ```
 */
export function chooseByCost<T>(
  candidates: readonly T[],
  costOf: (candidate: T) => number,
  random: () => number,
): T {
  const count = candidates.length;
  if (count === 1) return candidates[0];
  let first = 0;
  let second = 1;
  if (count > 2) {
    first = Math.floor(random() * count);
    // One of the others, each as likely.
    second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  }
  const a = costOf(candidates[first]) ** 2;
  const b = costOf(candidates[second]) ** 2;
  return candidates[random() * (a + b) < b ? first : second];
}
