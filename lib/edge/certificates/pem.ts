/**
 * PEM (RFC 7468) as people paste it, and private keys in the one form that WebCrypto and every TLS
 * stack read: PKCS#8.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../base/base64.ts";

/** One block. */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string;
  /** What is in it. */
  readonly der: Uint8Array;
  /** Whether lines such as `Proc-Type:` stand before the data. */
  readonly headers: string;
}

/**
 * Reads all blocks; text between them is skipped.
 *
 * @param text PEM
 * @returns `undefined` when a block is damaged
 */
export function readPem(text: string): PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  const form = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([\s\S]*?)-----END ([A-Z0-9 ]{1,64})-----/g;
  for (const [, label, body, end] of text.matchAll(form)) {
    const split = /^((?:[A-Za-z0-9-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*)\s*([A-Za-z0-9+/=\s]*)$/.exec(
      body,
    );
    if (label !== end || !split) return undefined;
    const der = fromBase64(split[2].replace(/\s/g, ""));
    if (!der?.length) return undefined;
    blocks.push({ label, der, headers: split[1].trim() });
  }
  return blocks;
}

/** Writes a block. */
export function formatPem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** An element of DER: where it and its content are. */
interface Element {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

const TAG = { integer: 0x02, octets: 0x04, oid: 0x06, sequence: 0x30, parameters: 0xa0 } as const;

/** The element that begins at a place. X.690 8.1; lengths of up to three bytes. */
function readElement(der: Uint8Array, start: number): Element | undefined {
  const tag = der[start];
  let length = der[start + 1];
  let content = start + 2;
  if (tag === undefined || length === undefined) return undefined;
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count < 1 || count > 3) return undefined;
    length = 0;
    for (let at = 0; at < count; at++) length = length * 256 + (der[content++] ?? NaN);
  }
  const end = content + length;
  return end <= der.length ? { tag, start, content, end } : undefined;
}

/** The elements inside another one. */
function children(der: Uint8Array, of: Element): Element[] {
  const found: Element[] = [];
  for (let at = of.content; at < of.end;) {
    const element = readElement(der, at);
    if (!element) return [];
    found.push(element);
    at = element.end;
  }
  return found;
}

function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const length = size < 0x80
    ? [size]
    : size < 0x100
    ? [0x81, size]
    : size < 0x10000
    ? [0x82, size >> 8, size & 0xff]
    : [0x83, size >> 16, (size >> 8) & 0xff, size & 0xff];
  const whole = new Uint8Array(1 + length.length + size);
  whole.set([tag, ...length]);
  let at = 1 + length.length;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const VERSION_0 = encode(TAG.integer, new Uint8Array([0]));
/** rsaEncryption (RFC 8017 appendix C) with its NULL. */
const RSA = new Uint8Array([6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
/** id-ecPublicKey (RFC 5480 2.1.1). */
const EC = new Uint8Array([6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);

/** A PKCS#1 key (RFC 8017 A.1.2) as PKCS#8 (RFC 5958). */
export function pkcs8OfPkcs1(der: Uint8Array): Uint8Array {
  return encode(TAG.sequence, VERSION_0, encode(TAG.sequence, RSA), encode(TAG.octets, der));
}

/**
 * A SEC 1 key (RFC 5915) as PKCS#8.
 *
 * @returns `undefined` when it is none, or does not name its curve
 */
export function pkcs8OfSec1(der: Uint8Array): Uint8Array | undefined {
  const whole = readElement(der, 0);
  const parameters = whole && children(der, whole).find(({ tag }) => tag === TAG.parameters);
  const curve = parameters && readElement(der, parameters.content);
  if (!curve || curve.tag !== TAG.oid) return undefined;
  const algorithm = encode(TAG.sequence, EC, der.slice(curve.start, curve.end));
  return encode(TAG.sequence, VERSION_0, algorithm, encode(TAG.octets, der));
}

const CURVES: Readonly<Record<string, string>> = {
  "2a8648ce3d030107": "P-256",
  "2b81040022": "P-384",
  "2b81040023": "P-521",
};

/** How WebCrypto names an algorithm to sign with. */
export type SigningAlgorithm =
  | { readonly name: "RSASSA-PKCS1-v1_5"; readonly hash: "SHA-256" }
  | { readonly name: "ECDSA"; readonly namedCurve: string; readonly hash: "SHA-256" }
  | { readonly name: "Ed25519" };

/**
 * The algorithm of a key.
 *
 * @param der a private key as PKCS#8, or a public one as SubjectPublicKeyInfo
 * @returns `undefined` when it is another one
 */
export function algorithmOf(der: Uint8Array): SigningAlgorithm | undefined {
  const whole = readElement(der, 0);
  const algorithm = whole && children(der, whole).find(({ tag }) => tag === TAG.sequence);
  if (!algorithm) return undefined;
  const [name, curve] = children(der, algorithm).map(({ content, end }) =>
    [...der.subarray(content, end)].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  );
  if (name === "2a864886f70d010101") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (name === "2b6570") return { name: "Ed25519" };
  const namedCurve = name === "2a8648ce3d0201" ? CURVES[curve] : undefined;
  return namedCurve === undefined ? undefined : { name: "ECDSA", namedCurve, hash: "SHA-256" };
}
