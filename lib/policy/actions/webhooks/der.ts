/**
 * As much of DER (X.690) as webhook signatures need: the two numbers of an ECDSA signature, and the
 * public key in a certificate. Strict about lengths; knows nothing else.
 *
 * @module
 */
import { fromBase64 } from "../../../base/base64.ts";

/** One element. */
export interface DerElement {
  /** Its tag byte. */
  readonly tag: number;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
  /** Content alone. */
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
/** The explicit version of a certificate: `[0]`. */
const VERSION = 0xa0;

/** The elements in a row; `undefined` when the bytes are not exactly that. */
export function derElements(bytes: Uint8Array): DerElement[] | undefined {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const begin = at;
    const tag = bytes[at++];
    // Tags of several bytes occur in nothing that is read here.
    if ((tag & 0x1f) === 0x1f || at >= bytes.length) return undefined;
    let length = bytes[at++];
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 3 || at + count > bytes.length) return undefined;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + bytes[at++];
    }
    if (at + length > bytes.length) return undefined;
    elements.push({
      tag,
      whole: bytes.subarray(begin, at + length),
      content: bytes.subarray(at, at + length),
    });
    at += length;
  }
  return elements.length > 0 ? elements : undefined;
}

/** The elements of a sequence that is all there is. */
function sequence(bytes: Uint8Array): DerElement[] | undefined {
  const elements = derElements(bytes);
  if (elements?.length !== 1 || elements[0].tag !== SEQUENCE) return undefined;
  return derElements(elements[0].content);
}

/**
 * An ECDSA signature as WebCrypto wants it: both numbers, each filled up to the size of the curve.
 *
 * @param der as OpenSSL writes it
 * @param sizeBytes of the curve: 32 for P-256
 * @returns `undefined` when it is none
 */
export function ecdsaFromDer(der: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  const numbers = sequence(der);
  if (numbers?.length !== 2) return undefined;
  const raw = new Uint8Array(sizeBytes * 2);
  for (let i = 0; i < 2; i++) {
    if (numbers[i].tag !== INTEGER) return undefined;
    let number = numbers[i].content;
    while (number.length > 1 && number[0] === 0) number = number.subarray(1);
    if (number.length > sizeBytes) return undefined;
    raw.set(number, (i + 1) * sizeBytes - number.length);
  }
  return raw;
}

/**
 * The public key of a certificate (SubjectPublicKeyInfo, RFC 5280 section 4.1).
 *
 * @param pem the certificate, PEM
 * @returns `undefined` when it is none
 */
export function publicKeyOfCertificate(pem: string): Uint8Array | undefined {
  const match = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem);
  const der = match ? fromBase64(match[1].replace(/\s+/g, "")) : undefined;
  const certificate = der && sequence(der);
  const signed = certificate?.[0];
  if (signed?.tag !== SEQUENCE) return undefined;
  const fields = derElements(signed.content);
  if (!fields) return undefined;
  // version?, serial number, algorithm, issuer, validity, subject, key.
  const key = fields[(fields[0].tag === VERSION ? 1 : 0) + 5];
  return key?.tag === SEQUENCE ? key.whole : undefined;
}
