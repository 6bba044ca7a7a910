/**
 * How many certificates may be ordered: so many an hour over all, and so many for each account, for
 * ACME servers count too and shut an edge out that asks for too many.
 *
 * Asked by `acme_keeper.ts`.
 *
 * @module
 */

/** How many. */
export interface OrderLimits {
  /** An hour, over all; 0 is no limit. */
  readonly perHour: number;
  /** An hour, for one account; 0 is no limit. */
  readonly perAccountHour: number;
}

const HOUR_MS = 3_600_000;

/** Counts orders. */
export class OrderPace {
  readonly #limits: OrderLimits;
  /** When orders were made, by account; the empty one is all of them. */
  readonly #orders = new Map<string, number[]>();

  /**
   * Nothing was ordered yet.
   *
   * @param limits how many may be
   */
  constructor(limits: OrderLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a place for an order.
   *
   * @param accountId whose; the edge's own count only over all
   * @param nowMs steady time
   * @returns 0, or how long until there is a place
   */
  take(accountId: string | undefined, nowMs: number): number {
    const { perHour, perAccountHour } = this.#limits;
    const all = this.#recent("", nowMs);
    const own = accountId === undefined ? undefined : this.#recent(accountId, nowMs);
    const waitMs = Math.max(
      untilFree(all, perHour, nowMs),
      own ? untilFree(own, perAccountHour, nowMs) : 0,
    );
    if (waitMs > 0) return waitMs;
    all.push(nowMs);
    own?.push(nowMs);
    return 0;
  }

  #recent(key: string, nowMs: number): number[] {
    const times = (this.#orders.get(key) ?? []).filter((atMs) => nowMs - atMs < HOUR_MS);
    this.#orders.set(key, times);
    // Accounts that have ordered nothing lately need not be remembered.
    if (this.#orders.size > 1_000) {
      for (const [other, kept] of this.#orders) {
        if (other !== key && (kept.at(-1) ?? 0) <= nowMs - HOUR_MS) this.#orders.delete(other);
      }
    }
    return times;
  }
}

function untilFree(times: readonly number[], limit: number, nowMs: number): number {
  if (limit === 0 || times.length < limit) return 0;
  return times[times.length - limit] + HOUR_MS - nowMs;
}
