/**
 * Where a door is to listen, and which ports TCP endpoints may have, as the flags of
 * `sallyport edge` spell them.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { PortRange } from "../edge/door_tcp.ts";
import { parseCidr } from "../http/cidr.ts";
import type { Address } from "../runtime/net.ts";

/**
 * Reads a place to listen: `8080`, `:8080`, `host:8080`, `[::1]:8080`; port 0 is any free one.
 *
 * @param text what was given
 * @param flag by which flag, for the error
 * @returns the host is empty when every address of the machine is meant
 * @throws {TunnelError} usage
 */
export function parseListenAddress(text: string, flag: string): Address {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$|^(\d{1,5})$/i
    .exec(text.trim());
  const port = Number(match?.[3] ?? match?.[4]);
  if (!match || port > 65535) {
    throw new TunnelError(
      "usage",
      `Invalid value "${text}" for --${flag}: use a port, host:port or [IPv6]:port`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/**
 * Reads which ports there are: `20000-20999`, one port, `any` or `none`.
 *
 * @param text what was given
 * @param flag by which flag, for the error
 * @throws {TunnelError} usage
 */
export function parsePorts(text: string, flag: string): PortRange | "any" | "none" {
  if (text === "any" || text === "none") return text;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim());
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (!match || from < 1 || to > 65535 || from > to) {
    throw new TunnelError(
      "usage",
      `Invalid value "${text}" for --${flag}: use two ports, the lower one first, as in 20000-20999`,
    );
  }
  return { from, to };
}

/**
 * Reads a port that others see.
 *
 * @param text what was given
 * @param flag by which flag, for the error
 * @throws {TunnelError} usage
 */
export function parsePort(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new TunnelError("usage", `Invalid value "${text}" for --${flag}: use a port, 1 to 65535`);
}

/**
 * Reads a range of addresses; a bare address is a range of one.
 *
 * @param text what was given to --proxy-protocol-from
 * @throws {TunnelError} usage
 */
export function parseRange(text: string): string {
  const bare = text.trim();
  const range = bare.includes("/") ? bare : `${bare}/${bare.includes(":") ? 128 : 32}`;
  if (parseCidr(range)) return range;
  throw new TunnelError(
    "usage",
    `Invalid value "${text}" for --proxy-protocol-from: use an address or a range, as in 10.0.0.0/8`,
  );
}

/**
 * Reads an address that agents are told to dial.
 *
 * @param text what was given to --connect-address
 * @throws {TunnelError} usage
 */
export function parseConnectAddress(text: string): string {
  const match = /^([^\s/:[\]]+|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2]);
  if (match && port >= 1 && port <= 65535) return `${match[1]}:${port}`;
  throw new TunnelError(
    "usage",
    `Invalid value "${text}" for --connect-address: use host:port, as in connect.example.com:443`,
  );
}

/** Whether a listener's address stands for every address of the machine. */
export function isEverywhere(address: Address): boolean {
  return ["", "0.0.0.0", "::", "::0"].includes(address.host);
}

/** An address as it is dialled: `host:port`, IPv6 in brackets; "every address" becomes loopback. */
export function dialable(address: Address): string {
  const host = isEverywhere(address) ? "127.0.0.1" : address.host;
  return host.includes(":") ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}
