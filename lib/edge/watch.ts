/**
 * Everything that watches an edge, put together: its metrics and the pages that show them,
 * its access log, its traces. What nobody asked for is not made.
 *
 * Called by `edge.ts`, which hands it the events.
 *
 * @module
 */
import type { Logger } from "../base/log.ts";
import type { Runtime } from "../runtime/host.ts";
import type { EdgeConfig } from "./config.ts";
import type { Door } from "./door_http.ts";
import { VERSION } from "../base/version.ts";
import { AccessLog } from "./access_log.ts";
import type { EdgeEvent, ExchangeOver } from "./events.ts";
import type { ExchangeEnded } from "./http_relay.ts";
import { openLineSink } from "./line_sink.ts";
import { EdgeMetrics, type MeasuredEdge } from "./metrics.ts";
import { openOpsDoor, type OpsSource } from "./ops_pages.ts";
import { SpanExporter } from "./span_exporter.ts";
import type { Tracer } from "./trace_context.ts";
import { createTracer, spanOf, type TracingOptions } from "./tracing.ts";

/** What watching needs. */
export interface WatchOptions {
  /** The options of the edge, complete. */
  readonly config: EdgeConfig;
  /** Network, machine, time. */
  readonly runtime: Runtime;
  /** What is read when somebody asks. */
  readonly edge: Omit<MeasuredEdge, "residentBytes">;
  /** Why no visitor should be sent here now. */
  readonly notReady: () => string | undefined;
}

/** What watches an edge. */
export class Watch implements OpsSource {
  readonly #options: WatchOptions;
  readonly #metrics: EdgeMetrics | undefined;
  readonly #spans: SpanExporter | undefined;
  /** Makes requests part of traces, if somebody wants them. */
  readonly tracer: Tracer | undefined;
  #accessLog: AccessLog | undefined;

  /**
   * Begins to count, if there is a door where somebody can ask.
   *
   * @param options what was asked for
   */
  constructor(options: WatchOptions) {
    const { config, runtime, edge } = options;
    this.#options = options;
    if (config.tracing) {
      this.tracer = createTracer(config.tracing);
      this.#spans = exporterOf(config.tracing, runtime, config.logger);
    }
    if (!config.api && !config.metrics) return;
    const { clock, host } = runtime;
    const { maxMetricSeries: maxSeries, metricForgetMs: forgetMs } = config.limits;
    this.#metrics = new EdgeMetrics({
      clock,
      maxSeries,
      forgetMs,
      edge: { ...edge, residentBytes: () => host.residentBytes?.() },
    });
  }

  /** Whether events are of any use to it. */
  get listens(): boolean {
    const { accessLog, tracing } = this.#options.config;
    return [this.#metrics, accessLog, tracing].some((one) => one !== undefined);
  }

  /** Hears of an event. Never throws. */
  hear(event: EdgeEvent): void {
    this.#metrics?.hear(event);
    if (event.type === "connection_ended") this.#accessLog?.connection(event);
  }

  /**
   * Hears of an exchange, besides its event.
   *
   * @param over its event
   * @param ended what the event does not hold
   */
  exchange(over: ExchangeOver, ended: Pick<ExchangeEnded, "head" | "trace">): void {
    this.#accessLog?.exchange(over, ended.head.query);
    if (ended.trace?.span.sampled) this.#spans?.add(spanOf(ended.trace, over));
  }

  /** An agent has answered a heartbeat. */
  roundTrip(latencyMs: number): void {
    this.#metrics?.roundTrip(latencyMs);
  }

  /** The page of metrics. */
  metrics(): string {
    return this.#metrics?.text() ?? "";
  }

  /** Why no visitor should be sent here now. */
  notReady(): string | undefined {
    return this.#options.notReady();
  }

  /**
   * Opens the access log that the options name, in the place of the one before.
   *
   * @throws {TunnelError} permission_denied, not_found, io_failed when it cannot be written
   */
  async openAccessLog(): Promise<void> {
    const { config: { accessLog, logger }, runtime: { host } } = this.#options;
    const before = this.#accessLog;
    this.#accessLog = accessLog &&
      new AccessLog(accessLog, await openLineSink({ to: accessLog.to, host, logger }));
    await before?.flush();
  }

  /** Writes and sends what waits. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([this.#accessLog?.flush(), this.#spans?.flush()]);
  }

  /**
   * Opens the door of the pages, if one was asked for.
   *
   * @throws {TunnelError} address_in_use, address_not_available, permission_denied
   */
  async openDoor(): Promise<Door | undefined> {
    const { config, runtime: { net, clock } } = this.#options;
    const { metrics, logger } = config;
    return metrics && await openOpsDoor({ net, ...metrics, source: this, clock, logger });
  }
}

function exporterOf(tracing: TracingOptions, runtime: Runtime, logger: Logger): SpanExporter {
  const { url, headers = {}, serviceName = "sallyport", resource = {} } = tracing;
  const { clock, host } = runtime;
  return new SpanExporter({
    url,
    headers,
    clock,
    logger,
    resource: {
      "service.name": serviceName,
      "service.version": VERSION,
      "host.name": host.hostName?.() || undefined,
      ...resource,
    },
  });
}
