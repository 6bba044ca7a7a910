/**
 * The exchanges that are kept: the newest ones, within a number of bytes. The tap puts them in and
 * says when they change; the agent's API, the inspector and the library read them and listen.
 *
 * @module
 */
import { type Logger, silentLogger } from "../base/log.ts";
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
  /** Oldest first. */
  readonly #exchanges = new Map<string, StoredExchange>();
  readonly #costs = new Map<string, number>();
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
    return this.#exchanges.size;
  }

  /** What they cost. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** One of them. */
  get(id: string): Exchange | undefined {
    return this.#exchanges.get(id);
  }

  /** The newest first. */
  list(query: ExchangeQuery = {}): Exchange[] {
    const { limit = 50, endpointName, beforeId, where } = query;
    const found: Exchange[] = [];
    if (beforeId !== undefined && !this.#exchanges.has(beforeId)) return found;
    let isPast = beforeId === undefined;
    const all = [...this.#exchanges.values()];
    for (let at = all.length - 1; at >= 0 && found.length < limit; at--) {
      const exchange = all[at];
      if (!isPast) {
        isPast = exchange.id === beforeId;
        continue;
      }
      if (endpointName !== undefined && exchange.endpointName !== endpointName) continue;
      if (where === undefined || where(exchange)) found.push(exchange);
    }
    return found;
  }

  /** Keeps a new one; the oldest make room for it. */
  add(exchange: StoredExchange): void {
    this.#exchanges.set(exchange.id, exchange);
    this.#weigh(exchange);
    this.#tell({ type: "added", exchange });
    this.#makeRoom(exchange);
  }

  /** Takes notice that one has changed; one that has made room before is forgotten for good. */
  update(exchange: StoredExchange): void {
    if (this.#exchanges.get(exchange.id) !== exchange) return;
    this.#weigh(exchange);
    this.#tell({ type: "updated", exchange });
    this.#makeRoom(exchange);
  }

  /** Throws all of them away. */
  clear(): void {
    this.#exchanges.clear();
    this.#costs.clear();
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

  #weigh(exchange: StoredExchange): void {
    const { id, costBytes } = exchange;
    this.#sizeBytes += costBytes - (this.#costs.get(id) ?? 0);
    this.#costs.set(id, costBytes);
  }

  /** Complete ones go before those under way; the one that asks for room goes last. */
  #makeRoom(asking: StoredExchange): void {
    if (this.#sizeBytes <= this.maxBytes) return;
    for (const isOpen of [false, true]) {
      for (const exchange of this.#exchanges.values()) {
        if (this.#sizeBytes <= this.maxBytes) return;
        if (exchange === asking || (exchange.state === "open") !== isOpen) continue;
        this.#evict(exchange);
      }
    }
    if (this.#sizeBytes > this.maxBytes) this.#evict(asking);
  }

  #evict(exchange: StoredExchange): void {
    this.#exchanges.delete(exchange.id);
    this.#sizeBytes -= this.#costs.get(exchange.id) ?? 0;
    this.#costs.delete(exchange.id);
    this.#tell({ type: "evicted", exchange });
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
