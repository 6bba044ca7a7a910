/**
 * Which endpoint a request is for. One reading of the request decides: the host that the strict
 * parser found, nothing else. Called by the HTTP relay for each request.
 *
 * @module
 */
import type { RequestHead } from "../http/head.ts";
import type { Endpoint, EndpointTable } from "./endpoint.ts";
import {
  badRequest,
  endpointOffline,
  loopDetected,
  misdirected,
  onlyHttps,
  type Problem,
} from "./problem.ts";

/** What the connection says about where the visitor wants to go. */
export interface Arrival {
  /** What the visitor speaks with us. */
  readonly scheme: "http" | "https";
  /** The name its TLS connection is for. */
  readonly serverName: string | undefined;
}

/** Where a request goes, or why it goes nowhere. */
export type Route =
  | { readonly endpoint: Endpoint; readonly problem?: undefined }
  | { readonly endpoint?: undefined; readonly problem: Problem };

/**
 * Finds the endpoint of a request.
 *
 * Over TLS, Host must be the name the connection was opened for: whatever was checked for that name
 * (a client certificate, a policy of its endpoint) was not checked for another. The answer is then
 * 421, on which browsers open a connection of its own (RFC 9110 section 15.5.20).
 *
 * A plain request for a name that is online with TLS alone is redirected there.
 */
export function routeRequest(table: EndpointTable, arrival: Arrival, head: RequestHead): Route {
  const { scheme, serverName } = arrival;
  // HTTP/1.0 may come without Host; then the TLS connection still has a name.
  const host = head.host === "" ? serverName ?? "" : head.host;
  if (host === "") {
    return { problem: badRequest(400, "Cannot route the HTTP request: it names no host") };
  }
  if (serverName !== undefined && host !== serverName) {
    return { problem: misdirected(host, serverName) };
  }
  if (head.scheme !== undefined && head.scheme !== scheme) {
    return { problem: misdirected(`${head.scheme}://${host}`, `${scheme}://${host}`) };
  }
  const endpoint = table.find(scheme, host);
  if (endpoint) {
    return isLoop(head) ? { problem: loopDetected(host, MAX_HOPS) } : { endpoint };
  }
  const secure = scheme === "http" ? table.find("https", host) : undefined;
  if (!secure) return { problem: endpointOffline(host) };
  const port = secure.port === 443 ? "" : `:${secure.port}`;
  return { problem: onlyHttps(`https://${host}${port}${pathAndQuery(head)}`) };
}

/** Longer chains of proxies than this are circles: each time round the edge adds one address. */
const MAX_HOPS = 32;

function isLoop(head: RequestHead): boolean {
  if (!head.has("x-forwarded-for")) return false;
  let hops = 0;
  for (const line of head.all("x-forwarded-for")) {
    for (let at = 0; at >= 0; at = line.indexOf(",", at + 1)) hops++;
  }
  return hops > MAX_HOPS;
}

/** The path and what follows it, as written. */
export function pathAndQuery(head: RequestHead): string {
  return head.query === undefined ? head.path : `${head.path}?${head.query}`;
}
