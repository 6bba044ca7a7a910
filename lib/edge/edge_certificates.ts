/**
 * Opens the certificates of an edge by its options: tells them which names are its own, and who is
 * online. `edge.ts` calls it at start.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { serveFetch } from "../http/serve_fetch.ts";
import type { Runtime } from "../runtime/host.ts";
import { type Certificates, openCertificates } from "./certificates/certificates.ts";
import { CRL_PATHS, type RevocationList } from "./certificates/crl.ts";
import type { EdgeConfig } from "./config.ts";
import type { EndpointTable } from "./endpoint.ts";
import type { Identity } from "./identity.ts";
import type { Ingresses } from "./ingresses.ts";
import type { Mounts } from "./mounts.ts";

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
  /** The names that accounts have for their agents. @default none */
  readonly ingresses?: Pick<Ingresses, "accountOf" | "rowOf" | "rows">;
  /** The port of the HTTP door as visitors see it; `undefined` without one. */
  readonly httpPort: () => number | undefined;
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
  const { config, runtime, identity, endpoints, ingresses } = options;
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
    endpointHost: (name) =>
      endpointOf(name)?.host ?? (ingresses?.accountOf(name) === undefined ? undefined : name),
    endpointOf,
    ingresses,
    stored: identity,
    crlUrl: () => identity && crlUrl(domains[0], options.httpPort()),
    revokedSettings: identity?.store.settings,
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

/** Where agents find the list of revoked certificates. */
function crlUrl(domain: string, port: number | undefined): string | undefined {
  return port === undefined
    ? undefined
    : `http://${crlHost(domain)}${port === 80 ? "" : `:${port}`}${CRL_PATHS.der}`;
}

/** The name under a base domain at which the list of revoked certificates is. */
export function crlHost(domain: string): string {
  return `crl.${domain}`;
}

/**
 * Serves the list of revoked certificates at `crl.<domain>` of each base domain.
 *
 * @param mounts the names that are served by others than endpoints
 * @param domains the base domains
 * @param revocations the list
 * @param options time, and where failures are told
 */
export function mountCrl(
  mounts: Mounts,
  domains: readonly string[],
  revocations: RevocationList,
  options: { readonly clock: Clock; readonly logger: Logger },
): void {
  const type = "application/pkix-crl";
  const headers = { "cache-control": "max-age=3600" };
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === CRL_PATHS.der) {
      const body = new Uint8Array(await revocations.der());
      return new Response(body, { headers: { ...headers, "content-type": type } });
    }
    if (pathname === CRL_PATHS.pem) {
      return new Response(await revocations.pem(), {
        headers: { ...headers, "content-type": "application/x-pem-file" },
      });
    }
    return new Response(`Revoked certificates are listed at ${CRL_PATHS.der}\n`, { status: 404 });
  };
  for (const domain of domains) {
    mounts.mount(
      crlHost(domain),
      (conn, scheme) => serveFetch(conn, answer, { ...options, scheme }),
    );
  }
}

/** Whether a host to listen at is one address, which agents may dial as such. */
function isIp(host: string): boolean {
  const everywhere = ["0.0.0.0", "::", "::0"].includes(host);
  return !everywhere && (host.includes(":") || /^\d+(\.\d+){3}$/.test(host));
}
