/**
 * From the endpoints and tunnels of a configuration file to what an agent is asked to forward. The
 * command line calls it for `sallyport start`, the agent's API for what it is posted.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { ForwardOptions } from "./config.ts";
import type { TlsVersion } from "../runtime/net.ts";
import type { AgentFile, EndpointSection, SignInSection, TunnelSection } from "./file_sections.ts";
import type { EndpointModules, SignIn } from "./modules.ts";
import type { AgentTlsTermination } from "./tls_termination.ts";

/** Something to put online, and where its policy comes from when it is not said in place. */
export interface FileWish {
  /** What the agent is asked. */
  readonly wish: ForwardOptions & {
    /** Its name. */
    readonly name: string;
  };
  /** The file its traffic policy is in. */
  readonly policyFile?: string;
  /** Where its traffic policy is fetched. */
  readonly policyUrl?: string;
  /** What it asks for and this version cannot do: it is valid, and cannot be started. */
  readonly unsupported?: string;
}

/**
 * All that a configuration can put online, endpoints first.
 *
 * @param file the configuration
 * @returns by name; a tunnel with two schemes is two wishes
 * @throws {TunnelError} config_invalid
 */
export function wishesOf(file: AgentFile): ReadonlyMap<string, readonly FileWish[]> {
  return new Map([
    ...file.endpoints.map((endpoint) => [endpoint.name, endpointWishes(endpoint)] as const),
    ...Object.entries(file.tunnels).map(([name, tunnel]) =>
      [name, tunnelWishes(name, tunnel)] as const
    ),
  ]);
}

/**
 * What an endpoint asks for.
 *
 * @param endpoint as the file has it
 * @throws {TunnelError} config_invalid
 */
export function endpointWishes(endpoint: EndpointSection): readonly FileWish[] {
  const { upstream, traffic_policy_file, traffic_policy_url, traffic_policy } = endpoint;
  const sources = [traffic_policy, traffic_policy_file, traffic_policy_url];
  if (sources.filter((one) => one !== undefined).length > 1) {
    throw fault("it has several traffic policies: keep one");
  }
  if (endpoint.agent_tls_termination) {
    if (!/^tls:\/\//i.test(endpoint.url ?? "")) {
      throw fault('"agent_tls_termination" is for endpoints whose "url" begins with tls://');
    }
  }
  const wish = {
    name: endpoint.name,
    addr: upstream.url,
    url: endpoint.url,
    binding: endpoint.bindings?.[0],
    metadata: endpoint.metadata,
    description: endpoint.description,
    poolingEnabled: endpoint.pooling_enabled,
    trafficPolicy: policyText(traffic_policy),
    upstreamProtocol: upstream.protocol,
    upstreamProxyProtocol: upstream.proxy_protocol,
    upstreamTlsVerify: upstream.tls_verify,
    upstreamTlsVerifyCas: upstream.tls_verify_cas,
    agentTlsTermination: terminationOf(endpoint),
    inspect: endpoint.inspect,
  };
  return [{ wish, policyFile: traffic_policy_file, policyUrl: traffic_policy_url }];
}

function terminationOf(
  { agent_tls_termination: given }: EndpointSection,
): AgentTlsTermination | undefined {
  return given && {
    serverCertificate: given.server_certificate,
    serverPrivateKey: given.server_private_key,
    mutualTlsCas: given.mutual_tls_certificate_authorities,
    mutualTlsVerification: given.mutual_tls_verification_strategy,
    minVersion: versionOf(given.min_version),
    maxVersion: versionOf(given.max_version),
  };
}

function versionOf(written: TlsVersion | 1.2 | 1.3 | undefined): TlsVersion | undefined {
  return written === undefined ? undefined : written === 1.2 || written === "1.2" ? "1.2" : "1.3";
}

/**
 * What a tunnel asks for: one endpoint, or two when visitors come by http as well as https.
 *
 * @param name its name
 * @param tunnel as the file has it
 * @throws {TunnelError} config_invalid
 */
export function tunnelWishes(name: string, tunnel: TunnelSection): readonly FileWish[] {
  refuseUnfit(tunnel);
  const { proto = "http", traffic_policy, policy } = tunnel;
  const unsupported = unsupportedOf(tunnel);
  const wish = {
    name,
    proto,
    addr: tunnel.addr,
    metadata: tunnel.metadata,
    trafficPolicy: policyText(traffic_policy ?? policy),
    upstreamProxyProtocol: tunnel.proxy_proto,
    modules: modulesOf(tunnel),
    agentTlsTermination: tunnelTermination(tunnel),
    inspect: tunnel.inspect,
  };
  if (proto === "tcp") {
    const url = tunnel.remote_addr === undefined ? undefined : `tcp://${tunnel.remote_addr}`;
    return [{ wish: { ...wish, url }, unsupported }];
  }
  const host = tunnel.domain ?? tunnel.hostname ?? tunnel.subdomain ?? "";
  const bare = host.replace(/^[a-z]+:\/\//i, "");
  if (proto === "tls") {
    return [{ wish: { ...wish, url: `tls://${bare}` }, unsupported }];
  }
  // Who names no scheme gets https, or what an edge without certificates has.
  const isNamed = tunnel.schemes !== undefined || tunnel.bind_tls !== undefined || bare !== host;
  return schemesOf(tunnel).map((scheme, index) => ({
    wish: {
      ...wish,
      // The ngrok agent calls the second one so.
      name: index === 0 ? name : `${name} (http)`,
      url: isNamed ? `${scheme}://${bare}` : bare,
    },
    unsupported,
  }));
}

/** https comes first: it has the tunnel's own name. */
function schemesOf({ schemes, bind_tls }: TunnelSection): readonly ("https" | "http")[] {
  if (schemes) return (["https", "http"] as const).filter((one) => schemes.includes(one));
  if (bind_tls === false) return ["http"];
  return bind_tls === "both" ? ["https", "http"] : ["https"];
}

function refuseUnfit(tunnel: TunnelSection): void {
  const { proto } = tunnel;
  if (tunnel.labels && proto) throw fault('"labels" and "proto" exclude each other: keep one', 394);
  if (!tunnel.labels && !proto) throw fault('"proto" is missing: http, tcp or tls', 394);
  const names = (["domain", "hostname", "subdomain"] as const).filter((key) => tunnel[key]);
  if (names.length > 1) {
    throw fault(`"${names[0]}" and "${names[1]}" say the same: keep one`, 9021);
  }
  if (tunnel.traffic_policy !== undefined && tunnel.policy !== undefined) {
    throw fault('"traffic_policy" and "policy" say the same: keep one');
  }
  if (tunnel.schemes && tunnel.bind_tls !== undefined) {
    throw fault('"schemes" and "bind_tls" say the same: keep one');
  }
  if (proto !== "tcp" && tunnel.remote_addr !== undefined) {
    throw fault('"remote_addr" is for tunnels with "proto: tcp"');
  }
  if (proto === "tcp" && names.length > 0) {
    throw fault(`"${names[0]}" is for http and tls; a tcp tunnel has "remote_addr"`);
  }
  if (tunnel.terminate_at === "agent" && tunnel.crt === undefined) {
    throw fault('"terminate_at: agent" needs "crt" and "key"');
  }
  if ((tunnel.crt === undefined) !== (tunnel.key === undefined)) {
    throw fault('"crt" and "key" come together, one is missing');
  }
  const wanted = TLS_ONLY.find((key) => tunnel[key] !== undefined);
  if (proto !== "tls" && wanted && !tunnel.labels) {
    throw fault(`"${wanted}" is for tunnels with "proto: tls"`);
  }
  if (proto !== "http" && tunnel.host_header !== undefined) {
    throw fault('"host_header" is for tunnels with "proto: http"');
  }
}

/** What a tunnel asks for that this version cannot do. */
function unsupportedOf(tunnel: TunnelSection): string | undefined {
  return tunnel.labels && "its labels were for Edges of ngrok's cloud, which are no more";
}

const TLS_ONLY = ["crt", "key", "terminate_at"] as const;

/** A key pair without a word about where it is used ends TLS in the agent, as version 2 did. */
function tunnelTermination(tunnel: TunnelSection): AgentTlsTermination | undefined {
  const { crt, key, terminate_at = crt === undefined ? "upstream" : "agent" } = tunnel;
  if (tunnel.labels || terminate_at !== "agent" || crt === undefined || key === undefined) {
    return undefined;
  }
  const cas = tunnel.mutual_tls_cas ?? tunnel.client_cas;
  return {
    serverCertificate: crt,
    serverPrivateKey: key,
    mutualTlsCas: cas === undefined ? undefined : [cas],
  };
}

function modulesOf(tunnel: TunnelSection): EndpointModules | undefined {
  const { oauth, oidc, auth, basic_auth, ip_restriction } = tunnel;
  const passwords = [...basic_auth ?? [], ...auth === undefined ? [] : [auth]];
  const modules: EndpointModules = {
    basicAuth: passwords.length > 0 ? passwords : undefined,
    cidrs: ip_restriction &&
      { allow: ip_restriction.allow_cidrs, deny: ip_restriction.deny_cidrs },
    circuitBreaker: tunnel.circuit_breaker,
    compression: tunnel.compression,
    mutualTlsCas: tunnelTermination(tunnel)
      ? undefined
      : tunnel.mutual_tls_cas ?? tunnel.client_cas,
    oauth: oauth && { provider: oauth.provider, ...signInOf(oauth) },
    oidc: oidc && { issuerUrl: oidc.issuer_url, ...signInOf(oidc) },
    hostHeader: tunnel.host_header,
    requestHeaders: tunnel.request_header,
    responseHeaders: tunnel.response_header,
    userAgents: tunnel.user_agent_filter,
    verifyWebhook: tunnel.verify_webhook,
    websocketTcpConverter: tunnel.websocket_tcp_converter,
    terminateAtEdge: tunnel.terminate_at === "edge"
      ? { certificate: tunnel.crt, privateKey: tunnel.key }
      : undefined,
  };
  return Object.values(modules).some((one) => one !== undefined) ? modules : undefined;
}

function signInOf(given: SignInSection): SignIn {
  return {
    clientId: given.client_id,
    clientSecret: given.client_secret,
    allowEmails: given.allow_emails,
    allowDomains: given.allow_domains,
    scopes: given.scopes,
  };
}

/** The edge reads JSON as YAML. */
function policyText(policy: EndpointSection["traffic_policy"]): string | undefined {
  return policy === undefined || typeof policy === "string" ? policy : JSON.stringify(policy);
}

function fault(found: string, ngrokCode?: number): TunnelError {
  return new TunnelError("config_invalid", found, { ngrokCode });
}
