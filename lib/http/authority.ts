/**
 * Host names and ports as they stand in a `Host` header or an absolute target. Routing is decided
 * by them, so only what has one reading passes. Used by `head.ts`.
 *
 * @module
 */
import { parseIp } from "./ip_address.ts";

/** A host and its port, taken apart. */
export interface Authority {
  /** Lower-case name or IPv4 address without a final dot, or an IPv6 address in brackets. */
  readonly host: string;
  /** The port, when one is written. */
  readonly port: number | undefined;
}

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
  const end = text.charCodeAt(0) === 0x5b ? endOfIpv6(text) : endOfName(text);
  if (end < 0) return undefined;
  let port: number | undefined;
  if (end < text.length) {
    port = readPort(text, end);
    if (port === -1) return undefined;
  }
  const dot = text.charCodeAt(end - 1) === DOT ? 1 : 0;
  // All of it is ASCII by now: lower case of U+212A, say, would be a plain k.
  return { host: text.slice(0, end - dot).toLowerCase(), port };
}

const DOT = 0x2e;
const COLON = 0x3a;

/**
 * RFC 9110 section 4.2 and RFC 3986 section 3.2.2, narrowed: percent-encoding and sub-delims are
 * legal in a reg-name, but no DNS name has them. The underscore is not legal in a host name and is
 * yet used by container names.
 */
function isNameCode(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x5f;
}

/** Where the name ends: its length, the colon, or -1 when it is none (labels of 1 to 63, 253 in all). */
function endOfName(text: string): number {
  let label = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isNameCode(code)) {
      if (++label > 63) return -1;
    } else if (code === DOT && label > 0) {
      label = 0;
    } else if (code === COLON) {
      break;
    } else {
      return -1;
    }
  }
  const size = text.charCodeAt(at - 1) === DOT ? at - 1 : at;
  return size === 0 || size > 253 ? -1 : at;
}

function endOfIpv6(text: string): number {
  const end = text.indexOf("]");
  if (end < 0 || parseIp(text.slice(1, end))?.length !== 16) return -1;
  return end + 1;
}

/** RFC 3986 section 3.2.3: a port may be empty, which is the same as none. */
function readPort(text: string, colon: number): number | undefined {
  if (text.charCodeAt(colon) !== COLON) return -1;
  const digits = text.slice(colon + 1);
  if (digits === "") return undefined;
  if (!/^\d{1,5}$/.test(digits)) return -1;
  const port = Number(digits);
  return port > 65535 ? -1 : port;
}
