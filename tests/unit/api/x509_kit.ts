/**
 * Certificates for tests: any names, any kind of key.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { formatPem } from "../../../lib/edge/certificates/pem.ts";

/** A kind of key. */
export type KeyKind = "rsa" | "P-256" | "P-384" | "Ed25519";

const ALGORITHMS = {
  "rsa": {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "P-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  "Ed25519": { name: "Ed25519" },
} as const;

/** What was issued. */
export interface Issued {
  readonly certPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  readonly keyDer: Uint8Array;
  readonly keys: CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
}

/** What a certificate is for. */
export interface IssueOptions {
  readonly kind?: KeyKind;
  readonly subject?: string;
  readonly signer?: Issued;
  readonly ca?: boolean;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly serial?: string;
}

/** Issues a certificate; without a signer it signs itself. */
export async function issue(options: IssueOptions = {}): Promise<Issued> {
  const { kind = "P-256", subject = "CN=shop.example.com", signer, ca = false } = options;
  const signingAlgorithm = ALGORITHMS[kind];
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const names = [
    ...(options.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(options.ips ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const { digitalSignature, keyCertSign } = x509.KeyUsageFlags;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(ca, undefined, true),
    new x509.KeyUsagesExtension(ca ? keyCertSign : digitalSignature, true),
    ...(ca ? [] : [new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1", "1.2.3.4"])]),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: options.serial ?? "0a1b2c",
    subject,
    issuer: signer?.certificate.subject ?? subject,
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: new Date("2030-01-01T00:00:00Z"),
    signingAlgorithm: signer ? signer.keys.privateKey.algorithm : signingAlgorithm,
    publicKey: keys.publicKey,
    signingKey: (signer?.keys ?? keys).privateKey,
    extensions,
  } as x509.X509CertificateCreateParams);
  const keyDer = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    certPem: `${certificate.toString("pem")}\n`,
    keyPem: formatPem("PRIVATE KEY", keyDer),
    keyDer,
    keys,
    certificate,
  };
}
