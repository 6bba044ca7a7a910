/**
 * An RSA certificate for tests of signatures that come with one.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** The certificate, its public key, and its private one as PKCS #8. */
export async function certificateFor(): Promise<
  { readonly pem: string; readonly spki: Uint8Array; readonly pkcs8: Uint8Array }
> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=sns.amazonaws.com",
    notBefore: new Date(0),
    notAfter: new Date(Date.UTC(2100, 0)),
    signingAlgorithm: ALGORITHM,
    keys,
  });
  return {
    pem: certificate.toString("pem"),
    spki: new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)),
    pkcs8: new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}
