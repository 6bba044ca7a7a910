/**
 * The PROXY protocol, versions 1 and 2: who the visitor is, said in front of its bytes. The edge
 * writes it for endpoints that ask for it and reads it behind a load balancer; the agent passes it
 * on to the upstream (wire-protocol 7). Sections are those of HAProxy's `proxy-protocol.txt`.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { CR, latin1, LF, quote, writeLatin1 } from "./chars.ts";
import { formatIp, parseIp } from "./ip_address.ts";

/** One end of the visitor's connection. */
export interface ProxyAddress {
  /** An IP address without brackets. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/** An extra of version 2 (section 2.2). */
export interface ProxyTlv {
  /** What it is: 1 ALPN, 2 authority, 0x20 TLS, … */
  readonly type: number;
  /** Its bytes. */
  readonly value: Uint8Array;
}

/** What a PROXY header says. */
export interface ProxyHeader {
  /** Which form it has. */
  readonly version: 1 | 2;
  /** The visitor; `undefined` when the sender does not say (UNKNOWN, LOCAL: a health check of its own). */
  readonly source: ProxyAddress | undefined;
  /** Where the visitor connected to. */
  readonly destination: ProxyAddress | undefined;
  /** The extras of version 2. */
  readonly tlvs: readonly ProxyTlv[];
}

/** What to write. */
export interface ProxyHeaderOptions {
  /** The visitor. Without both addresses the header says that it is unknown. */
  readonly source?: ProxyAddress;
  /** Where the visitor connected to. */
  readonly destination?: ProxyAddress;
  /** Extras, version 2 only. @default none */
  readonly tlvs?: readonly ProxyTlv[];
}

/** Section 2.1: with UNKNOWN, the longest line of version 1, CRLF included. */
const MAX_V1_BYTES = 107;
const V1_PREFIX = "PROXY";
/** Section 2.2: CR LF CR LF NUL CR LF "QUIT" LF, which no sane HTTP or SMTP server takes for a request. */
const V2_SIGNATURE: readonly number[] = [
  13,
  10,
  13,
  10,
  0,
  13,
  10,
  0x51,
  0x55,
  0x49,
  0x54,
  10,
];
const V2_HEAD_BYTES = 16;
const MAX_V2_BYTES = V2_HEAD_BYTES + 4096;

/**
 * Writes a PROXY header.
 *
 * @param version 1 is text, 2 is binary
 * @param options whom it names; when one address is IPv4 and the other IPv6, both are written as IPv6
 * @throws {RangeError} when an address or a port is none, or the extras do not fit
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatProxyHeader } from "./proxy_protocol.ts";
 *
 * const bytes = formatProxyHeader(1, {
 *   source: { host: "192.0.2.7", port: 56324 },
 *   destination: { host: "198.51.100.1", port: 443 },
 * });
 * assert.equal(
 *   new TextDecoder().decode(bytes),
 *   "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n",
 * );
 * ```
 */
export function formatProxyHeader(
  version: 1 | 2,
  options: ProxyHeaderOptions = {},
): Uint8Array {
  const { source, destination, tlvs = [] } = options;
  let from: Uint8Array | undefined;
  let to: Uint8Array | undefined;
  if (source && destination) {
    from = addressBytes(source);
    to = addressBytes(destination);
    if (from.length !== to.length) {
      from = toIpv6(from);
      to = toIpv6(to);
    }
  }
  if (version === 1) {
    const text = from && to
      ? `PROXY TCP${from.length === 4 ? 4 : 6} ${formatIp(from)} ${formatIp(to)} ${source!.port} ${
        destination!.port
      }\r\n`
      : "PROXY UNKNOWN\r\n";
    const line = new Uint8Array(text.length);
    writeLatin1(text, line, 0);
    return line;
  }
  let length = from ? 2 * from.length + 4 : 0;
  for (const tlv of tlvs) length += 3 + tlv.value.length;
  if (length > 0xffff) {
    throw new RangeError(
      `Cannot write a PROXY header with ${length} bytes: more than 65535`,
    );
  }
  const bytes = new Uint8Array(V2_HEAD_BYTES + length);
  bytes.set(V2_SIGNATURE);
  // PROXY, TCP over IPv4 or IPv6; an unknown visitor is PROXY with UNSPEC (section 2.2).
  bytes[12] = 0x21;
  bytes[13] = !from ? 0x00 : from.length === 4 ? 0x11 : 0x21;
  writeU16(bytes, 14, length);
  let at = V2_HEAD_BYTES;
  if (from && to) {
    bytes.set(from, at);
    bytes.set(to, at + from.length);
    at += 2 * from.length;
    writeU16(bytes, at, source!.port);
    writeU16(bytes, at + 2, destination!.port);
    at += 4;
  }
  for (const { type, value } of tlvs) {
    bytes[at] = type;
    writeU16(bytes, at + 1, value.length);
    bytes.set(value, at + 3);
    at += 3 + value.length;
  }
  return bytes;
}

/**
 * Reads a PROXY header from the front of some bytes.
 *
 * @param bytes what has arrived so far
 * @returns the header and how many bytes it is long, or `undefined` when more are needed to tell
 * @throws {TunnelError} message_invalid as soon as it cannot become a PROXY header any more
 */
export function parseProxyHeader(
  bytes: Uint8Array,
): { header: ProxyHeader; length: number } | undefined {
  if (bytes.length === 0) return undefined;
  return bytes[0] === CR ? parseV2(bytes) : parseV1(bytes);
}

/**
 * Reads the PROXY header that a connection must begin with; the visitor's bytes stay in the stream.
 *
 * @param stream a connection from a load balancer that is trusted to say who the visitor is
 * @returns the header, or `undefined` when the connection ended before its first byte (a port check)
 * @throws {TunnelError} message_invalid when there is none, connection_closed when it is cut short
 */
export async function readProxyHeader(
  stream: Duplex,
): Promise<ProxyHeader | undefined> {
  let buffer = new Uint8Array(0);
  for (;;) {
    const next = stream.read();
    const chunk = next instanceof Promise ? await next : next;
    if (chunk === undefined) {
      if (buffer.length === 0) return undefined;
      throw new TunnelError(
        "connection_closed",
        `Cannot read the PROXY header: the connection ended after ${buffer.length} bytes`,
      );
    }
    // The header is at most 4 KiB long and nearly always comes whole, so copying it is no matter.
    const taken = Math.min(chunk.length, MAX_V2_BYTES - buffer.length);
    const joined = new Uint8Array(buffer.length + taken);
    joined.set(buffer);
    joined.set(chunk.subarray(0, taken), buffer.length);
    const parsed = parseProxyHeader(joined);
    if (parsed) {
      stream.unread(chunk.subarray(parsed.length - buffer.length));
      return parsed.header;
    }
    buffer = joined;
  }
}

function parseV1(
  bytes: Uint8Array,
): { header: ProxyHeader; length: number } | undefined {
  for (let at = 0; at < V1_PREFIX.length && at < bytes.length; at++) {
    if (bytes[at] !== V1_PREFIX.charCodeAt(at)) {
      throw invalid("it does not begin with one");
    }
  }
  const end = bytes.indexOf(LF);
  if (end < 0) {
    if (bytes.length >= MAX_V1_BYTES) {
      throw invalid(`no line end within ${MAX_V1_BYTES} bytes`);
    }
    return undefined;
  }
  if (end >= MAX_V1_BYTES) {
    throw invalid(`the line is longer than ${MAX_V1_BYTES} bytes`);
  }
  if (bytes[end - 1] !== CR) throw invalid("the line ends with LF without CR");
  const line = latin1(bytes, 0, end - 1);
  if (line === "PROXY UNKNOWN" || line.startsWith("PROXY UNKNOWN ")) {
    // Section 2.1: whatever stands before the CRLF is to be ignored.
    return { header: unknown(1, []), length: end + 1 };
  }
  const match = /^PROXY TCP([46]) ([^ ]+) ([^ ]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(
    line,
  );
  if (!match) {
    throw invalid(
      `${quote(line)} is not "PROXY TCP4 source destination port port"`,
    );
  }
  const size = match[1] === "4" ? 4 : 16;
  const source = parseIp(match[2]);
  const destination = parseIp(match[3]);
  const ports = [Number(match[4]), Number(match[5])];
  if (
    source?.length !== size || destination?.length !== size ||
    ports.some((port) => port > 65535)
  ) {
    throw invalid(`${quote(line)} has an address that is none`);
  }
  return {
    header: {
      version: 1,
      source: { host: formatIp(source), port: ports[0] },
      destination: { host: formatIp(destination), port: ports[1] },
      tlvs: [],
    },
    length: end + 1,
  };
}

function parseV2(
  bytes: Uint8Array,
): { header: ProxyHeader; length: number } | undefined {
  for (let at = 0; at < V2_SIGNATURE.length && at < bytes.length; at++) {
    if (bytes[at] !== V2_SIGNATURE[at]) {
      throw invalid("it does not begin with one");
    }
  }
  if (bytes.length < V2_HEAD_BYTES) return undefined;
  const command = bytes[12];
  if (command !== 0x20 && command !== 0x21) {
    throw invalid(`version and command are ${hex(command)}, not 0x20 or 0x21`);
  }
  const family = bytes[13];
  const length = V2_HEAD_BYTES + readU16(bytes, 14);
  if (length > MAX_V2_BYTES) {
    throw invalid(`it is ${length} bytes long, more than ${MAX_V2_BYTES}`);
  }
  if (bytes.length < length) return undefined;
  // Section 2.2: LOCAL means the sender's own connection, whatever addresses it carries.
  if (command === 0x20) return { header: unknown(2, []), length };
  const size = ADDRESS_BYTES[family];
  if (size === undefined) {
    throw invalid(`the address family is ${hex(family)}, which is none`);
  }
  if (length < V2_HEAD_BYTES + size) {
    throw invalid(`${length} bytes are too few for its addresses`);
  }
  const tlvs = readTlvs(bytes.subarray(V2_HEAD_BYTES + size, length));
  // Over unix sockets and for UNSPEC there is no IP address to tell; for datagrams it is not us who
  // should have got it.
  if (family === 0x12 || family === 0x22) {
    throw invalid("it announces datagrams");
  }
  if (family !== 0x11 && family !== 0x21) {
    return { header: unknown(2, tlvs), length };
  }
  const ip = (size - 4) / 2;
  const source = bytes.subarray(V2_HEAD_BYTES, V2_HEAD_BYTES + ip);
  const destination = bytes.subarray(
    V2_HEAD_BYTES + ip,
    V2_HEAD_BYTES + 2 * ip,
  );
  const ports = V2_HEAD_BYTES + 2 * ip;
  return {
    header: {
      version: 2,
      source: { host: formatIp(source), port: readU16(bytes, ports) },
      destination: {
        host: formatIp(destination),
        port: readU16(bytes, ports + 2),
      },
      tlvs,
    },
    length,
  };
}

/** How many bytes the addresses of each family and transport take. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  0x00: 0,
  0x11: 12,
  0x12: 12,
  0x21: 36,
  0x22: 36,
  0x31: 216,
  0x32: 216,
};

function readTlvs(bytes: Uint8Array): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 3 + readU16(bytes, at + 1);
    if (at + 3 > bytes.length || end > bytes.length) {
      throw invalid("an extra is longer than the rest");
    }
    tlvs.push({ type: bytes[at], value: bytes.slice(at + 3, end) });
    at = end;
  }
  return tlvs;
}

function unknown(version: 1 | 2, tlvs: readonly ProxyTlv[]): ProxyHeader {
  return { version, source: undefined, destination: undefined, tlvs };
}

function addressBytes({ host, port }: ProxyAddress): Uint8Array {
  const zone = host.indexOf("%"); // fe80::1%eth0: the zone means nothing to another machine
  const bytes = parseIp(zone < 0 ? host : host.slice(0, zone));
  if (!bytes) {
    throw new RangeError(
      `Cannot write a PROXY header: ${quote(host)} is no IP address`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`Cannot write a PROXY header: ${port} is no port`);
  }
  return bytes;
}

function toIpv6(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped[10] = mapped[11] = 0xff;
  mapped.set(bytes, 12);
  return mapped;
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

function invalid(found: string): TunnelError {
  return new TunnelError(
    "message_invalid",
    `Cannot read the PROXY header: ${found}`,
  );
}
