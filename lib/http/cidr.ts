/**
 * Ranges of IP addresses and rules made of them: who may come from where (spec edge N).
 *
 * Used by the edge for agents and visitors, and by the API for its callers and for the rules it
 * takes.
 *
 * @module
 */
import { formatIp, parseIp } from "./ip_address.ts";

/** A range of addresses. */
export interface Cidr {
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** How many bits from the left all addresses of the range share. */
  readonly bits: number;
}

/**
 * Reads a range.
 *
 * @param text `192.0.2.0/24`, `2001:db8::/32`
 * @returns `undefined` when it is none, or has no prefix length
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { covers, formatCidr, lowest, parseCidr } from "./cidr.ts";
 *
 * const range = parseCidr("192.0.2.7/24")!;
 * assert.equal(formatCidr(lowest(range)), "192.0.2.0/24");
 * assert.ok(covers(range, "192.0.2.200") && !covers(range, "192.0.3.1"));
 * ```
 */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9A-Fa-f:.]{2,45})\/(0|[1-9]\d{0,2})$/.exec(text);
  const bytes = match ? parseIp(match[1]) : undefined;
  if (!match || !bytes) return undefined;
  const bits = Number(match[2]);
  return bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** The same range, written with its lowest address. */
export function lowest({ bytes, bits }: Cidr): Cidr {
  const low = bytes.map((byte, at) => byte & maskOf(bits, at));
  return { bytes: low, bits };
}

/** Writes a range as RFC 5952 and RFC 4632 have it. */
export function formatCidr({ bytes, bits }: Cidr): string {
  return `${formatIp(bytes)}/${bits}`;
}

/**
 * Whether an address lies in a range. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`, as doors
 * that listen on both families report it) is the IPv4 address.
 *
 * @param range the range
 * @param ip the address, without brackets, port or zone
 */
export function covers(range: Cidr, ip: string): boolean {
  const parsed = parseIp(ip);
  if (!parsed) return false;
  const address = unmapped({ bytes: parsed, bits: parsed.length * 8 });
  const { bytes, bits } = unmapped(range);
  if (address.bytes.length !== bytes.length) return false;
  return bytes.every((byte, at) => ((byte ^ address.bytes[at]) & maskOf(bits, at)) === 0);
}

/** A rule about a range. */
export interface IpRule {
  /** The range, as text. */
  readonly cidr: string;
  /** What becomes of addresses in it. */
  readonly action: "allow" | "deny";
}

/**
 * Whether rules let an address in: some rule allows it, and none denies it. No rules let nobody in.
 *
 * @param rules of all policies together
 * @param ip the address, without brackets, port or zone
 */
export function admits(rules: readonly IpRule[], ip: string): boolean {
  let allowed = false;
  for (const { cidr, action } of rules) {
    const range = parseCidr(cidr);
    if (!range || !covers(range, ip)) continue;
    if (action === "deny") return false;
    allowed = true;
  }
  return allowed;
}

/** The bits of one byte that belong to the prefix. */
function maskOf(bits: number, at: number): number {
  const left = Math.min(8, Math.max(0, bits - at * 8));
  return (0xff00 >> left) & 0xff;
}

/** RFC 4291 section 2.5.5.2. */
function unmapped(range: Cidr): Cidr {
  const { bytes, bits } = range;
  const isMapped = bytes.length === 16 && bits >= 96 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  return isMapped ? { bytes: bytes.slice(12), bits: bits - 96 } : range;
}
