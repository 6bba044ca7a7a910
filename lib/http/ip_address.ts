/**
 * IP addresses as text and as bytes. Used by the PROXY protocol, which needs both.
 *
 * @module
 */

/**
 * Reads an IP address.
 *
 * @param text dotted decimal, or IPv6 in any of its forms; no brackets, port or zone
 * @returns its 4 or 16 bytes, or `undefined` when it is neither
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatIp, parseIp } from "./ip_address.ts";
 *
 * assert.deepEqual(parseIp("192.0.2.1"), new Uint8Array([192, 0, 2, 1]));
 * assert.equal(formatIp(parseIp("2001:DB8:0:0::1")!), "2001:db8::1");
 * assert.equal(parseIp("010.0.0.1"), undefined);
 * ```
 */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Writes an IP address, IPv6 as RFC 5952 says: lower-case, longest run of zeros shortened.
 *
 * @param bytes 4 or 16 of them
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((bytes[at] << 8) | bytes[at + 1]);
  }
  // RFC 5952 section 5: an IPv4-mapped address keeps its dots.
  if (
    groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  ) {
    return `::ffff:${bytes.slice(12).join(".")}`;
  }
  let start = -1;
  let length = 1; // section 4.2.2: a single zero is not shortened
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) {
      start = at;
      length = end - at;
    }
    if (end > at) at = end;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

function parseIpv4(text: string): Uint8Array | undefined {
  // No leading zeros: some programs read them as octal.
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/
    .exec(
      text,
    );
  if (!match) return undefined;
  const bytes = new Uint8Array(4);
  for (let index = 0; index < 4; index++) {
    const value = Number(match[index + 1]);
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  let tail: Uint8Array | undefined;
  if (text.includes(".")) {
    // RFC 4291 section 2.2: the last 32 bits may be written as IPv4.
    const colon = text.lastIndexOf(":");
    tail = parseIpv4(text.slice(colon + 1));
    if (!tail) return undefined;
    text = text.slice(0, colon + 1) + "0:0";
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = halves[0] === "" ? [] : halves[0].split(":");
  const rest = halves.length === 2 && halves[1] !== "" ? halves[1].split(":") : [];
  const count = head.length + rest.length;
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const bytes = new Uint8Array(16);
  const groups = [...head, ...new Array<string>(8 - count).fill("0"), ...rest];
  for (let index = 0; index < 8; index++) {
    if (!/^[0-9a-f]{1,4}$/i.test(groups[index])) return undefined;
    const value = parseInt(groups[index], 16);
    bytes[2 * index] = value >> 8;
    bytes[2 * index + 1] = value;
  }
  if (tail) bytes.set(tail, 12);
  return bytes;
}
