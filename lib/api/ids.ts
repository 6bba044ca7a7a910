/**
 * Ids of new objects. Within one millisecond KSUIDs are in random order, but lists promise newest first:
 * the maker here never gives an id that sorts before the last one.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { ksuid } from "../base/ids.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Makes ids that sort in the order of their making. */
export class IdMaker {
  readonly #clock: Clock;
  #last = "";

  /**
   * Makes a maker; one is enough for an edge.
   *
   * @param clock time
   */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A KSUID that sorts behind every one made before. */
  ksuid(): string {
    const fresh = ksuid(this.#clock.now());
    this.#last = fresh > this.#last ? fresh : after(this.#last);
    return this.#last;
  }

  /**
   * A new id.
   *
   * @param prefix `rd`, `cr` …
   */
  id(prefix: string): string {
    return `${prefix}_${this.ksuid()}`;
  }
}

/** A KSUID a random step of up to 2^64 behind another: ordered, and still not to be guessed. */
function after(text: string): string {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  let value = toNumber(text) + (BigInt(high) << 32n) + BigInt(low) + 1n;
  let next = "";
  for (; value > 0n; value /= 62n) next = BASE62[Number(value % 62n)] + next;
  return next.padStart(text.length, "0");
}

function toNumber(text: string): bigint {
  let value = 0n;
  for (const char of text) value = value * 62n + BigInt(BASE62.indexOf(char));
  return value;
}
