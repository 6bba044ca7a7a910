/**
 * What a TLS client says first: which name it wants and what it speaks. The TLS door looks at it
 * before anything is answered, gives every byte back, and then either passes the connection on or
 * terminates it. Sections are those of RFC 8446 unless said.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { parseAuthority } from "./authority.ts";
import { latin1, quote } from "./chars.ts";
import { parseIp } from "./ip_address.ts";

/** A ClientHello, as far as a door needs it. */
export interface ClientHello {
  /** The name asked for, lower-case, without a final dot; `undefined` when none is (or an IP address, which RFC 6066 section 3 forbids). */
  readonly serverName: string | undefined;
  /** The protocols offered, most wanted first. */
  readonly alpn: readonly string[];
  /** The TLS versions offered, as numbers: 0x0304 is TLS 1.3. Unknown and GREASE values are left out. */
  readonly versions: readonly number[];
  /** How many bytes it takes on the wire, with its record headers. */
  readonly length: number;
}

/** What can be wrong with the first bytes of a TLS connection. */
export type ClientHelloFault =
  | "plain_http"
  | "not_tls"
  | "malformed"
  | "server_name"
  | "too_large";

/**
 * The visitor does not speak TLS, or not well enough to tell what it wants. The bytes were given
 * back to the stream: at "plain_http" a door can still read the request and say where it belongs.
 */
export class ClientHelloError extends TunnelError {
  /** What is wrong, for programs. */
  readonly fault: ClientHelloFault;

  /**
   * Names a fault; the code is tls_failed.
   *
   * @param fault what is wrong
   * @param found the rest of the sentence "Cannot read the ClientHello: …"
   */
  constructor(fault: ClientHelloFault, found: string) {
    super("tls_failed", `Cannot read the ClientHello: ${found}`);
    this.fault = fault;
  }
}

/** What a ClientHello may cost. */
export interface ClientHelloLimits {
  /** The whole of it on the wire (edge.md I: a message has 64 KB). @default {65536} */
  readonly maxBytes?: number;
}

const MAX_BYTES = 65_536;
/** A handshake message may be cut into records anywhere (section 5.1); nobody needs more than a few. */
const MAX_RECORDS = 64;
const RECORD_HEADER_BYTES = 5;
const MAX_RECORD_BYTES = 16_384;

/**
 * Reads a ClientHello from the front of some bytes.
 *
 * @param bytes what has arrived so far
 * @param limits how large it may be
 * @returns the ClientHello, or "more" when it is not complete
 * @throws {ClientHelloError} as soon as it cannot become one any more
 */
export function parseClientHello(
  bytes: Uint8Array,
  limits: ClientHelloLimits = {},
): ClientHello | "more" {
  const message = collect(bytes, limits.maxBytes ?? MAX_BYTES);
  return typeof message === "number" ? "more" : readMessage(message.bytes, message.length);
}

/**
 * Looks at the ClientHello that a connection begins with. Every byte that was read is given back,
 * also when this throws.
 *
 * @param stream a visitor's connection, unread
 * @param limits how large it may be
 * @returns the ClientHello, or `undefined` when the connection ended before its first byte
 * @throws {ClientHelloError} tls_failed when the first bytes are not a ClientHello
 * @throws {TunnelError} connection_closed when it is cut short
 */
export async function readClientHello(
  stream: Duplex,
  limits: ClientHelloLimits = {},
): Promise<ClientHello | undefined> {
  const maxBytes = limits.maxBytes ?? MAX_BYTES;
  let buffer = new Uint8Array(0);
  let size = 0;
  let wanted = 1;
  try {
    for (;;) {
      const next = stream.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === undefined) {
        if (size === 0) return undefined;
        throw new TunnelError(
          "connection_closed",
          `Cannot read the ClientHello: the connection ended after ${size} bytes`,
        );
      }
      if (size === 0) {
        buffer = chunk as Uint8Array<ArrayBuffer>;
      } else {
        if (size + chunk.length > buffer.length) {
          const larger = new Uint8Array(
            Math.max(1024, 2 * (size + chunk.length)),
          );
          larger.set(buffer.subarray(0, size));
          buffer = larger;
        }
        buffer.set(chunk, size);
      }
      size += chunk.length;
      if (size < wanted) continue;
      const message = collect(buffer.subarray(0, size), maxBytes);
      if (typeof message !== "number") {
        return readMessage(message.bytes, message.length);
      }
      wanted = message;
    }
  } finally {
    stream.unread(buffer.subarray(0, size));
  }
}

/**
 * Puts the handshake message together from its records.
 *
 * @returns the message with its header and how far it reaches, or how many bytes must be there
 * before it is worth looking again
 */
function collect(
  bytes: Uint8Array,
  maxBytes: number,
): { bytes: Uint8Array; length: number } | number {
  if (bytes.length > 0 && bytes[0] !== 22) throw notTls(bytes);
  const parts: Uint8Array[] = [];
  let at = 0;
  let have = 0;
  let need = 4; // of the message: its type and its length, until that is known
  for (let records = 0;; records++) {
    const body = at + RECORD_HEADER_BYTES;
    const seen = Math.min(bytes.length, body);
    if (seen > at && bytes[at] !== 22) {
      throw malformed("another record stands in the middle of it");
    }
    if (seen > at + 1 && bytes[at + 1] !== 3) {
      throw malformed("its record has no TLS version");
    }
    if (records === MAX_RECORDS) {
      throw malformed(`it is cut into more than ${MAX_RECORDS} records`);
    }
    if (seen < body) return within(body, maxBytes);
    const length = (bytes[at + 3] << 8) | bytes[at + 4];
    // Section 5.1: no empty fragments of handshake messages.
    if (length === 0 || length > MAX_RECORD_BYTES) {
      throw malformed(`a record of ${length} bytes`);
    }
    const part = bytes.subarray(body, body + length);
    if (have === 0 && part.length > 0 && part[0] !== 1) {
      throw malformed(`its first message has type ${part[0]}`);
    }
    parts.push(part);
    have += part.length;
    if (need === 4 && have >= 4) {
      const head = join(parts, 4);
      need = 4 + ((head[1] << 16) | (head[2] << 8) | head[3]);
      // With 4 the length is zero, and no ClientHello is that short.
      if (need > maxBytes) throw tooLarge(maxBytes);
      if (need === 4) throw malformed("it is empty");
    }
    if (have >= need && need > 4) {
      const end = body + part.length - (have - need);
      within(end, maxBytes);
      return { bytes: join(parts, need), length: end };
    }
    if (part.length < length) {
      return within(
        Math.min(body + length, body + need - (have - part.length)),
        maxBytes,
      );
    }
    at = body + length;
  }
}

function within(size: number, maxBytes: number): number {
  if (size > maxBytes) throw tooLarge(maxBytes);
  return size;
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts[0].length >= size) return parts[0].subarray(0, size);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    const piece = part.subarray(0, size - at);
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Section 4.1.2, behind the type and the length of the message. */
function readMessage(bytes: Uint8Array, length: number): ClientHello {
  const hello = new Reader(bytes.subarray(4));
  const legacyVersion = hello.u16();
  hello.take(32); // random
  if (hello.vector8().length > 32) {
    throw malformed("its session id is longer than 32 bytes");
  }
  const suites = hello.vector16();
  if (suites.length < 2 || suites.length % 2 !== 0) {
    throw malformed("its cipher suites are uneven");
  }
  if (hello.vector8().length < 1) {
    throw malformed("it offers no compression method");
  }
  let serverName: string | undefined;
  let alpn: readonly string[] = [];
  let versions: readonly number[] | undefined;
  // RFC 5246 section 7.4.1.2: the extensions may be missing as a whole.
  if (!hello.done) {
    const extensions = new Reader(hello.vector16());
    if (!hello.done) throw malformed("bytes follow its extensions");
    const seen = new Set<number>();
    while (!extensions.done) {
      const type = extensions.u16();
      const body = new Reader(extensions.vector16());
      // Section 4.2: one of each type. Which of two names would count is anybody's guess.
      if (seen.has(type)) {
        throw malformed(`its extension ${type} is there twice`);
      }
      seen.add(type);
      if (type === 0) serverName = readServerName(body);
      else if (type === 16) alpn = readAlpn(body);
      else if (type === 43) versions = readVersions(body);
    }
  }
  return {
    serverName,
    alpn,
    versions: versions ?? versionsUpTo(legacyVersion),
    length,
  };
}

/** RFC 6066 section 3. */
function readServerName(body: Reader): string | undefined {
  const names = new Reader(body.vector16());
  if (!body.done) throw malformed("bytes follow its server names");
  let name: string | undefined;
  while (!names.done) {
    const type = names.u8();
    const bytes = names.vector16();
    if (type !== 0) continue;
    if (name !== undefined) throw malformed("it names two servers");
    name = latin1(bytes, 0, bytes.length);
  }
  if (name === undefined) throw malformed("its server name extension is empty");
  if (parseIp(name)) return undefined;
  const authority = name.includes(":") ? undefined : parseAuthority(name);
  if (!authority) {
    throw new ClientHelloError(
      "server_name",
      `${quote(name)} is not a host name`,
    );
  }
  return authority.host;
}

/** RFC 7301 section 3.1. */
function readAlpn(body: Reader): readonly string[] {
  const protocols = new Reader(body.vector16());
  if (!body.done) throw malformed("bytes follow its protocols");
  const names: string[] = [];
  while (!protocols.done) {
    const bytes = protocols.vector8();
    if (bytes.length === 0) {
      throw malformed("it offers a protocol without a name");
    }
    if (!isGrease(bytes)) names.push(latin1(bytes, 0, bytes.length));
  }
  if (names.length === 0) throw malformed("it offers no protocol in ALPN");
  return names;
}

/** Section 4.2.1. */
function readVersions(body: Reader): readonly number[] {
  const list = new Reader(body.vector8());
  if (!body.done) throw malformed("bytes follow its versions");
  const versions: number[] = [];
  while (!list.done) {
    const version = list.u16();
    if (version >= 0x0300 && version <= 0x0304) versions.push(version);
  }
  return versions;
}

/** A client that does not list its versions speaks all up to the one it names, TLS 1.2 at most. */
function versionsUpTo(version: number): readonly number[] {
  const versions: number[] = [];
  for (let each = Math.min(version, 0x0303); each >= 0x0300; each--) {
    versions.push(each);
  }
  return versions;
}

/** RFC 8701: values sent at random, to be ignored. */
function isGrease(bytes: Uint8Array): boolean {
  return bytes.length === 2 && bytes[0] === bytes[1] &&
    (bytes[0] & 0x0f) === 0x0a;
}

/** Takes length-prefixed parts off a message, never beyond its end. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) {
      throw malformed("a part of it is longer than the rest");
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  u8(): number {
    return this.take(1)[0];
  }

  u16(): number {
    const bytes = this.take(2);
    return (bytes[0] << 8) | bytes[1];
  }

  vector8(): Uint8Array {
    return this.take(this.u8());
  }

  vector16(): Uint8Array {
    return this.take(this.u16());
  }
}

function notTls(bytes: Uint8Array): ClientHelloError {
  // The methods in use begin with one of these. (S is SSH far more often than SEARCH.)
  return "BCDGHLMOPTU".includes(String.fromCharCode(bytes[0]))
    ? new ClientHelloError("plain_http", "the visitor speaks plain HTTP")
    : new ClientHelloError("not_tls", "the visitor does not speak TLS");
}

function malformed(found: string): ClientHelloError {
  return new ClientHelloError("malformed", found);
}

function tooLarge(maxBytes: number): ClientHelloError {
  return new ClientHelloError(
    "too_large",
    `it is larger than ${maxBytes} bytes`,
  );
}
