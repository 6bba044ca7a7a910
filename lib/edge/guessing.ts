/**
 * Slows those who guess at authtokens. Wrong ones are counted for the address they come from and
 * for the name in their first part; past a few, the answer is held back, twice as long each time,
 * and past many nothing is looked at for a while.
 *
 * A success forgives nothing: whoever has one valid token could wash off his guesses with it. But
 * an address that has shown a token before may show that same one at any time, so that a guesser
 * behind the same NAT, or one who knows the name of a token, locks nobody else out.
 *
 * Called by `store_auth.ts`.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { parseIp } from "../http/ip_address.ts";

/** How guessing is slowed. Times are in milliseconds. */
export interface GuessLimits {
  /** Wrong tokens that are answered at once. */
  readonly freeGuesses: number;
  /** How long the answer to the next one is held back; the one after it twice as long … */
  readonly guessDelayMs: number;
  /** … and so on up to this. */
  readonly maxGuessDelayMs: number;
  /** After so many wrong tokens nothing is looked at for a while; 0 never stops looking. */
  readonly maxGuesses: number;
  /** That while; it doubles when the guessing goes on. */
  readonly guessLockMs: number;
  /** After so long without a wrong token all is forgotten. */
  readonly guessForgetMs: number;
}

/** Addresses, names and trusted pairs that are remembered, of each kind; the oldest go. */
const MAX_KEYS = 10_000;

/** How long an address may show a token that it has shown before, whatever others do there. */
const TRUST_MS = 24 * 3_600_000;

/** What is known of an address or a name. */
interface Guesser {
  readonly count: number;
  readonly lockedUntilMs: number;
  readonly forgetAtMs: number;
}

/** Who tries which token. */
export interface Attempt {
  /** Where it comes from, as {@linkcode addressGroup} has it. */
  readonly address: string;
  /** The part of the token that names it. */
  readonly name: string;
  /** SHA-256 of the whole. */
  readonly sha256: string;
}

/** Counts wrong tokens. */
export class GuessBrake {
  readonly #clock: Clock;
  readonly #limits: GuessLimits;
  readonly #addresses = new Map<string, Guesser>();
  readonly #names = new Map<string, Guesser>();
  readonly #trusted = new Map<string, number>();

  /**
   * Nobody has guessed yet.
   *
   * @param clock time
   * @param limits how guessing is slowed
   */
  constructor(clock: Clock, limits: GuessLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many addresses and names are remembered, each kind for itself. */
  get size(): { readonly addresses: number; readonly names: number; readonly trusted: number } {
    return {
      addresses: this.#addresses.size,
      names: this.#names.size,
      trusted: this.#trusted.size,
    };
  }

  /** For how long the token is not to be looked at; 0 when it is. */
  lockedMs(attempt: Attempt): number {
    const nowMs = this.#clock.steady();
    if (this.#isTrusted(attempt, nowMs)) return 0;
    const untilMs = Math.max(
      this.#addresses.get(attempt.address)?.lockedUntilMs ?? 0,
      this.#names.get(attempt.name)?.lockedUntilMs ?? 0,
    );
    return Math.max(0, untilMs - nowMs);
  }

  /**
   * The token was wrong.
   *
   * @returns how long the answer is to be held back
   */
  failed(attempt: Attempt): number {
    const nowMs = this.#clock.steady();
    const count = Math.max(
      this.#count(this.#addresses, attempt.address, nowMs),
      this.#count(this.#names, attempt.name, nowMs),
    );
    const { freeGuesses, guessDelayMs, maxGuessDelayMs } = this.#limits;
    const beyond = count - freeGuesses;
    if (beyond <= 0) return 0;
    return Math.min(maxGuessDelayMs, guessDelayMs * 2 ** Math.min(beyond - 1, 30));
  }

  /** The token was right. */
  succeeded(attempt: Attempt): void {
    remember(this.#trusted, pairOf(attempt), this.#clock.steady() + TRUST_MS);
  }

  #isTrusted(attempt: Attempt, nowMs: number): boolean {
    return (this.#trusted.get(pairOf(attempt)) ?? 0) > nowMs;
  }

  #count(guessers: Map<string, Guesser>, key: string, nowMs: number): number {
    const { maxGuesses, guessLockMs, guessForgetMs } = this.#limits;
    const known = guessers.get(key);
    const count = known && known.forgetAtMs > nowMs ? known.count + 1 : 1;
    const beyond = maxGuesses === 0 ? -1 : count - maxGuesses;
    const lockMs = beyond < 0
      ? 0
      : Math.min(guessForgetMs, guessLockMs * 2 ** Math.min(beyond, 30));
    const lockedUntilMs = nowMs + lockMs;
    remember(guessers, key, { count, lockedUntilMs, forgetAtMs: lockedUntilMs + guessForgetMs });
    return count;
  }
}

function pairOf({ address, sha256 }: Attempt): string {
  return `${address} ${sha256}`;
}

/** Remembers under a key, as the newest; the oldest goes when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEYS) return;
  const [oldest] = map.keys();
  map.delete(oldest);
}

/**
 * The addresses that one guesser has at hand: one of IPv4, a whole /64 of IPv6.
 *
 * @param host an IP address
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { addressGroup } from "./guessing.ts";
 *
 * assert.equal(addressGroup("2001:db8::1"), addressGroup("2001:db8::ffff"));
 * assert.equal(addressGroup("::ffff:192.0.2.1"), addressGroup("192.0.2.1"));
 * ```
 */
export function addressGroup(host: string): string {
  const bytes = parseIp(host);
  if (!bytes) return host;
  const isMapped = bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  if (isMapped) return bytes.subarray(12).join(".");
  return bytes.subarray(0, bytes.length === 4 ? 4 : 8).join(".");
}
