/**
 * Questions and answers of DNS as bytes (RFC 1035), as far as the addresses of a name need them.
 * `resolve_https.ts` sends them over HTTPS, where no runtime does it for us.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { formatIp } from "../http/ip_address.ts";

/** Which kind of address is asked for. */
export type AddressType = "A" | "AAAA";

const TYPES: Readonly<Record<AddressType, number>> = { A: 1, AAAA: 28 };
const CNAME = 5;
const CLASS_IN = 1;
const HEADER_BYTES = 12;

/**
 * Asks for the addresses of a name. The id is 0, so that caches of HTTP know the question again
 * (RFC 8484, 4.1).
 *
 * @param name in ASCII, without a dot at its end
 * @param type which kind of address
 */
export function encodeQuestion(name: string, type: AddressType): Uint8Array {
  const labels = name.split(".");
  const bytes = new Uint8Array(HEADER_BYTES + name.length + 2 + 4);
  bytes[2] = 1; // recursion desired
  bytes[5] = 1; // one question
  let at = HEADER_BYTES;
  for (const label of labels) {
    if (label === "" || label.length > 63) {
      throw new TunnelError("address_invalid", `Cannot resolve "${name}": it is not a host name`);
    }
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  bytes[at + 2] = TYPES[type];
  bytes[at + 4] = CLASS_IN;
  return bytes;
}

/** What a name server said. */
export interface NameAnswer {
  /** 0 is well, 2 the server failed, 3 there is no such name (RFC 1035, 4.1.1). */
  readonly code: number;
  /** The addresses, in the order of the answer. */
  readonly addresses: readonly string[];
}

/**
 * Reads an answer. Aliases are followed by the server; their records are passed over.
 *
 * @param bytes the whole message
 * @param type which kind of address was asked for
 * @throws {TunnelError} message_invalid
 */
export function decodeAnswer(bytes: Uint8Array, type: AddressType): NameAnswer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const addresses: string[] = [];
  try {
    if ((view.getUint8(2) & 0x80) === 0) throw new RangeError("it is a question");
    const code = view.getUint8(3) & 0x0f;
    let at = HEADER_BYTES;
    for (let left = view.getUint16(4); left > 0; left--) at = skipName(view, at) + 4;
    for (let left = view.getUint16(6); left > 0; left--) {
      at = skipName(view, at);
      const kind = view.getUint16(at);
      const length = view.getUint16(at + 8);
      const start = at + 10;
      at = start + length;
      if (at > bytes.length) throw new RangeError("a record goes beyond its end");
      if (kind === CNAME || kind !== TYPES[type]) continue;
      if (length !== (type === "A" ? 4 : 16)) throw new RangeError("an address has a wrong length");
      addresses.push(formatIp(bytes.slice(start, at)));
    }
    return { code, addresses };
  } catch (cause) {
    throw new TunnelError("message_invalid", "Cannot read the answer of a name server", { cause });
  }
}

/** Behind a name; one that is told by reference ends with the reference (RFC 1035, 4.1.4). */
function skipName(view: DataView, from: number): number {
  let at = from;
  for (;;) {
    const length = view.getUint8(at);
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2;
    at += 1 + length;
  }
}
