/**
 * The words with which errors name addresses, the same for real networks and for the one in memory.
 *
 * @module
 */
import type { ConnectOptions } from "./net.ts";

/** `host:port`, with brackets round an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The beginning of the sentence that tells why dialling failed. */
export function triedToConnect(options: ConnectOptions): string {
  return `Cannot connect to "${options.path ?? hostPort(options.host ?? "", options.port ?? 0)}"`;
}

/** The beginning of the sentence that tells why listening failed. */
export function triedToListen(host: string, port: number, path?: string): string {
  return `Cannot listen at "${path ?? hostPort(host, port)}"`;
}

/**
 * Whether a name is the loopback whatever a resolver would say: `localhost` and what is below it
 * (RFC 6761, 6.3).
 */
export function isLocalhost(host: string): boolean {
  return /(^|\.)localhost\.?$/i.test(host);
}
