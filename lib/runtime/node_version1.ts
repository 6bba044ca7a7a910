/**
 * Client certificates of X.509 version 1: what `openssl x509 -req` makes unless it is told otherwise.
 * OpenSSL verifies them, Deno's TLS does not: it reads version 3 alone. So they are looked at once
 * more, by hand, when the TLS found nobody who vouches for them.
 *
 * Such a certificate has no extensions, and vouches for nobody else: the authority itself must have
 * signed it. Called by `node_tls.ts`.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;

/** Signatures that OpenSSL takes at its usual level, too: with SHA-2, or of Edwards curves. */
const SIGNATURES: ReadonlySet<string> = new Set([
  "2a864886f70d01010b", // sha256WithRSAEncryption
  "2a864886f70d01010c", // sha384WithRSAEncryption
  "2a864886f70d01010d", // sha512WithRSAEncryption
  "2a8648ce3d040302", // ecdsa-with-SHA256
  "2a8648ce3d040303", // ecdsa-with-SHA384
  "2a8648ce3d040304", // ecdsa-with-SHA512
  "2b6570", // Ed25519
]);

/**
 * Whether a certificate is of version 1, valid now, and signed by one of these authorities.
 *
 * @param certificate the visitor's
 * @param roots PEM texts, each with any number of certificates
 * @param nowMs what time it is
 */
export function isSignedVersion1(
  certificate: X509Certificate,
  roots: readonly string[],
  nowMs: number,
): boolean {
  const signature = signatureOfVersion1(certificate.raw);
  if (signature === undefined || !SIGNATURES.has(signature)) return false;
  if (!isValidAt(certificate, nowMs)) return false;
  return roots.flatMap(certificatesIn).some((root) =>
    root.ca && isValidAt(root, nowMs) && certificate.checkIssued(root) &&
    certificate.verify(root.publicKey)
  );
}

function isValidAt({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * The algorithm of the signature, as the hexadecimal bytes of its identifier; `undefined` when the
 * certificate is of another version: only in version 1 the number comes first (RFC 5280 section 4.1).
 */
function signatureOfVersion1(der: Uint8Array): string | undefined {
  const certificate = valueAt(der, 0, SEQUENCE);
  const signed = certificate && valueAt(der, certificate.from, SEQUENCE);
  const number = signed && valueAt(der, signed.from, INTEGER);
  const algorithm = number && valueAt(der, number.to, SEQUENCE);
  const identifier = algorithm && valueAt(der, algorithm.from, OBJECT_IDENTIFIER);
  if (!identifier) return undefined;
  const bytes = der.subarray(identifier.from, identifier.to);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Where the value of an element lies (X.690 section 8.1); `undefined` when it has another tag. */
function valueAt(
  der: Uint8Array,
  at: number,
  tag: number,
): { readonly from: number; readonly to: number } | undefined {
  if (der[at] !== tag || der[at + 1] === undefined) return undefined;
  let length = der[at + 1];
  let from = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 3) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (der[from++] ?? 0);
  }
  const to = from + length;
  return to <= der.length ? { from, to } : undefined;
}
