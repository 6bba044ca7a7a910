/**
 * Opens the certificates of an edge by its options: tells them which names are its own, and who is
 * online. `edge.ts` calls it at start.
 *
 * @module
 */
import type { Runtime } from "../runtime/host.ts";
import { type Certificates, openCertificates } from "./certificates/certificates.ts";
import type { EdgeConfig } from "./config.ts";
import type { EndpointTable } from "./endpoint.ts";
import type { Identity } from "./identity.ts";

/** What an edge has when its certificates are opened. */
export interface EdgeCertificatesOptions {
  /** Its options. */
  readonly config: EdgeConfig;
  /** Network, machine, time. */
  readonly runtime: Runtime;
  /** What it knows durably. */
  readonly identity: Identity | undefined;
  /** Who is online. */
  readonly endpoints: EndpointTable;
}

/**
 * Opens the certificates of an edge.
 *
 * @param options what it has
 * @throws {TunnelError} config_invalid, not_found, permission_denied, io_failed
 */
export async function openEdgeCertificates(
  options: EdgeCertificatesOptions,
): Promise<Certificates> {
  const { config, runtime, identity, endpoints } = options;
  const { domains, https, agents, acme, limits, logger } = config;
  const hosts = [https?.host, agents?.host].filter((host) => host !== undefined && isIp(host));
  const endpointOf = (name: string) => endpoints.find("https", name) ?? endpoints.find("tls", name);
  return await openCertificates({
    files: runtime.host.files,
    dataDir: config.dataDir,
    clock: runtime.clock,
    logger,
    domains,
    agentNames: [...config.agentNames, ...hosts as string[]],
    endpointHost: (name) => endpointOf(name)?.host,
    endpointOf,
    stored: identity,
    certificateFiles: config.certificateFiles,
    filesWatchMs: limits.certificateWatchMs,
    publicAgents: config.agentCertificate === "public",
    acme: acme && identity && {
      acme,
      runtime,
      settings: identity.store.settings,
      sealer: identity.sealer,
      hasHttp: config.http !== undefined,
      hasHttps: https !== undefined,
      limits: {
        waitMs: limits.certificateWaitMs,
        perHour: limits.maxCertificatesPerHour,
        perAccountHour: limits.maxCertificatesPerAccountHour,
      },
    },
  });
}

/** Whether a host to listen at is one address, which agents may dial as such. */
function isIp(host: string): boolean {
  const everywhere = ["0.0.0.0", "::", "::0"].includes(host);
  return !everywhere && (host.includes(":") || /^\d+(\.\d+){3}$/.test(host));
}
