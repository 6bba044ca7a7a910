/**
 * The secure contexts of node:tls: parsed keys and roots, made once for each certificate object and
 * dropped with it. Also what a certificate says about its time and its addresses.
 *
 * @module
 */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import * as tls from "node:tls";
import { TunnelError } from "../base/errors.ts";
import type { Certificate, TlsClientOptions, TlsServerOptions } from "./net.ts";
import { systemRoots } from "./node_roots.ts";

/** The key for "no client certificate". */
const NOBODY: Certificate = { chainPem: "", keyPem: "" };

const UNUSABLE = "Cannot present a certificate";

/**
 * What we agree to encrypt with: forward secret and authenticated, of both versions. Node and Bun
 * would still take CBC with TLS 1.2 (RFC 9325, 4.2), Deno knows nothing else than these.
 */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

const ofServers: WeakMap<Certificate, Map<string, tls.SecureContext>> = new WeakMap();
const ofClients: WeakMap<readonly string[], WeakMap<Certificate, tls.SecureContext>> =
  new WeakMap();

/**
 * What a server presents.
 *
 * @param options the certificate, by its identity, and the versions
 */
export function serverContext(options: TlsServerOptions): tls.SecureContext {
  const { certificate } = options;
  const terms = termsOf(options);
  const slot = `${terms.minVersion} ${terms.maxVersion}`;
  let contexts = ofServers.get(certificate);
  if (!contexts) ofServers.set(certificate, contexts = new Map());
  let context = contexts.get(slot);
  if (!context) {
    checkPair(certificate);
    context = tls.createSecureContext({
      cert: certificate.chainPem,
      key: certificate.keyPem,
      ...terms,
    });
    contexts.set(slot, context);
  }
  return context;
}

/** How a server speaks, whatever it presents. */
function termsOf(options: TlsServerOptions): tls.SecureContextOptions {
  return {
    minVersion: `TLSv${options.minVersion ?? "1.2"}`,
    maxVersion: `TLSv${options.maxVersion ?? "1.3"}`,
    ciphers: CIPHERS,
    // A visitor that renegotiates has us compute a handshake for a few bytes of its own. Bun and Deno
    // never let it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/**
 * A server that asks visitors for a certificate and lets all of them in: its owner judges.
 *
 * @param options the certificate and the authorities of visitors
 */
export function askingServer(options: TlsServerOptions): tls.Server {
  serverContext(options); // so that a certificate of no use is refused alike
  return tls.createServer({
    cert: options.certificate.chainPem,
    key: options.certificate.keyPem,
    ca: options.clientRoots ? [...options.clientRoots] : undefined,
    ...termsOf(options),
    ALPNProtocols: alpnOf(options),
    requestCert: true,
    rejectUnauthorized: false,
  });
}

/**
 * What a client trusts and presents.
 *
 * @param options the roots and the certificate, both by their identity
 */
export function clientContext(options: TlsClientOptions): tls.SecureContext {
  const { roots: trusted = "system" } = options;
  const roots = trusted === "system" ? systemRoots() : trusted;
  let contexts = ofClients.get(roots);
  if (!contexts) ofClients.set(roots, contexts = new WeakMap());
  const owner = options.certificate ?? NOBODY;
  let context = contexts.get(owner);
  if (!context) {
    if (options.certificate) checkPair(options.certificate);
    context = tls.createSecureContext({
      ca: [...roots],
      cert: options.certificate?.chainPem,
      key: options.certificate?.keyPem,
      minVersion: "TLSv1.2",
    });
    contexts.set(owner, context);
  }
  return context;
}

/** Refuses a certificate of no use: Deno 2.9 takes anything, and fails in the handshake without a word. */
function checkPair(certificate: Certificate): void {
  let belongs: boolean;
  try {
    const leaf = new X509Certificate(certificate.chainPem);
    belongs = leaf.checkPrivateKey(createPrivateKey(certificate.keyPem));
  } catch (thrown) {
    throw new TunnelError("tls_failed", `${UNUSABLE}: our own cannot be read`, { cause: thrown });
  }
  if (!belongs) {
    throw new TunnelError("tls_failed", `${UNUSABLE}: the key of our own belongs to another`);
  }
}

/** The protocols as node:tls wants them: no list at all when there are none. */
export function alpnOf(options: { readonly alpn?: readonly string[] }): string[] | undefined {
  return options.alpn && options.alpn.length > 0 ? [...options.alpn] : undefined;
}

/**
 * The error of a certificate that is not valid now, if that is what is wrong with it: Deno 2.9 tells
 * such a one from an untrusted one by no code.
 *
 * @param pem the certificate
 * @param tried the beginning of the error's sentence
 * @param nowMs what time it is
 */
export function outOfTime(pem: string, tried: string, nowMs: number): TunnelError | undefined {
  const { validFrom, validTo } = new X509Certificate(pem);
  if (Date.parse(validTo) < nowMs) {
    return new TunnelError("tls_expired", `${tried}: its certificate has expired`);
  }
  if (Date.parse(validFrom) > nowMs) {
    return new TunnelError("tls_expired", `${tried}: its certificate is not valid yet`);
  }
  return undefined;
}

/**
 * Looks for an IPv6 address in a certificate: Node 22.23 takes it for a name, and never finds it.
 *
 * @param address the address
 * @param peer the certificate as node:tls shows it
 * @returns an error as `tls.checkServerIdentity` gives it, or nothing
 */
export function checkIpv6(address: string, peer: tls.PeerCertificate): Error | undefined {
  if (new X509Certificate(peer.raw).checkIP(address)) return undefined;
  const error = new Error(`${address} is not in the certificate`);
  return Object.assign(error, { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
}
