/**
 * How an endpoint wants its TLS to end at the edge: with which certificate, which versions, and
 * which certificates of visitors. Read from what the agent bound with (wire-protocol 6); the TLS
 * door obeys it, `modules.ts` has it checked at bind.
 *
 * @module
 */
import { fromBase64 } from "../base/base64.ts";
import { decodeText } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import type { Certificate, ClientAuth, TlsVersion } from "../runtime/net.ts";
import type { BindOptions } from "../wire/messages.ts";
import { option } from "./bind_option.ts";

/** How TLS ends at the edge. What is left away is as the edge has it. */
export interface TlsTermination {
  /** What is presented. @default the edge's own for that name */
  readonly certificate?: Certificate;
  /** Whether visitors must present a certificate. @default {"none"} */
  readonly clientAuth?: ClientAuth;
  /** PEM texts of the authorities a visitor's certificate must chain to. */
  readonly clientRoots?: readonly string[];
  /** The oldest version accepted. @default {"1.2"} */
  readonly minVersion?: TlsVersion;
  /** The newest version spoken. @default {"1.3"} */
  readonly maxVersion?: TlsVersion;
}

/**
 * Reads the wishes of a bind.
 *
 * @param proto what visitors speak
 * @param options as the agent wrote them
 * @returns `undefined` when it wishes nothing: a `tls` endpoint is passed through then, TLS of an
 * `https` endpoint ends as always
 * @throws {TunnelError} message_invalid with 301 when a certificate, a key or an authority is none;
 * refused with 813 when there is no TLS that visitors could present a certificate in
 */
export function readTermination(
  proto: "http" | "https" | "tcp" | "tls",
  options: BindOptions,
): TlsTermination | undefined {
  const visitors = clientsOf(option(options, "MutualTLSCA"));
  if (proto === "https") return visitors;
  if (visitors) {
    throw new TunnelError(
      "refused",
      `Cannot ask the visitors of ${proto} endpoints for certificates with MutualTLSCA: ` +
        "bind https, so that the endpoint is not left open",
      { ngrokCode: 813 },
    );
  }
  if (proto !== "tls") return undefined;
  const wish = option(options, "TLSTermination") as TerminationWish | null | undefined;
  // Whoever wants visitors checked here wants TLS to end here: bytes passed on unseen check nobody.
  const clients = clientsOf(option(options, "MutualTLSAtEdge"));
  if (!wish && !clients) return undefined;
  return { ...certificateOf(wish ?? {}), ...clients };
}

/** Whether two endpoints of one address end TLS alike: a visitor's handshake is for both of them. */
export function sameTermination(
  one: TlsTermination | undefined,
  other: TlsTermination | undefined,
): boolean {
  return JSON.stringify(termsOf(one)) === JSON.stringify(termsOf(other));
}

function termsOf(termination: TlsTermination | undefined): unknown {
  if (!termination) return undefined;
  const { certificate, clientAuth, clientRoots, minVersion, maxVersion } = termination;
  return [certificate, clientAuth, clientRoots, minVersion, maxVersion];
}

interface TerminationWish {
  readonly cert?: string;
  readonly key?: string;
}

function certificateOf({ cert, key }: TerminationWish): { certificate: Certificate } | undefined {
  if (!cert && !key) return undefined;
  if (!cert || !key) {
    throw invalid(`the ${cert ? "key of the certificate" : "certificate"} is missing`);
  }
  const chainPem = decodePem(cert, "the certificate");
  const keyPem = decodePem(key, "the key of the certificate");
  if (!chainPem.match(CERTIFICATES)) throw invalid("the certificate is not in PEM form");
  if (/-----BEGIN ENCRYPTED /.test(keyPem)) {
    throw invalid("the key of the certificate is encrypted; give it without a passphrase");
  }
  if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(keyPem)) {
    throw invalid("the key of the certificate is not in PEM form");
  }
  return { certificate: { chainPem, keyPem } };
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function clientsOf(
  module: unknown,
): Pick<TlsTermination, "clientAuth" | "clientRoots"> | undefined {
  const { mutual_tls_ca: authorities } = (module ?? {}) as { readonly mutual_tls_ca?: string };
  if (!authorities) return undefined;
  // One text for each: a runtime that reads only the first of a text would refuse the others' visitors.
  const clientRoots = decodePem(authorities, "the authorities of visitors").match(CERTIFICATES);
  if (!clientRoots) throw invalid("the authorities of visitors are not in PEM form");
  return { clientAuth: "require_and_verify", clientRoots };
}

/** PEM texts travel as base64 of their bytes. */
function decodePem(base64: string, what: string): string {
  const pem = fromBase64(base64);
  if (!pem) throw invalid(`${what} cannot be decoded: it is not base64`);
  return decodeText(pem);
}

function invalid(found: string, cause?: unknown): TunnelError {
  return new TunnelError("message_invalid", `Cannot terminate TLS: ${found}`, {
    ngrokCode: 301,
    cause,
  });
}
