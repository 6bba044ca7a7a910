/**
 * Everything that watches an edge, put together: its metrics and the pages that show them. What
 * nobody asked for is not made.
 *
 * Called by `edge.ts`, which hands it the events.
 *
 * @module
 */
import type { Runtime } from "../runtime/host.ts";
import type { EdgeConfig } from "./config.ts";
import type { Door } from "./door_http.ts";
import type { EdgeEvent } from "./events.ts";
import { EdgeMetrics, type MeasuredEdge } from "./metrics.ts";
import { openOpsDoor, type OpsSource } from "./ops_pages.ts";

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

  /**
   * Begins to count, if there is a door where somebody can ask.
   *
   * @param options what was asked for
   */
  constructor(options: WatchOptions) {
    const { config, runtime, edge } = options;
    this.#options = options;
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
    return this.#metrics !== undefined;
  }

  /** Hears of an event. Never throws. */
  hear(event: EdgeEvent): void {
    this.#metrics?.hear(event);
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
