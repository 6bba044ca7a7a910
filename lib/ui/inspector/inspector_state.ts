/**
 * What the page knows of the agent: the exchanges, the one that is looked at, filters and searches,
 * how the agent stands. News come as events and are shown once a frame.
 *
 * @module
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type {
  AgentApiEvent,
  ExchangeDetail,
  ExchangeSummary,
  HeaderWordJson,
  StatusJson,
} from "../../api/agent/shapes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { Toasts } from "../kit/toasts.ts";
import { ExchangeList } from "./exchange_list.ts";
import {
  draftFilter,
  type Filter,
  filterText,
  isAskedOfAgent,
  isFilterText,
  matcher,
} from "./filters.ts";
import { type AgentFailure, type InspectorClient, toFailure } from "./inspector_client.ts";
import { addressOf, type Route, routeOf } from "./route.ts";

/** How many exchanges are listed at a time. */
const PAGE_SIZE = 500;

/** More would be a log, not something to look at. */
const MAX_LISTED = 20_000;

/** Typing settles before the agent is asked. */
export const SEARCH_MS = 200;

/** An exchange that goes on is read again at most so often. */
export const DETAIL_MS = 400;

/** What the exchanges cost is asked for at most so often. */
export const MEMORY_MS = 2_000;

/** The headers that passed are asked for at most so often. */
export const HEADERS_MS = 10_000;

/** How many looks at the numbers are kept for the charts. */
export const COURSE_LENGTH = 60;

/** The views of a request and a response. */
export const VIEWS = ["summary", "headers", "raw", "hex"] as const;

/** One of them. */
export type View = (typeof VIEWS)[number];

/** Numbers of one moment. */
export interface Sample {
  /** Requests per second over the last minute. */
  readonly requests: number;
  /** Connections that are open. */
  readonly open: number;
  /** The round trip to the edge; 0 while it is not known. */
  readonly latencyMs: number;
  /** Half of the requests took no longer. */
  readonly p50Ms: number;
}

/** What of a browser the page uses. */
export interface InspectorPage {
  /** Where it is. */
  readonly address: () => { readonly path: string; readonly hash: string };
  /** Goes somewhere, without leaving the page. */
  readonly go: (address: string, isNew: boolean) => void;
  /** Calls soon, once for all that happened until then. */
  readonly frame: (run: () => void) => void;
  /** Listens to the agent; `onOpen` each time it is connected (anew), `onLost` when it is not. */
  readonly listen: (
    onEvent: (event: AgentApiEvent) => void,
    onOpen: () => void,
    onLost: () => void,
  ) => { close(): void };
}

/** The state of the page. */
export class InspectorState {
  /** The agent's API. */
  readonly client: InspectorClient;
  /** Short news. */
  readonly toasts: Toasts;
  /** All exchanges that are kept, newest first. */
  readonly all: Signal<readonly ExchangeSummary[]> = signal([]);
  /** How the agent stands. */
  readonly status: Signal<StatusJson | undefined> = signal(undefined);
  /** How it stood lately, oldest first. */
  readonly course: Signal<readonly Sample[]> = signal([]);
  /** Bytes the exchanges cost, and may cost. */
  readonly memory: Signal<{ readonly usedBytes: number; readonly maxBytes: number }> = signal({
    usedBytes: 0,
    maxBytes: 0,
  });
  /** Whether the list was read. */
  readonly isLoaded: Signal<boolean> = signal(false);
  /** Whether the agent is away. */
  readonly isLost: Signal<boolean> = signal(false);
  /** Where the page is. */
  readonly route: Signal<Route>;
  /** The filters in force. */
  readonly filters: Signal<readonly Filter[]> = signal([]);
  /** What is searched for. */
  readonly text: Signal<string> = signal("");
  /** The headers that passed lately; empty until somebody writes a filter. */
  readonly headerWords: Signal<readonly HeaderWordJson[]> = signal([]);
  /** Whether the agent is being asked. */
  readonly isSearching: Signal<boolean> = signal(false);
  /** The exchange that is shown. */
  readonly detail: Signal<ExchangeDetail | undefined> = signal(undefined);
  /** How requests and responses are looked at; it stays from one exchange to the next. */
  readonly views: Signal<{ readonly request: View; readonly response: View }> = signal({
    request: "summary",
    response: "summary",
  });
  /** The one it is compared with. */
  readonly other: Signal<ExchangeDetail | undefined> = signal(undefined);
  /** Why it cannot be shown. */
  readonly detailFailure: Signal<AgentFailure | undefined> = signal(undefined);
  /** The exchange that waits for another to be compared with. */
  readonly comparing: Signal<string | undefined> = signal(undefined);
  /** Those that the filters and the search leave, newest first. */
  readonly shown: ReadonlySignal<readonly ExchangeSummary[]>;
  readonly #clock: Clock;
  readonly #page: InspectorPage;
  readonly #list = new ExchangeList();
  readonly #found: Signal<ReadonlySet<string> | undefined> = signal(undefined);
  #connection: { close(): void } | undefined;
  #framed = false;
  #searchTimer: Timer | undefined;
  #searchTurn = 0;
  #detailTimer: Timer | undefined;
  #memoryTimer: Timer | undefined;
  #headersAtMs = -Infinity;

  /**
   * Makes a state that knows nothing yet.
   *
   * @param clock time
   * @param page the browser
   * @param client the agent
   */
  constructor(clock: Clock, page: InspectorPage, client: InspectorClient) {
    this.#clock = clock;
    this.#page = page;
    this.client = client;
    this.toasts = new Toasts(clock);
    const { path, hash } = page.address();
    this.route = signal(routeOf(path, hash));
    this.shown = computed(() => {
      const all = this.all.value;
      const found = this.#found.value;
      // What a filter leaves is seen while it is written.
      const draft = draftFilter(this.text.value);
      const filters = draft ? [...this.filters.value, draft] : this.filters.value;
      if (!found && filters.length === 0) return all;
      const matches = matcher(filters);
      return all.filter((exchange) => (!found || found.has(exchange.id)) && matches(exchange));
    });
  }

  /** Begins to listen, and reads what there is. */
  start(): void {
    this.#connection = this.#page.listen(
      (event) => this.#take(event),
      () => void this.load(),
      () => this.isLost.value = true,
    );
    this.#loadDetail();
  }

  /** Listens no more. */
  stop(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#searchTimer?.cancel();
    this.#detailTimer?.cancel();
    this.#memoryTimer?.cancel();
    this.#memoryTimer = undefined;
  }

  /** Reads everything anew. */
  async load(): Promise<void> {
    try {
      this.#takeStatus(await this.client.status());
      const fresh: ExchangeSummary[] = [];
      let before: string | undefined;
      while (fresh.length < MAX_LISTED) {
        const { exchanges, size_bytes: usedBytes, max_bytes: maxBytes } = await this.client.list({
          limit: PAGE_SIZE,
          before,
        });
        this.memory.value = { usedBytes, maxBytes };
        fresh.push(...exchanges);
        before = exchanges.at(-1)?.id;
        if (exchanges.length < PAGE_SIZE) break;
        // What is there is shown while the rest is read.
        if (!this.isLoaded.value) this.#show(fresh);
      }
      const kept = new Set(fresh.map(({ id }) => id));
      const newest = fresh[0]?.started_at ?? "";
      // What was thrown away while the agent was not heard; events may have brought newer ones.
      for (const { id, started_at: at } of this.#list.all) {
        if (!kept.has(id) && at <= newest) this.#list.take({ type: "exchange.evicted", id });
      }
      if (fresh.length === 0) this.#list.clear();
      for (const exchange of fresh.toReversed()) this.#list.put(exchange);
      this.#show([]);
      this.isLost.value = false;
    } catch (thrown) {
      this.isLost.value = true;
      if (!this.isLoaded.value) this.toasts.bad(toFailure(thrown));
    }
    if (this.#asksAgent) this.#searchSoon(0);
  }

  /** Goes to another part, or to an exchange. */
  go(route: Partial<Route>): void {
    const next = { page: "requests" as const, id: undefined, otherId: undefined, ...route };
    const before = this.route.value;
    // Steps through the list are not worth a way back each.
    const isNew = next.page !== before.page || !before.id || !next.otherId !== !before.otherId;
    this.route.value = next;
    this.#page.go(addressOf(next), isNew);
    this.#loadDetail();
  }

  /** The address was changed by the browser. */
  onAddress(): void {
    const { path, hash } = this.#page.address();
    this.route.value = routeOf(path, hash);
    this.#loadDetail();
  }

  /** Shows an exchange, or compares it with the one that waits for that. */
  select(id: string): void {
    const first = this.comparing.value;
    if (first !== undefined && first !== id) {
      this.comparing.value = undefined;
      this.go({ id: first, otherId: id });
    } else {
      this.go({ id });
    }
  }

  /** Goes up or down in the list. */
  step(by: number): void {
    const rows = this.shown.value;
    if (rows.length === 0) return;
    const { id, otherId } = this.route.value;
    const at = rows.findIndex((row) => row.id === (otherId ?? id));
    const to = at < 0 && by < Infinity ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1);
    if (otherId === undefined || to !== at) this.go({ id: rows[to].id });
  }

  /** Looks at request and response in the next way, or the one before. */
  turnView(by: 1 | -1): void {
    const at = VIEWS.indexOf(this.views.value.response);
    const view = VIEWS[(at + by + VIEWS.length) % VIEWS.length];
    this.views.value = { request: view, response: view };
  }

  /** Puts filters in force. */
  setFilters(filters: readonly Filter[]): void {
    this.filters.value = filters;
    this.#searchSoon(0);
  }

  /** Searches, once typing has settled. */
  setText(text: string): void {
    this.text.value = text;
    this.#searchSoon(SEARCH_MS);
  }

  /** Throws all exchanges away. */
  async clear(): Promise<void> {
    await this.client.clear();
    this.#take({ type: "exchange.cleared" });
  }

  /** Reads which headers passed, for those who write a filter; what is known stays if that fails. */
  async loadHeaderWords(): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs - this.#headersAtMs < HEADERS_MS) return;
    this.#headersAtMs = nowMs;
    try {
      this.headerWords.value = (await this.client.headers()).headers;
    } catch {
      // Suggestions are no news: without an answer the usual names are offered.
      this.#headersAtMs = -Infinity;
    }
  }

  /** What is searched for in the exchanges; empty while a filter is written. */
  get wanted(): string {
    const text = this.text.value;
    return isFilterText(text) ? "" : text.trim();
  }

  get #asksAgent(): boolean {
    return this.wanted !== "" || this.filters.value.some(isAskedOfAgent);
  }

  #show(more: readonly ExchangeSummary[]): void {
    this.#list.putPage(more);
    this.all.value = this.#list.all;
    this.isLoaded.value = true;
  }

  #take(event: AgentApiEvent): void {
    if (event.type === "status") return this.#takeStatus(event.status);
    this.#list.take(event);
    const { id, otherId } = this.route.value;
    if (event.type === "exchange.cleared") {
      this.comparing.value = undefined;
      if (id) this.go({ page: this.route.value.page });
    } else if (event.type === "exchange.updated") {
      if (event.exchange.id === id || event.exchange.id === otherId) this.#detailSoon();
    }
    if (this.#asksAgent) this.#searchSoon(1_000);
    this.#memoryTimer ??= this.#clock.after(MEMORY_MS, () => void this.#loadMemory());
    if (this.#framed) return;
    this.#framed = true;
    this.#page.frame(() => {
      this.#framed = false;
      this.all.value = this.#list.all;
    });
  }

  async #loadMemory(): Promise<void> {
    this.#memoryTimer = undefined;
    try {
      const { size_bytes: usedBytes, max_bytes: maxBytes } = await this.client.list({ limit: 1 });
      this.memory.value = { usedBytes, maxBytes };
    } catch {
      // It is away: the connection tells, and all is read anew when it is back.
    }
  }

  #takeStatus(status: StatusJson): void {
    this.status.value = status;
    const sum = (read: (endpoint: StatusJson["endpoints"][number]) => number) =>
      status.endpoints.reduce((total, endpoint) => total + read(endpoint), 0);
    const busiest = status.endpoints.toSorted((a, b) => b.http.count - a.http.count)[0];
    const sample: Sample = {
      requests: sum(({ http }) => http.rate1),
      open: sum(({ conns }) => conns.gauge ?? 0),
      latencyMs: status.session.latency_ms ?? 0,
      p50Ms: (busiest?.http.p50 ?? 0) / 1e6,
    };
    this.course.value = [...this.course.value, sample].slice(-COURSE_LENGTH);
  }

  #searchSoon(delayMs: number): void {
    // While one is on its way to be asked, news wait for it.
    if (delayMs === 1_000 && this.#searchTimer) return;
    this.#searchTimer?.cancel();
    this.#searchTimer = undefined;
    if (!this.#asksAgent) {
      this.#searchTurn++;
      this.#found.value = undefined;
      this.isSearching.value = false;
      return;
    }
    if (delayMs < 1_000) this.isSearching.value = true;
    this.#searchTimer = this.#clock.after(delayMs, () => {
      this.#searchTimer = undefined;
      void this.#search();
    });
  }

  async #search(): Promise<void> {
    const turn = ++this.#searchTurn;
    const q = this.wanted;
    const filters = this.filters.value.filter(isAskedOfAgent).map(filterText);
    const found = new Set<string>();
    try {
      let before: string | undefined;
      for (;;) {
        const { exchanges } = await this.client.list({ limit: PAGE_SIZE, before, q, filters });
        if (turn !== this.#searchTurn) return;
        for (const { id } of exchanges) found.add(id);
        before = exchanges.at(-1)?.id;
        if (exchanges.length < PAGE_SIZE) break;
      }
      this.#found.value = found;
    } catch (thrown) {
      if (turn !== this.#searchTurn) return;
      this.toasts.bad(toFailure(thrown));
    }
    this.isSearching.value = false;
  }

  #detailSoon(): void {
    if (this.#detailTimer) return;
    this.#detailTimer = this.#clock.after(DETAIL_MS, () => this.#loadDetail());
  }

  #loadDetail(): void {
    this.#detailTimer?.cancel();
    this.#detailTimer = undefined;
    const { id, otherId } = this.route.value;
    void this.#read(id, this.detail, () => this.route.value.id === id);
    void this.#read(otherId, this.other, () => this.route.value.otherId === otherId);
  }

  async #read(
    id: string | undefined,
    into: Signal<ExchangeDetail | undefined>,
    isWanted: () => boolean,
  ): Promise<void> {
    if (into.value?.id !== id) {
      into.value = undefined;
      if (into === this.detail) this.detailFailure.value = undefined;
    }
    if (id === undefined) return;
    try {
      const detail = await this.client.get(id);
      if (isWanted()) into.value = detail;
    } catch (thrown) {
      if (!isWanted()) return;
      // What is shown already stays: it has made room for newer ones in the agent.
      if (!into.value) this.detailFailure.value = toFailure(thrown);
    }
  }
}
