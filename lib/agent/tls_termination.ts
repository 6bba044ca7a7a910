/**
 * TLS that ends in the agent: the edge passes visitors' bytes on unread, the agent has certificate
 * and key, checks visitors' certificates if it is told to, and speaks plainly to the service (or
 * encrypts anew, towards a `tls://` one). `agent.ts` reads the options, the relay ends the TLS.
 *
 * @module
 */
import { type Duplex, pair } from "../base/duplex.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { type Schema, z } from "../base/schema.ts";
import { formatProxyHeader } from "../http/proxy_protocol.ts";
import type { Files } from "../runtime/host.ts";
import type { ClientAuth, Conn, Net, TlsServerOptions, TlsVersion } from "../runtime/net.ts";
import { readCertificates, readPrivateKey } from "./pem.ts";
import { takeProxyHeader } from "./proxy_header.ts";
import type { UpstreamKind } from "./upstream.ts";

/** How visitors' certificates are checked. */
export type MutualTlsVerification = "require-and-verify" | "require-any" | "request";

/** Ends TLS in the agent. */
export interface AgentTlsTermination {
  /** What visitors are shown, leaf first: the path of a PEM file, or PEM text. */
  readonly serverCertificate: string;
  /** Its key, without a passphrase: the path of a PEM file, or PEM text. */
  readonly serverPrivateKey: string;
  /** Who vouches for visitors' certificates: paths of PEM files, or PEM texts. @default nobody is asked */
  readonly mutualTlsCas?: readonly string[];
  /**
   * Whether a visitor must have a certificate, and one that those vouch for.
   *
   * @default {"require-and-verify"} with `mutualTlsCas`, else nobody is asked
   */
  readonly mutualTlsVerification?: MutualTlsVerification;
  /** The oldest version accepted. @default {"1.2"} */
  readonly minVersion?: TlsVersion;
  /** The newest version spoken. @default {"1.3"} */
  readonly maxVersion?: TlsVersion;
}

const version = z.enum(["1.2", "1.3"]).optional();
const text = z.string().min(1);

/** What {@linkcode AgentTlsTermination} must be. */
export const agentTlsTerminationSchema: Schema<AgentTlsTermination> = z.strictObject({
  serverCertificate: text,
  serverPrivateKey: text,
  mutualTlsCas: z.array(text).optional(),
  mutualTlsVerification: z.enum(["require-and-verify", "require-any", "request"]).optional(),
  minVersion: version,
  maxVersion: version,
});

/** The strategies in the words of the network. */
const CLIENT_AUTH: Readonly<Record<MutualTlsVerification, ClientAuth>> = {
  "require-and-verify": "require_and_verify",
  "require-any": "require_any",
  "request": "request",
};

/** How long a visitor may take to agree. */
const HANDSHAKE_MS = 10_000;

/**
 * Reads files and finds out whether they are of use, before anything is asked of the edge.
 *
 * @param wish as the caller gave it
 * @param kind what the endpoint speaks
 * @param files where PEM files are read
 * @param net who will speak TLS
 * @returns how TLS is served; the same object for all visitors, for keys are parsed once for each
 * @throws {TunnelError} config_invalid; not_found, permission_denied, io_failed
 */
export async function readAgentTermination(
  wish: AgentTlsTermination,
  kind: UpstreamKind,
  files: Files,
  net: Pick<Net, "startTlsServer">,
): Promise<TlsServerOptions> {
  const { minVersion, maxVersion, mutualTlsCas = [] } = wish;
  if (kind !== "tls") throw unusable(`it is for tls endpoints, and this one speaks ${kind}`);
  if (minVersion === "1.3" && maxVersion === "1.2") {
    throw unusable('"minVersion" is above "maxVersion"');
  }
  const verification = wish.mutualTlsVerification ??
    (mutualTlsCas.length > 0 ? "require-and-verify" : undefined);
  if (verification === "require-and-verify" && mutualTlsCas.length === 0) {
    throw unusable('"mutualTlsCas" is missing: nobody vouches for the certificates of visitors');
  }
  const chain = await readCertificates(wish.serverCertificate, files, "serverCertificate");
  const keyPem = await readPrivateKey(wish.serverPrivateKey, files, "serverPrivateKey");
  const clientRoots: string[] = [];
  for (const cas of mutualTlsCas) {
    clientRoots.push(...await readCertificates(cas, files, "mutualTlsCas"));
  }
  const options: TlsServerOptions = {
    certificate: { chainPem: chain.join("\n") + "\n", keyPem },
    ...(verification && { clientAuth: CLIENT_AUTH[verification], clientRoots }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
  };
  await tryOut(options, net);
  return options;
}

/** Begins a handshake with nobody: a key that is another's shows before it needs a peer. */
async function tryOut(
  options: TlsServerOptions,
  net: Pick<Net, "startTlsServer">,
): Promise<void> {
  const [near, far] = pair();
  far.abort();
  try {
    const conn = await net.startTlsServer(near, options);
    conn.abort();
  } catch (thrown) {
    const error = toTunnelError(thrown);
    if (error.code === "tls_failed") throw unusable(error.message, error);
  }
}

/**
 * Ends the TLS of a visitor.
 *
 * @param stream the visitor's bytes; owned by the result from then on
 * @param options as {@linkcode readAgentTermination} gave them
 * @param proxyProtocol whether the edge puts a PROXY header in front; it stays in front of what the
 * visitor says inside
 * @param net who speaks TLS
 * @throws {TunnelError} as {@linkcode Net.startTlsServer}
 */
export async function endTls(
  stream: Duplex,
  options: TlsServerOptions,
  proxyProtocol: boolean,
  net: Pick<Net, "startTlsServer">,
): Promise<Conn> {
  const header = proxyProtocol ? await takeProxyHeader(stream) : undefined;
  const conn = await net.startTlsServer(stream, { ...options, timeoutMs: HANDSHAKE_MS });
  if (header) conn.unread(formatProxyHeader(header.version, header));
  return conn;
}

function unusable(found: string, cause?: unknown): TunnelError {
  return new TunnelError("config_invalid", `Cannot end TLS in the agent: ${found}`, { cause });
}
