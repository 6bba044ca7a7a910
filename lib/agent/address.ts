/**
 * Host and port as people write them, for the three kinds of address the agent reads: where the
 * edge is, where the upstream is, and which URL is wanted.
 *
 * @module
 */
import type { TunnelError } from "../base/errors.ts";

/** What may be wrong with an address: it decides the code the error carries. */
export type AddressFault = "host" | "port" | "scheme" | "part" | "slash";

/** Makes the error of an address from the reason; the caller knows what the whole was for. */
export type AddressError = (reason: string, fault: AddressFault) => TunnelError;

/** An address taken apart. */
export interface HostPort {
  /** Lower-case name, or IP without brackets; empty when only a port was given. */
  readonly host: string;
  /** `undefined` when none was given. */
  readonly port: number | undefined;
}

/**
 * Takes `host`, `host:port`, `:port`, `[v6]` or `[v6]:port` apart and checks both halves.
 *
 * @param text the address, without scheme and without anything behind the port
 * @param error makes the error
 */
export function parseHostPort(text: string, error: AddressError): HostPort {
  if (text.startsWith("[")) return parseBracketed(text, error);
  const colon = text.indexOf(":");
  if (colon < 0) return { host: parseHostName(text, error), port: undefined };
  if (text.indexOf(":", colon + 1) >= 0) {
    throw error(
      isIpv6(text)
        ? `an IPv6 address needs brackets, as in "[${text}]:8080"`
        : "there is more than one colon",
      "host",
    );
  }
  const name = text.slice(0, colon);
  return {
    host: name === "" ? "" : parseHostName(name, error),
    port: parsePort(text.slice(colon + 1), error),
  };
}

function parseBracketed(text: string, error: AddressError): HostPort {
  const close = text.indexOf("]");
  if (close < 0) throw error('the bracket "[" is not closed', "host");
  const literal = text.slice(1, close).toLowerCase();
  if (!isIpv6(literal)) {
    throw error(`"${literal}" is not an IPv6 address`, "host");
  }
  const rest = text.slice(close + 1);
  if (rest === "") return { host: literal, port: undefined };
  if (!rest.startsWith(":")) {
    throw error(`"${rest}" follows the closing bracket`, "host");
  }
  return { host: literal, port: parsePort(rest.slice(1), error) };
}

/**
 * Reads a port.
 *
 * @param text digits
 * @param error makes the error
 */
export function parsePort(text: string, error: AddressError): number {
  if (text === "") throw error('the port behind ":" is missing', "port");
  if (!/^[0-9]+$/.test(text)) {
    throw error(`port "${text}" is not a number`, "port");
  }
  const port = Number(text);
  if (port < 1 || port > 65535) {
    throw error(`port ${text} is not between 1 and 65535`, "port");
  }
  return port;
}

/**
 * Checks a host name or IPv4 address and returns it in lower case, as the wire has it. Underscores
 * pass: container networks use them.
 *
 * @param text without port
 * @param error makes the error
 */
export function parseHostName(text: string, error: AddressError): string {
  const name = toAscii(text);
  if (name === undefined || name.length > 253) {
    throw error(`"${text}" is not a host name`, "host");
  }
  for (const label of name.split(".")) {
    if (!/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) {
      throw error(`"${text}" is not a host name`, "host");
    }
  }
  return name;
}

/** Lower case, one trailing dot dropped, other scripts as punycode. */
function toAscii(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  // deno-lint-ignore no-control-regex -- the question is whether all of it is ASCII
  if (/^[\x00-\x7f]*$/.test(name)) return name;
  if (/[/?#@:\\\s]/.test(name)) return undefined;
  try {
    return new URL(`http://${name}/`).hostname;
  } catch {
    return undefined; // not a name in any script: the caller says so
  }
}

/** Whether the text is an IPv6 address, perhaps with a zone (RFC 4007) or a dotted tail. */
export function isIpv6(text: string): boolean {
  const zone = text.indexOf("%");
  const literal = zone < 0 ? text : text.slice(0, zone);
  if (zone >= 0 && !/^%[a-z0-9._~-]+$/i.test(text.slice(zone))) return false;
  if (!literal.includes(":") || !/^[0-9a-f:.]+$/i.test(literal)) return false;
  try {
    new URL(`http://[${literal}]/`);
    return true;
  } catch {
    return false; // the URL parser is the judge of the grammar
  }
}

/** `host:port` with brackets where the host is IPv6. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
