/**
 * Host names and ports as they stand in a `Host` header or an absolute target. Routing is decided
 * by them, so only what has one reading passes. Used by `head.ts`.
 *
 * @module
 */

/** A host and its port, taken apart. */
export interface Authority {
  /** Lower-case name or IPv4 address without a final dot, or an IPv6 address in brackets. */
  readonly host: string;
  /** The port, when one is written. */
  readonly port: number | undefined;
}

// RFC 9110 section 4.2, RFC 3986 section 3.2.2, narrowed: percent-encoding and sub-delims are legal
// in a reg-name, but no DNS name has them. The underscore is not legal in a host name and yet is
// used by container names.
const NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?(?::(\d*))?$/;
const IPV6 = /^(\[[0-9a-f:.]{2,45}\])(?::(\d*))?$/;

/**
 * Takes `name:port` apart.
 *
 * @param text as it stands in the message, without surrounding space
 * @returns `undefined` when it is empty or could be read in more than one way: user info,
 * empty labels, characters outside of letters, digits, `-`, `_` and `.`, a port above 65535
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseAuthority } from "./authority.ts";
 *
 * assert.deepEqual(parseAuthority("Example.COM:8080"), { host: "example.com", port: 8080 });
 * assert.equal(parseAuthority("user@example.com"), undefined);
 * ```
 */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > 261) return undefined; // 253 of a name, its dot, a colon and a port
  const lower = text.toLowerCase();
  const match = NAME.exec(lower) ?? IPV6.exec(lower);
  if (!match) return undefined;
  const ipv6 = lower.charCodeAt(0) === 0x5b;
  if (ipv6 && !URL.canParse(`http://${match[1]}/`)) return undefined;
  const port = match[2] ? Number(match[2]) : undefined;
  if (port !== undefined && port > 65535) return undefined;
  if (ipv6) return { host: match[1], port };
  const colon = lower.indexOf(":");
  let host = colon < 0 ? lower : lower.slice(0, colon);
  if (host.endsWith(".")) host = host.slice(0, -1);
  return host.length > 253 ? undefined : { host, port };
}
