/**
 * What is in a certificate that somebody uploads, and whether its key is its own (spec rest-api E20,
 * E21). The X.509 library is loaded when the first one comes.
 *
 * @module
 */
import type * as X509 from "@peculiar/x509";
import type { Json } from "./resource.ts";
import { formatTime } from "./events.ts";
import {
  algorithmOf,
  formatPem,
  type PemBlock,
  pkcs8OfPkcs1,
  pkcs8OfSec1,
  readPem,
} from "../edge/certificates/pem.ts";
import { evenHex, loadX509, ownsKey } from "../edge/certificates/x509.ts";
import { ApiProblem, problem } from "./problem.ts";

/** The longest chain. */
const MAX_PEM_CHARS = 65_536;

/** A certificate with its key, checked. */
export interface CheckedCertificate {
  /** What the leaf says, as answers have it. */
  readonly facts: Json;
  /** The key as PKCS#8. */
  readonly privateKeyPem: string;
}

/**
 * Checks an uploaded certificate.
 *
 * @param certificatePem leaf first, then what signed it
 * @param privateKeyPem PKCS#8, PKCS#1 or SEC 1
 * @throws {ApiProblem} 1900 to 1903, 1910, 1911, 1919 to 1926
 */
export async function checkCertificate(
  certificatePem: string,
  privateKeyPem: string,
): Promise<CheckedCertificate> {
  const chain = await readCertificates(certificatePem);
  const pkcs8 = readPrivateKey(privateKeyPem);
  const [leaf] = chain;
  await checkPair(new Uint8Array(leaf.publicKey.rawData), pkcs8);
  for (const [at, signed] of chain.entries()) {
    const signer = chain[at + 1];
    if (!signer || await signed.verify({ publicKey: signer, signatureOnly: true })) continue;
    const names = chain.map(commonName).join('", "');
    throw problem(
      1926,
      `The chain has "${names}" in this order, but "${commonName(signed)}" is not signed by ` +
        `"${commonName(signer)}"`,
    );
  }
  return { facts: await leafFacts(leaf), privateKeyPem: formatPem("PRIVATE KEY", pkcs8) };
}

/**
 * What the leaf of a chain says, as answers have it.
 *
 * @param chainPem leaf first
 * @throws {ApiProblem} 1919 to 1925 when it cannot be read
 */
export async function certificateFacts(chainPem: string): Promise<Json> {
  const [leaf] = await readCertificates(chainPem);
  return await leafFacts(leaf);
}

/**
 * Checks an uploaded authority.
 *
 * @param caPem one certificate
 * @returns what it says, as answers have it
 * @throws {ApiProblem} 1900, 1910 to 1913, 1919 to 1925
 */
export async function checkAuthority(caPem: string): Promise<Json> {
  const certificates = await readCertificates(caPem);
  const [authority] = certificates;
  if (certificates.length > 1) {
    const names = certificates.map(commonName).join('", "');
    throw problem(1912, `There are ${certificates.length} certificates: "${names}"; upload one`);
  }
  const { BasicConstraintsExtension } = await loadX509();
  const constraints = authority.getExtension(BasicConstraintsExtension);
  if (!constraints?.ca) {
    throw problem(
      1913,
      `"${commonName(authority)}" is not an authority: its Basic Constraints do not say CA`,
    );
  }
  return {
    subject_common_name: commonName(authority),
    not_before: formatTime(authority.notBefore.getTime()),
    not_after: formatTime(authority.notAfter.getTime()),
    ...await usages(authority),
  };
}

async function readCertificates(pem: string): Promise<X509.X509Certificate[]> {
  if (pem.trim() === "") throw problem(1919, "There is no certificate");
  if (pem.length > MAX_PEM_CHARS) {
    throw problem(1921, `The certificate is longer than ${MAX_PEM_CHARS} characters`);
  }
  const blocks = readPem(pem);
  if (!blocks || blocks.length === 0) throw problem(1920, "The certificate is not PEM");
  for (const { label, headers } of blocks) {
    if (headers !== "") throw problem(1910, "The PEM of a certificate has no headers");
    if (isPrivateKey(label)) throw problem(1925, "The certificate is a private key");
    if (label !== "CERTIFICATE") throw problem(1911, `A "${label}" is not a "CERTIFICATE"`);
  }
  const { X509Certificate } = await loadX509();
  return blocks.map(({ der }) => {
    try {
      return new X509Certificate(new Uint8Array(der));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The certificate cannot be read: ${reason}`;
      throw new ApiProblem(400, message, { ngrokCode: 1900, cause });
    }
  });
}

function isPrivateKey(label: string): boolean {
  return label.endsWith("PRIVATE KEY");
}

function readPrivateKey(pem: string): Uint8Array {
  const blocks = readPem(pem.slice(0, MAX_PEM_CHARS)) ?? [];
  const key = blocks.find(({ label }) => isPrivateKey(label));
  if (!key) {
    if (blocks.some(({ label }) => label === "CERTIFICATE")) {
      throw problem(1924, "The private key is a certificate");
    }
    throw problem(1901, "There is no private key in PEM");
  }
  if (key.label.startsWith("ENCRYPTED") || key.headers.includes("ENCRYPTED")) {
    throw problem(1902, "The private key is encrypted: upload it without a passphrase");
  }
  const pkcs8 = toPkcs8(key);
  if (pkcs8 && algorithmOf(pkcs8)) return pkcs8;
  throw problem(1903, "The private key must be RSA, ECDSA (P-256, P-384, P-521) or Ed25519");
}

function toPkcs8({ label, der }: PemBlock): Uint8Array | undefined {
  if (label === "RSA PRIVATE KEY") return pkcs8OfPkcs1(der);
  if (label === "EC PRIVATE KEY") return pkcs8OfSec1(der);
  return label === "PRIVATE KEY" ? der : undefined;
}

/** What the private key signs, the public one must confirm. */
async function checkPair(spki: Uint8Array, pkcs8: Uint8Array): Promise<void> {
  let isSame: boolean;
  try {
    isSame = await ownsKey(spki, pkcs8);
  } catch (cause) {
    const message = "The private key cannot be read, or its kind is not supported here";
    throw new ApiProblem(400, message, { ngrokCode: 1903, cause });
  }
  if (!isSame) throw problem(1923, "The private key is not that of the certificate");
}

function commonName(certificate: X509.X509Certificate): string {
  return certificate.subjectName.getField("CN")[0] ?? "";
}

async function leafFacts(leaf: X509.X509Certificate): Promise<Json> {
  const { SubjectAlternativeNameExtension } = await loadX509();
  const names = leaf.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const subject = (field: string) => leaf.subjectName.getField(field)[0] ?? "";
  return {
    subject_common_name: commonName(leaf),
    subject_alternative_names: {
      dns_names: names.filter(({ type }) => type === "dns").map(({ value }) => value),
      ips: names.filter(({ type }) => type === "ip").map(({ value }) => value),
    },
    not_before: formatTime(leaf.notBefore.getTime()),
    not_after: formatTime(leaf.notAfter.getTime()),
    ...await usages(leaf),
    private_key_type: keyTypeOf(new Uint8Array(leaf.publicKey.rawData)),
    issuer_common_name: leaf.issuerName.getField("CN")[0] ?? "",
    serial_number: evenHex(leaf.serialNumber),
    subject_organization: subject("O"),
    subject_organizational_unit: subject("OU"),
    subject_locality: subject("L"),
    subject_province: subject("ST"),
    subject_country: subject("C"),
  };
}

function keyTypeOf(spki: Uint8Array): string {
  const types = { "RSASSA-PKCS1-v1_5": "rsa", ECDSA: "ecdsa", Ed25519: "ed25519" } as const;
  const algorithm = algorithmOf(spki);
  return algorithm ? types[algorithm.name] : "";
}

/** Purposes of RFC 5280 4.2.1.12 by name; others stay numbers. */
const PURPOSES: Readonly<Record<string, string>> = {
  "2.5.29.37.0": "any",
  "1.3.6.1.5.5.7.3.1": "serverAuth",
  "1.3.6.1.5.5.7.3.2": "clientAuth",
  "1.3.6.1.5.5.7.3.3": "codeSigning",
  "1.3.6.1.5.5.7.3.4": "emailProtection",
  "1.3.6.1.5.5.7.3.8": "timeStamping",
  "1.3.6.1.5.5.7.3.9": "OCSPSigning",
};

async function usages(certificate: X509.X509Certificate): Promise<Json> {
  const { ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension } = await loadX509();
  const flags = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0;
  const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages ?? [];
  return {
    key_usages: Object.entries(KeyUsageFlags)
      .filter(([, flag]) => typeof flag === "number" && (flags & flag) !== 0)
      .map(([name]) => name),
    // The library gives a list of a class of its own.
    extended_key_usages: Array.from(purposes, (oid) => PURPOSES[String(oid)] ?? String(oid)),
  };
}
