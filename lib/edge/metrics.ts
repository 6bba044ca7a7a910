/**
 * What an edge tells Prometheus: counts what happens from the edge's events, and reads the rest off
 * the live edge when it is asked. Nothing here is on the way of a byte.
 *
 * `edge.ts` makes one and feeds it; `ops_pages.ts` shows it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import { VERSION } from "../base/version.ts";
import type { EdgeEvent, ExchangeOver } from "./events.ts";
import { Exposition, Histogram } from "./exposition.ts";
import {
  OTHER,
  type Series,
  type SeriesLimits,
  SeriesTable,
  STATUS_CLASSES,
} from "./metric_series.ts";
import type { TrafficCounts } from "./traffic.ts";

/** A connected agent, as far as it is counted. */
export interface MeasuredSession {
  /** Whose. */
  readonly accountId: string;
  /** Visitors it carries. */
  readonly openStreams: number;
  /** How often a stream towards it ran out of credit. */
  readonly windowStalls: number;
}

/** A certificate that somebody is shown. */
export interface MeasuredCertificate {
  /** The name it is for. */
  readonly name: string;
  /** When it ends, milliseconds since 1970. */
  readonly notAfterMs: number;
}

/** What is read when somebody asks. */
export interface MeasuredEdge {
  /** The agents that are connected. */
  sessions(): Iterable<MeasuredSession>;
  /** The counters of an endpoint that is online. */
  trafficOf(endpointId: string): TrafficCounts | undefined;
  /** HTTP connections that are open. */
  visitors(): number;
  /** What is presented to visitors and agents. */
  certificates(): Iterable<MeasuredCertificate>;
  /** Memory of the process in bytes, where it can be told. */
  residentBytes(): number | undefined;
}

/** What the metrics need. */
export interface MetricsOptions extends SeriesLimits {
  /** Time. */
  readonly clock: Clock;
  /** What is read when somebody asks. */
  readonly edge: MeasuredEdge;
}

/** Round trips between a machine room and the other side of the world, in seconds. */
const RTT_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Certificates and codes that are shown; both lists are as long as somebody else likes. */
const MAX_NAMES = 1_000;

/** What is read off a session. */
export function measuredSession(
  { grant, openStreams, windowStalls }: Omit<MeasuredSession, "accountId"> & {
    readonly grant: { readonly accountId: string };
  },
): MeasuredSession {
  return { accountId: grant.accountId, openStreams, windowStalls };
}

/** A number that grows, by label. */
class Counts {
  readonly #byKey = new Map<string, number>();

  add(key: string): void {
    const known = this.#byKey.has(key) || this.#byKey.size < MAX_NAMES;
    const name = known ? key : OTHER;
    this.#byKey.set(name, (this.#byKey.get(name) ?? 0) + 1);
  }

  entries(): Iterable<[string, number]> {
    return this.#byKey;
  }
}

/** What an edge tells Prometheus. */
export class EdgeMetrics {
  readonly #options: MetricsOptions;
  readonly #startedMs: number;
  readonly #endpoints: SeriesTable;
  readonly #accounts: SeriesTable;
  /** Which counters an endpoint belongs to, by its id: it can be in the names of others. */
  readonly #byId = new Map<string, { readonly endpoint: Series; readonly account: Series }>();
  readonly #codes = new Counts();
  readonly #handshakes = new Counts();
  readonly #sessionEvents = new Counts();
  readonly #roundTrips = new Histogram(RTT_BOUNDS);
  #nowhere = 0;

  /**
   * Counts nothing yet.
   *
   * @param options time, the edge, how many names there may be
   */
  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#endpoints = new SeriesTable(options);
    this.#accounts = new SeriesTable(options);
  }

  /** Hears of an event. */
  hear(event: EdgeEvent): void {
    const nowMs = this.#options.clock.steady();
    switch (event.type) {
      case "endpoint_started":
        return this.#started(event.endpointId, event.url, event.accountId, nowMs);
      case "endpoint_ended": {
        const series = this.#byId.get(event.endpointId);
        this.#byId.delete(event.endpointId);
        for (const one of series ? [series.endpoint, series.account] : []) {
          one.leave(event.endpointId);
          one.letGo(nowMs);
        }
        return;
      }
      case "exchange_ended":
        return this.#exchange(event, nowMs);
      case "connection_ended": {
        const account = this.#accounts.take(event.accountId, event.accountId, nowMs);
        account.connections++;
        const series = this.#byId.get(event.endpointId);
        if (series) series.endpoint.connections++;
        return;
      }
      case "session_started":
        this.#sessionEvents.add("started");
        return this.#accounts.take(event.accountId, event.accountId, nowMs).hold();
      case "session_ended":
        this.#sessionEvents.add("ended");
        return this.#sessionEnded(event.accountId, event.windowStalls, nowMs);
      case "session_refused":
        this.#sessionEvents.add("refused");
        return this.#codes.add(code(event.ngrokCode));
      case "endpoint_refused":
        if (event.ngrokCode !== undefined) this.#codes.add(code(event.ngrokCode));
        return;
      case "handshake_failed":
        return this.#handshakes.add(`${event.door} ${event.reason}`);
    }
  }

  /** An agent has answered a heartbeat. */
  roundTrip(latencyMs: number): void {
    this.#roundTrips.observe(latencyMs / 1000);
  }

  #sessionEnded(accountId: string, windowStalls: number, nowMs: number): void {
    const account = this.#accounts.take(accountId, accountId, nowMs);
    account.stalls += windowStalls;
    account.letGo(nowMs);
  }

  #started(endpointId: string, url: string, accountId: string, nowMs: number): void {
    const endpoint = this.#endpoints.take(url, accountId, nowMs);
    const account = this.#accounts.take(accountId, accountId, nowMs);
    const traffic = this.#options.edge.trafficOf(endpointId);
    for (const series of [endpoint, account]) {
      series.hold();
      if (traffic) series.join(endpointId, traffic);
    }
    this.#byId.set(endpointId, { endpoint, account });
  }

  #exchange(event: ExchangeOver, nowMs: number): void {
    const { endpointId, accountId, status, durationMs, ngrokCode } = event;
    if (ngrokCode !== undefined) this.#codes.add(code(ngrokCode));
    if (endpointId === undefined || accountId === undefined) {
      this.#nowhere++;
      return;
    }
    this.#byId.get(endpointId)?.endpoint.exchange(status, durationMs);
    this.#accounts.take(accountId, accountId, nowMs).exchange(status, durationMs);
  }

  /** The page. */
  text(): string {
    const { clock, edge } = this.#options;
    const nowMs = clock.steady();
    const page = new Exposition();
    page.family("sallyport_build_info", "gauge", "The version that runs.");
    page.sample(1, { version: VERSION });
    page.family("process_start_time_seconds", "gauge", "When the edge started, since 1970.");
    page.sample(this.#startedMs / 1000);
    const residentBytes = edge.residentBytes();
    if (residentBytes !== undefined) {
      page.family("process_resident_memory_bytes", "gauge", "Resident memory of the process.");
      page.sample(residentBytes);
    }
    const endpoints = this.#endpoints.all(nowMs);
    const labelled = endpoints.map((series) =>
      [series, { endpoint: series.name, account: series.accountId }] as const
    );
    const accounts = this.#accounts.all(nowMs);
    writeTraffic(page, "sallyport_endpoint", "of an endpoint", labelled);
    writeTraffic(
      page,
      "sallyport_account",
      "of an account",
      accounts.map((series) => [series, { account: series.name }] as const),
    );
    this.#writeSessions(page, accounts);
    page.family("sallyport_visitors", "gauge", "Open HTTP connections.");
    page.sample(edge.visitors());
    page.family(
      "sallyport_unrouted_requests_total",
      "counter",
      "Requests that led to no endpoint.",
    );
    page.sample(this.#nowhere);
    page.family("sallyport_errors_total", "counter", "Answers and refusals of the edge, by code.");
    for (const [name, count] of this.#codes.entries()) page.sample(count, { code: name });
    page.family("sallyport_handshake_failures_total", "counter", "TLS handshakes that failed.");
    for (const [name, count] of this.#handshakes.entries()) {
      const [door, reason = ""] = name.split(" ");
      page.sample(count, { door, reason });
    }
    page.family("sallyport_certificate_days_left", "gauge", "Days until a certificate ends.");
    // Of several certificates for one name, the one that ends first is the one to worry about.
    const ends = new Map<string, number>();
    for (const { name, notAfterMs } of edge.certificates()) {
      const known = ends.get(name);
      if (known === undefined && ends.size >= MAX_NAMES) continue;
      ends.set(name, Math.min(notAfterMs, known ?? Infinity));
    }
    for (const [name, notAfterMs] of ends) {
      page.sample((notAfterMs - clock.now()) / 86_400_000, { name });
    }
    return page.text;
  }

  #writeSessions(page: Exposition, accounts: readonly Series[]): void {
    const live = new Map<string, { sessions: number; streams: number; stalls: number }>();
    for (const { accountId, openStreams, windowStalls } of this.#options.edge.sessions()) {
      const name = this.#accounts.has(accountId, accountId) ? accountId : OTHER;
      const sum = live.get(name) ?? { sessions: 0, streams: 0, stalls: 0 };
      live.set(name, sum);
      sum.sessions++;
      sum.streams += openStreams;
      sum.stalls += windowStalls;
    }
    page.family("sallyport_sessions", "gauge", "Agents that are connected.");
    for (const { name } of accounts) page.sample(live.get(name)?.sessions ?? 0, { account: name });
    page.family("sallyport_open_streams", "gauge", "Streams open towards agents.");
    for (const { name } of accounts) page.sample(live.get(name)?.streams ?? 0, { account: name });
    page.family(
      "sallyport_window_stalls_total",
      "counter",
      "How often a stream towards an agent had to wait for credit.",
    );
    for (const { name, stalls } of accounts) {
      page.sample(stalls + (live.get(name)?.stalls ?? 0), { account: name });
    }
    page.family(
      "sallyport_session_events_total",
      "counter",
      "Agents that came, left, were refused.",
    );
    for (const [name, count] of this.#sessionEvents.entries()) page.sample(count, { event: name });
    page.family("sallyport_heartbeat_rtt_seconds", "histogram", "Round trips of heartbeats.");
    page.histogram(this.#roundTrips);
  }
}

type Labelled = readonly (readonly [Series, Readonly<Record<string, string>>])[];

/** The families that endpoints and accounts have in common. */
function writeTraffic(page: Exposition, prefix: string, what: string, all: Labelled): void {
  page.family(`${prefix}_requests_total`, "counter", `HTTP exchanges ${what}, by status class.`);
  for (const [series, labels] of all) {
    STATUS_CLASSES.forEach((status, index) => {
      const count = series.byStatus[index];
      if (count > 0) page.sample(count, { ...labels, status });
    });
  }
  page.family(`${prefix}_connections_total`, "counter", `Ended tcp and tls connections ${what}.`);
  for (const [series, labels] of all) page.sample(series.connections, labels);
  page.family(`${prefix}_in_bytes_total`, "counter", `Bytes from visitors ${what}.`);
  for (const [series, labels] of all) page.sample(series.inBytes, labels);
  page.family(`${prefix}_out_bytes_total`, "counter", `Bytes to visitors ${what}.`);
  for (const [series, labels] of all) page.sample(series.outBytes, labels);
  page.family(`${prefix}_open`, "gauge", `Requests and connections under way ${what}.`);
  for (const [series, labels] of all) page.sample(series.open, labels);
  page.family(`${prefix}_request_duration_seconds`, "histogram", `Time of exchanges ${what}.`);
  for (const [series, labels] of all) {
    if (series.latency.count > 0) page.histogram(series.latency, labels);
  }
}

function code(ngrokCode: number): string {
  return `ERR_NGROK_${ngrokCode}`;
}
