/**
 * The last requests, as the status lists them. They come from the agent's inspector, which sees them
 * begin, or from an edge in this program, which also sees those that it answers itself.
 *
 * @module
 */
import { STATUS_CODES } from "node:http";
import type { ExchangeOver } from "../../edge/events.ts";
import type { Exchange } from "../../inspect/exchange.ts";
import type { ExchangeEvent, ExchangeStore } from "../../inspect/exchange_store.ts";
import { printable } from "./cells.ts";

/** How many are remembered: more than that, nobody scrolls through; the inspector has them. */
const REMEMBERED = 200;

/** Longer than any terminal is wide. */
const LONGEST_TEXT = 1_000;

/** One request. */
export interface RequestRow {
  /** When it came, milliseconds since 1970. */
  readonly atMs: number;
  /** As written. */
  readonly method: string;
  /** The path, without the query: that may hold secrets, and looking over shoulders is easy. */
  readonly path: string;
  /** The answer's number; `undefined` as long as there is none. */
  readonly status: number | undefined;
  /** What the number means, or why there is none. */
  readonly words: string;
  /** How long it took; `undefined` as long as it is under way. */
  readonly durationMs: number | undefined;
}

/** Remembers requests. */
export class RequestLog {
  /** Oldest first. */
  readonly #rows = new Map<string, RequestRow>();
  #made = 0;
  /** How many there were. */
  total = 0;

  /** The newest first. */
  list(): RequestRow[] {
    return [...this.#rows.values()].reverse();
  }

  /**
   * Follows what the agent keeps for inspection.
   *
   * @param store where
   * @param onChange called after each change
   * @returns ends it
   */
  follow(store: ExchangeStore, onChange: () => void): () => void {
    return store.on((event) => {
      if (this.#onKept(event)) onChange();
    });
  }

  #onKept(event: ExchangeEvent): boolean {
    if (event.type === "cleared" || event.type === "evicted") return false;
    const { exchange } = event;
    if (event.type === "added") return this.#put(exchange.id, rowOf(exchange));
    const known = this.#rows.get(exchange.id);
    if (!known) return false;
    const row = rowOf(exchange);
    // Bytes of a body change nothing that is shown.
    if (row.status === known.status && row.durationMs === known.durationMs) return false;
    this.#rows.set(exchange.id, row);
    return true;
  }

  /** An edge in this program has answered a request. */
  onExchange(event: ExchangeOver): void {
    const { method, path, status, ngrokCode, atMs, durationMs } = event;
    const code = ngrokCode === undefined ? "" : `ERR_NGROK_${ngrokCode}`;
    this.#put(`edge ${++this.#made}`, {
      atMs: atMs - durationMs,
      method: clean(method),
      path: clean(path),
      status,
      words: code || wordsOf(status),
      durationMs,
    });
  }

  #put(id: string, row: RequestRow): boolean {
    this.total++;
    this.#rows.set(id, row);
    if (this.#rows.size > REMEMBERED) {
      for (const oldest of this.#rows.keys()) {
        this.#rows.delete(oldest);
        break;
      }
    }
    return true;
  }
}

function rowOf(exchange: Exchange): RequestRow {
  const { request, response, state, timing, startedAtMs } = exchange;
  const reason = response ? clean(response.reason) || wordsOf(response.status) : "";
  return {
    atMs: startedAtMs,
    method: clean(request.method),
    path: clean(request.target.split("?", 1)[0]),
    status: response?.status,
    words: reason || (state === "cut" ? "cut off" : state === "open" ? "" : wordsOf(undefined)),
    durationMs: timing.durationMs,
  };
}

function wordsOf(status: number | undefined): string {
  return status === undefined ? "no answer" : STATUS_CODES[status] ?? "";
}

function clean(text: string): string {
  return printable(text.slice(0, LONGEST_TEXT));
}
