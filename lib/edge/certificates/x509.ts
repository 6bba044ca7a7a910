/**
 * What a certificate says, and whether a key is its own. The X.509 library behind it is large, so it
 * is loaded when the first certificate is looked at.
 *
 * Called by everything in this folder that gets certificates from elsewhere.
 *
 * @module
 */
import type * as X509 from "@peculiar/x509";
import { TunnelError } from "../../base/errors.ts";
import type { Certificate } from "../../runtime/net.ts";
import { algorithmOf, formatPem, pkcs8OfPkcs1, pkcs8OfSec1, readPem } from "./pem.ts";

/** What a leaf says. */
export interface LeafFacts {
  /** DNS names and IP addresses, lower case. */
  readonly names: readonly string[];
  /** When it begins, milliseconds since 1970. */
  readonly notBeforeMs: number;
  /** When it ends, likewise. */
  readonly notAfterMs: number;
  /** Its number, hexadecimal, two digits a byte. */
  readonly serial: string;
  /** The common name of who signed it. */
  readonly issuer: string;
  /** The key identifier of who signed it, hexadecimal; `undefined` when it does not say. */
  readonly authorityKeyId: string | undefined;
}

/** The library, with the shim it needs first. */
export async function loadX509(): Promise<typeof X509> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

/**
 * Reads the leaf of a chain.
 *
 * @param chainPem the leaf first
 * @throws {TunnelError} config_invalid when it cannot be read
 */
export async function readLeaf(chainPem: string): Promise<LeafFacts> {
  const x509 = await loadX509();
  const leaf = parseLeaf(x509, chainPem);
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const authority = leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  return {
    names: names.filter(({ type }) => type === "dns" || type === "ip")
      .map(({ value }) => value.toLowerCase()),
    notBeforeMs: leaf.notBefore.getTime(),
    notAfterMs: leaf.notAfter.getTime(),
    serial: evenHex(leaf.serialNumber),
    issuer: leaf.issuerName.getField("CN")[0] ?? leaf.issuer,
    authorityKeyId: authority?.toLowerCase(),
  };
}

function parseLeaf(x509: typeof X509, chainPem: string): X509.X509Certificate {
  const block = readPem(chainPem)?.find(({ label }) => label === "CERTIFICATE");
  if (!block) throw unreadable("there is no certificate in it");
  try {
    return new x509.X509Certificate(new Uint8Array(block.der));
  } catch (cause) {
    throw unreadable(cause instanceof Error ? cause.message : String(cause));
  }
}

/**
 * Puts a chain and its key together, as every TLS stack reads them.
 *
 * @param chainPem the leaf first
 * @param keyPem PKCS#8, PKCS#1 or SEC 1, not encrypted
 * @throws {TunnelError} config_invalid when one cannot be read, or the key is another one's
 */
export async function pairUp(chainPem: string, keyPem: string): Promise<Certificate> {
  const x509 = await loadX509();
  const leaf = parseLeaf(x509, chainPem);
  const pkcs8 = pkcs8Of(keyPem);
  if (!await ownsKey(new Uint8Array(leaf.publicKey.rawData), pkcs8)) {
    throw unreadable("the private key is not that of the certificate");
  }
  const chain = readPem(chainPem)!.filter(({ label }) => label === "CERTIFICATE");
  return {
    chainPem: chain.map(({ label, der }) => formatPem(label, der)).join(""),
    keyPem: formatPem("PRIVATE KEY", pkcs8),
  };
}

function pkcs8Of(keyPem: string): Uint8Array {
  const block = readPem(keyPem)?.find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (!block) throw unreadable("there is no private key with it");
  if (block.label === "ENCRYPTED PRIVATE KEY" || block.headers !== "") {
    throw unreadable("the private key is encrypted; store it without a passphrase");
  }
  const pkcs8 = block.label === "RSA PRIVATE KEY"
    ? pkcs8OfPkcs1(block.der)
    : block.label === "EC PRIVATE KEY"
    ? pkcs8OfSec1(block.der)
    : block.der;
  if (!pkcs8 || !algorithmOf(pkcs8)) throw unreadable("the kind of its private key is unknown");
  return pkcs8;
}

/**
 * Whether a private key belongs to a public one: what the one signs, the other must confirm.
 *
 * @param spki the public key as SubjectPublicKeyInfo
 * @param pkcs8 the private key
 * @throws what WebCrypto throws at a key that it cannot read
 */
export async function ownsKey(spki: Uint8Array, pkcs8: Uint8Array): Promise<boolean> {
  const algorithm = algorithmOf(pkcs8);
  if (!algorithm || JSON.stringify(algorithm) !== JSON.stringify(algorithmOf(spki))) return false;
  const { subtle } = crypto;
  const sample = crypto.getRandomValues(new Uint8Array(32));
  const open = await subtle.importKey("spki", new Uint8Array(spki), algorithm, false, ["verify"]);
  const key = await subtle.importKey("pkcs8", new Uint8Array(pkcs8), algorithm, false, ["sign"]);
  const signature = await subtle.sign(algorithm, key, sample);
  return await subtle.verify(algorithm, open, signature, sample);
}

/** Serial numbers are bytes: two digits each. */
export function evenHex(text: string): string {
  return (text.length % 2 === 0 ? text : `0${text}`).toLowerCase();
}

/**
 * Whether a name of a certificate covers a host: itself, or by a wildcard one label deep.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { coversName } from "./x509.ts";
 *
 * assert.ok(coversName("*.example.com", "a.example.com"));
 * assert.ok(!coversName("*.example.com", "a.b.example.com"));
 * ```
 */
export function coversName(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  return pattern.startsWith("*.") && host.slice(host.indexOf(".")) === pattern.slice(1) &&
    host.indexOf(".") > 0;
}

function unreadable(found: string): TunnelError {
  return new TunnelError("config_invalid", `Cannot use the certificate: ${found}`);
}
