/**
 * The exchanges that the page knows of, newest first. News come by the hundred: they are taken in at
 * once and put in order when somebody looks.
 *
 * @module
 */
import type { AgentApiEvent, ExchangeSummary } from "../../api/agent/shapes.ts";

interface Entry {
  exchange: ExchangeSummary;
  readonly atMs: number;
  readonly turn: number;
}

/** The exchanges. */
export class ExchangeList {
  readonly #entries = new Map<string, Entry>();
  #turn = 0;
  #sorted: readonly ExchangeSummary[] | undefined = [];

  /** How many there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** All of them, newest first; the same array until something changes. */
  get all(): readonly ExchangeSummary[] {
    this.#sorted ??= [...this.#entries.values()]
      .sort((a, b) => b.atMs - a.atMs || b.turn - a.turn)
      .map(({ exchange }) => exchange);
    return this.#sorted;
  }

  /** One of them. */
  get(id: string): ExchangeSummary | undefined {
    return this.#entries.get(id)?.exchange;
  }

  /** Puts one in, or in the place of what was known of it. */
  put(exchange: ExchangeSummary): void {
    const known = this.#entries.get(exchange.id);
    if (known) {
      known.exchange = exchange;
    } else {
      const atMs = Date.parse(exchange.started_at);
      this.#entries.set(exchange.id, { exchange, atMs, turn: this.#turn++ });
    }
    this.#sorted = undefined;
  }

  /**
   * Puts a page of the list in.
   *
   * @param page newest first, as the agent lists them
   */
  putPage(page: readonly ExchangeSummary[]): void {
    // What an event said of one in between is newer than the page.
    for (const exchange of page.toReversed()) {
      if (!this.#entries.has(exchange.id)) this.put(exchange);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
    this.#sorted = [];
  }

  /** Takes in what happened; news of other things are left alone. */
  take(event: AgentApiEvent): void {
    switch (event.type) {
      case "exchange.added":
      case "exchange.updated":
        return this.put(event.exchange);
      case "exchange.evicted":
        if (this.#entries.delete(event.id)) this.#sorted = undefined;
        return;
      case "exchange.cleared":
        return this.clear();
    }
  }
}
