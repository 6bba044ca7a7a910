/**
 * Makes certificates: a private authority, and leaves that it signs. The X.509 library behind it is
 * large, so it is loaded when the first certificate is made and never by an edge whose
 * certificates are all fresh.
 *
 * Called by `dev_ca.ts`.
 *
 * @module
 */
import type { Certificate } from "../../runtime/net.ts";
import { formatPem } from "./pem.ts";
import { evenHex, loadX509 } from "./x509.ts";

/** An authority: its certificate is what agents are told to trust. */
export interface Authority {
  /** The certificate. */
  readonly certPem: string;
  /** Its key, PKCS#8. */
  readonly keyPem: string;
}

/** A certificate, and what must be known to renew it in time. */
export interface Issued extends Certificate {
  /** Names and addresses it is for, as they were asked for. */
  readonly names: readonly string[];
  /** When it ends, milliseconds since 1970. */
  readonly notAfterMs: number;
  /** Its number, hexadecimal. */
  readonly serial: string;
}

const KEY = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const DAY_MS = 86_400_000;

/** An authority lasts ten years: to replace it means to visit every agent. */
const AUTHORITY_DAYS = 3650;

/** A leaf lasts 90 days; clients that cap the age of certificates all accept that. */
export const LEAF_DAYS = 90;

/** Certificates begin in the past, for clocks that run late. */
const BACKDATED_MS = DAY_MS;

/**
 * Makes an authority.
 *
 * @param nowMs the time
 */
export async function makeAuthority(nowMs: number): Promise<Authority> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    // A number in the name: browsers keep two authorities of one name apart only by their keys.
    name: `CN=Sallyport development CA ${randomSerial().slice(0, 8)}`,
    notBefore: wholeSeconds(nowMs - BACKDATED_MS),
    notAfter: wholeSeconds(nowMs + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: KEY,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: withNewline(certificate.toString("pem")), keyPem: await exportKey(keys) };
}

/**
 * Signs a leaf.
 *
 * @param authority who signs
 * @param names DNS names, `*.` wildcards and IP addresses
 * @param nowMs the time
 * @param crlUrl where the list of revoked certificates is; the leaf says so
 */
export async function issueLeaf(
  authority: Authority,
  names: readonly string[],
  nowMs: number,
  crlUrl?: string,
): Promise<Issued> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certPem);
  const signingKey = await importAuthorityKey(authority);
  const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
  const notAfter = wholeSeconds(nowMs + LEAF_DAYS * DAY_MS);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    // X.520 allows 64 characters; clients read the alternative names below.
    subject: names[0].length <= 64 ? `CN=${names[0]}` : "CN=Sallyport edge",
    issuer: issuer.subject,
    notBefore: wholeSeconds(nowMs - BACKDATED_MS),
    notAfter,
    signingAlgorithm: KEY,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      // A leaf that could sign would be refused by rustls (wire-protocol 1.1).
      new x509.BasicConstraintsExtension(false, undefined, true),
      // Bun refuses a leaf without digitalSignature.
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: isIpAddress(value) ? "ip" as const : "dns" as const,
          value,
        })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(crlUrl === undefined ? [] : [new x509.CRLDistributionPointsExtension([crlUrl])]),
    ],
  });
  return {
    serial: evenHex(certificate.serialNumber),
    chainPem: withNewline(certificate.toString("pem")),
    keyPem: await exportKey(keys),
    names,
    notAfterMs: notAfter.getTime(),
  };
}

/** When a list of revoked certificates begins and ends. */
export interface CrlTimes {
  /** The time. */
  readonly nowMs: number;
  /** When the next one will be there at the latest. */
  readonly untilMs: number;
}

/**
 * Signs a list of revoked certificates.
 *
 * @param authority who signs
 * @param revoked their numbers, and since when
 * @param times when the list begins and ends
 * @returns DER
 */
export async function makeCrl(
  authority: Authority,
  revoked: readonly { readonly serial: string; readonly revokedAtMs: number }[],
  times: CrlTimes,
): Promise<Uint8Array> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certPem);
  const crl = await x509.X509CrlGenerator.create({
    issuer: issuer.subject,
    thisUpdate: wholeSeconds(times.nowMs),
    nextUpdate: wholeSeconds(times.untilMs),
    signingAlgorithm: KEY,
    signingKey: await importAuthorityKey(authority),
    entries: revoked.map(({ serial, revokedAtMs }) => ({
      serialNumber: serial,
      revocationDate: wholeSeconds(revokedAtMs),
    })),
    extensions: [await x509.AuthorityKeyIdentifierExtension.create(issuer)],
  });
  return new Uint8Array(crl.rawData);
}

async function importAuthorityKey({ keyPem }: Authority): Promise<CryptoKey> {
  const { PemConverter } = await loadX509();
  const der = PemConverter.decodeFirst(keyPem);
  return await crypto.subtle.importKey("pkcs8", der, KEY, false, ["sign"]);
}

/** id-pe-acmeIdentifier (RFC 8737 section 3). */
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";

/**
 * Makes the certificate that proves a name to an ACME server (tls-alpn-01, RFC 8737 section 3). It
 * signs itself and is good for nothing else.
 *
 * @param name the name to be proved
 * @param digest SHA-256 of the key authorization
 * @param nowMs the time
 */
export async function issueChallengeLeaf(
  name: string,
  digest: Uint8Array,
  nowMs: number,
): Promise<Certificate> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: "CN=Sallyport challenge",
    notBefore: wholeSeconds(nowMs - BACKDATED_MS),
    notAfter: wholeSeconds(nowMs + DAY_MS),
    signingAlgorithm: KEY,
    keys,
    extensions: [
      // Bun refuses a leaf without digitalSignature.
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
      new x509.Extension(ACME_IDENTIFIER, true, new Uint8Array([4, digest.length, ...digest])),
    ],
  });
  return { chainPem: withNewline(certificate.toString("pem")), keyPem: await exportKey(keys) };
}

/** Whether a name is an IPv4 or IPv6 address: those go into a certificate as bytes. */
function isIpAddress(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}

async function exportKey(keys: CryptoKeyPair): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return formatPem("PRIVATE KEY", bytes);
}

/** 16 random bytes, positive and not zero (RFC 5280 section 4.1.2.2). */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Certificates know no fractions of a second. */
function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function withNewline(pem: string): string {
  return pem.endsWith("\n") ? pem : `${pem}\n`;
}
