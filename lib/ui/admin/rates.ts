/**
 * From counters to rates: what happened between two looks at the edge.
 *
 * @module
 */
import type { EndpointTraffic, Live } from "./model.ts";

/** How much passes now. */
export interface Rates {
  /** Requests, or connections, per second. */
  readonly requests: number;
  /** Bytes per second from visitors. */
  readonly inBytes: number;
  /** Bytes per second to visitors. */
  readonly outBytes: number;
  /** Requests and connections that are not over. */
  readonly open: number;
}

/** Rates of everything. */
export interface Measured {
  /** Of all endpoints together. */
  readonly total: Rates;
  /** By the id of the endpoint. */
  readonly byEndpoint: ReadonlyMap<string, Rates>;
}

/** Nothing moves. */
export const STILL: Rates = { requests: 0, inBytes: 0, outBytes: 0, open: 0 };

/**
 * The rates between two moments.
 *
 * @param before the earlier one; without it nothing has moved yet
 * @param now the later one
 */
export function measure(before: Live | undefined, now: Live): Measured {
  const seconds = before ? (now.at_ms - before.at_ms) / 1000 : 0;
  const earlier = new Map(before?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const byEndpoint = new Map<string, Rates>();
  let total = STILL;
  for (const endpoint of now.endpoints) {
    const rates = ratesOf(earlier.get(endpoint.id), endpoint, seconds);
    byEndpoint.set(endpoint.id, rates);
    total = {
      requests: total.requests + rates.requests,
      inBytes: total.inBytes + rates.inBytes,
      outBytes: total.outBytes + rates.outBytes,
      open: total.open + rates.open,
    };
  }
  return { total, byEndpoint };
}

function ratesOf(
  before: EndpointTraffic | undefined,
  now: EndpointTraffic,
  seconds: number,
): Rates {
  const { open } = now;
  if (seconds <= 0) return { ...STILL, open };
  // One that came online in between began with nothing. Counters that fell began anew.
  const rate = (key: "requests" | "in_bytes" | "out_bytes") =>
    Math.max(0, now[key] - (before?.[key] ?? 0)) / seconds;
  return {
    requests: rate("requests"),
    inBytes: rate("in_bytes"),
    outBytes: rate("out_bytes"),
    open,
  };
}
