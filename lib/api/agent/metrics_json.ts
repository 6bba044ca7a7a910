/**
 * The numbers of an endpoint as the agent's API gives them (spec agent H): percentiles in
 * nanoseconds.
 *
 * @module
 */
import type { AgentEndpoint } from "../../agent/endpoint.ts";
import type { SeriesReading } from "../../agent/metrics.ts";
import type { MetricsJson } from "./shapes.ts";

/** Both series of an endpoint. */
export interface EndpointMetricsJson {
  /** Connections of visitors. */
  readonly conns: MetricsJson;
  /** Their requests. */
  readonly http: MetricsJson;
}

/**
 * Reads them.
 *
 * @param endpoint whose
 */
export function metricsOf({ metrics, openConnections }: AgentEndpoint): EndpointMetricsJson {
  const { count, ...conns } = series(metrics.conns.read());
  return { conns: { count, gauge: openConnections, ...conns }, http: series(metrics.http.read()) };
}

function series(reading: SeriesReading): MetricsJson {
  const { count, rate1, rate5, rate15 } = reading;
  const ns = (ms: number) => Math.round(ms * 1e6);
  return {
    count,
    rate1,
    rate5,
    rate15,
    p50: ns(reading.p50),
    p90: ns(reading.p90),
    p95: ns(reading.p95),
    p99: ns(reading.p99),
  };
}
