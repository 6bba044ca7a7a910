/**
 * The exchanges that are kept: the newest ones, within a number of bytes. The tap puts them in and
 * says when they change; the agent's API, the inspector and the library read them and listen.
 *
 * @module
 */
import { type Logger, silentLogger } from "../base/log.ts";
import { ByteKeeper } from "./byte_keeper.ts";
import type { Exchange } from "./exchange.ts";

/** What has happened to an exchange, or to all of them. */
export type ExchangeEvent =
  | {
    /** It is new, it has changed, or it had to make room. */
    readonly type: "added" | "updated" | "evicted";
    /** Which. */
    readonly exchange: Exchange;
  }
  | {
    /** Somebody threw all of them away. */
    readonly type: "cleared";
  };

/** Which exchanges are wanted. */
export interface ExchangeQuery {
  /** At most so many. @default {50} */
  readonly limit?: number;
  /** Of this endpoint alone. */
  readonly endpointName?: string;
  /** Older than this one. */
  readonly beforeId?: string;
  /** Only those for which it is true. */
  readonly where?: (exchange: Exchange) => boolean;
}

/** 50 MB (spec agent E1: inspect_db_size 0). */
export const DEFAULT_STORE_BYTES: number = 50 * 1024 * 1024;

/** An exchange that knows what it costs. */
export interface StoredExchange extends Exchange {
  /** The bytes of heads, bodies and messages that are kept of it, and a little for itself. */
  readonly costBytes: number;
}

/** An exchange, what was counted for it, and where it stands. */
interface Entry {
  readonly exchange: StoredExchange;
  costBytes: number;
  at: number;
}

/** So many gaps are no reason to close them. */
const FEW_GAPS = 1_024;

/** How much is kept, and who is told when a listener fails. */
export interface StoreOptions {
  /** What all exchanges may cost, in bytes. @default {52428800} */
  readonly maxBytes?: number;
  /** Where lines go. @default nowhere */
  readonly logger?: Logger;
}

/**
 * Keeps exchanges until there are too many bytes of them; then the oldest go.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ExchangeStore } from "./exchange_store.ts";
 *
 * const store = new ExchangeStore({ maxBytes: 1_000_000 });
 * assert.deepEqual(store.list(), []);
 * ```
 */
export class ExchangeStore {
  /** What all of them may cost. */
  readonly maxBytes: number;
  /** Copies what exchanges keep. */
  readonly keeper: ByteKeeper = new ByteKeeper();
  readonly #entries = new Map<string, Entry>();
  /**
   * Oldest first; who has gone leaves a gap. A Map has this order too, but whoever goes through one
   * from its beginning goes through all gaps, at each exchange anew.
   */
  #order: (Entry | undefined)[] = [];
  /** No complete one stands before this. */
  #passed = 0;
  readonly #listeners = new Set<(event: ExchangeEvent) => void>();
  readonly #logger: Logger;
  #sizeBytes = 0;

  /**
   * Keeps nothing yet.
   *
   * @param options how much may be kept
   */
  constructor(options: StoreOptions = {}) {
    this.maxBytes = options.maxBytes ?? DEFAULT_STORE_BYTES;
    this.#logger = options.logger ?? silentLogger;
  }

  /** How many are kept. */
  get count(): number {
    return this.#entries.size;
  }

  /** What they cost. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** One of them. */
  get(id: string): Exchange | undefined {
    return this.#entries.get(id)?.exchange;
  }

  /** The newest first. */
  list(query: ExchangeQuery = {}): Exchange[] {
    const { limit = 50, endpointName, beforeId, where } = query;
    const found: Exchange[] = [];
    let at = this.#order.length;
    if (beforeId !== undefined) at = this.#entries.get(beforeId)?.at ?? 0;
    while (--at >= 0 && found.length < limit) {
      const exchange = this.#order[at]?.exchange;
      if (!exchange) continue;
      if (endpointName !== undefined && exchange.endpointName !== endpointName) continue;
      if (where === undefined || where(exchange)) found.push(exchange);
    }
    return found;
  }

  /** Keeps a new one; the oldest make room for it. */
  add(exchange: StoredExchange): void {
    const known = this.#entries.get(exchange.id);
    if (known) this.#remove(known);
    const entry: Entry = { exchange, costBytes: 0, at: this.#order.length };
    this.#entries.set(exchange.id, entry);
    this.#order.push(entry);
    this.#weigh(entry);
    this.#tell({ type: "added", exchange });
    this.#makeRoom(entry);
  }

  /** Takes notice that one has changed; one that has made room before is forgotten for good. */
  update(exchange: StoredExchange): void {
    const entry = this.#entries.get(exchange.id);
    if (entry?.exchange !== exchange) return;
    this.#weigh(entry);
    if (exchange.state !== "open" && entry.at < this.#passed) this.#passed = entry.at;
    this.#tell({ type: "updated", exchange });
    this.#makeRoom(entry);
  }

  /** Throws all of them away. */
  clear(): void {
    this.#entries.clear();
    this.#order = [];
    this.#passed = 0;
    this.#sizeBytes = 0;
    this.#tell({ type: "cleared" });
  }

  /**
   * Listens. What a listener throws is its own business: traffic does not wait for it.
   *
   * @param listener hears of each change, in order
   * @returns ends it
   */
  on(listener: (event: ExchangeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #weigh(entry: Entry): void {
    const { costBytes } = entry.exchange;
    this.#sizeBytes += costBytes - entry.costBytes;
    entry.costBytes = costBytes;
  }

  /** Complete ones go before those under way; the one that asks for room goes last. */
  #makeRoom(asking: Entry): void {
    if (this.#sizeBytes <= this.maxBytes) return;
    let isFront = true;
    for (let at = this.#passed; at < this.#order.length && this.#isFull; at++) {
      const entry = this.#order[at];
      if (entry && entry.exchange.state !== "open") {
        if (entry === asking) isFront = false;
        else this.#evict(entry);
      }
      if (isFront) this.#passed = at + 1;
    }
    for (let at = 0; at < this.#order.length && this.#isFull; at++) {
      const entry = this.#order[at];
      if (entry && entry !== asking) this.#evict(entry);
    }
    if (this.#isFull) this.#evict(asking);
    if (this.#order.length > 2 * this.#entries.size + FEW_GAPS) this.#closeGaps();
  }

  get #isFull(): boolean {
    return this.#sizeBytes > this.maxBytes;
  }

  #closeGaps(): void {
    this.#order = this.#order.filter((entry) => entry !== undefined);
    this.#order.forEach((entry, at) => entry!.at = at);
    this.#passed = 0;
  }

  #evict(entry: Entry): void {
    this.#remove(entry);
    this.#tell({ type: "evicted", exchange: entry.exchange });
  }

  #remove(entry: Entry): void {
    // A listener that hears of one may have thrown all of them away.
    if (this.#entries.get(entry.exchange.id) !== entry) return;
    this.#entries.delete(entry.exchange.id);
    this.#order[entry.at] = undefined;
    this.#sizeBytes -= entry.costBytes;
  }

  #tell(event: ExchangeEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        const err = thrown instanceof Error ? thrown.message : String(thrown);
        this.#logger.log("error", "inspection listener failed", { event: event.type, err });
      }
    }
  }
}
