/**
 * A throw-away certificate authority for tests of everything that speaks TLS.
 *
 * @module
 */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Certificate } from "../../lib/runtime/net.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 3600 * 1000;

/** How a leaf differs from an ordinary server certificate. */
export interface LeafOptions {
  /** Start of validity. @default an hour ago */
  readonly notBefore?: Date;
  /** End of validity. @default in a day */
  readonly notAfter?: Date;
  /** What the leaf is good for. @default {"both"} */
  readonly usage?: "server" | "client" | "both";
  /** The common name. @default the first name */
  readonly commonName?: string;
}

/** A certificate authority that lives as long as its test. */
export interface TestCa {
  /** The authority's own certificate: what a client trusts. */
  readonly caPem: string;
  /** Signs a certificate for these DNS names and IP addresses. */
  leaf(names: readonly string[], options?: LeafOptions): Promise<Certificate>;
  /** Signs a certificate that only identifies a client. */
  client(commonName: string, options?: LeafOptions): Promise<Certificate>;
}

/** Whether a name is an IP address: those go into the certificate as bytes, not as text. */
function isIp(name: string): boolean {
  return name.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/** A positive serial number that no other certificate of the test has. */
function serial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  bytes[0] = bytes[0] & 0x7f | 0x40;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", key),
    "PRIVATE KEY",
  ) +
    "\n";
}

/**
 * Makes an authority.
 *
 * @param name its common name
 */
export async function makeCa(
  name = "Sallyport test authority",
): Promise<TestCa> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 10 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function leaf(
    names: readonly string[],
    options: LeafOptions = {},
  ): Promise<Certificate> {
    const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, [
      "sign",
      "verify",
    ]) as CryptoKeyPair;
    const usage = options.usage ?? "both";
    const uses: x509.ExtendedKeyUsage[] = [];
    if (usage !== "client") uses.push(x509.ExtendedKeyUsage.serverAuth);
    if (usage !== "server") uses.push(x509.ExtendedKeyUsage.clientAuth);
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(uses),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ];
    if (names.length > 0) {
      extensions.push(
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({
            type: isIp(value) ? "ip" as const : "dns" as const,
            value,
          })),
        ),
      );
    }
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${options.commonName ?? names[0] ?? "nobody"}`,
      issuer: root.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - 3600 * 1000),
      notAfter: options.notAfter ?? new Date(Date.now() + DAY_MS),
      signingAlgorithm: ALGORITHM,
      signingKey: keys.privateKey,
      publicKey: leafKeys.publicKey,
      extensions,
    });
    return {
      chainPem: certificate.toString("pem") + "\n",
      keyPem: await exportKey(leafKeys.privateKey),
    };
  }

  return {
    caPem: root.toString("pem") + "\n",
    leaf,
    client: (commonName, options) => leaf([], { usage: "client", commonName, ...options }),
  };
}
