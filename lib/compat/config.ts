/**
 * What `forward()` of `@ngrok/ngrok` takes, and what it means here. `sdk.ts` and the builders read
 * their options through it.
 *
 * @module
 */
import type { AgentOptions, ForwardOptions } from "../agent/config.ts";
import type { EndpointModules } from "../agent/modules.ts";
import { TunnelError } from "../base/errors.ts";

/** One text or several. */
export type Texts = string | readonly string[];

/** The options of `forward()`, named as `@ngrok/ngrok` names them; dots work where it has underscores. */
export interface Config {
  /** Port, `host:port`, URL or `unix:` path of your service. @default 80 */
  addr?: number | string;
  /** What your service speaks: `http1` or `http2`. */
  app_protocol?: string;
  /** Another name of `basic_auth`. */
  auth?: Texts;
  /** The secret that identifies the account. */
  authtoken?: string;
  /** Takes it from `SALLYPORT_AUTHTOKEN` or `NGROK_AUTHTOKEN`. */
  authtoken_from_env?: boolean;
  /** Asks visitors for a password: `user:password`, each. */
  basic_auth?: Texts;
  /** The ratio of server errors at which requests are refused for a while. */
  circuit_breaker?: number;
  /** Whether answers are compressed. */
  compression?: boolean;
  /** A certificate with which the edge ends TLS, as PEM text; for tls. */
  crt?: string;
  /** The domain to ask for. */
  domain?: string;
  /** What the edge is told about where traffic goes. */
  forwards_to?: string;
  /** Opens a session of its own. */
  force_new_session?: boolean;
  /** The `Host` that your service is asked for: `preserve`, `rewrite` or a name. */
  host_header?: string;
  /** The host of your service when there is no `addr`. */
  host?: string;
  /** Another name of `domain`. */
  hostname?: string;
  /** The networks visitors may come from. */
  ip_restriction_allow_cidrs?: Texts;
  /** The networks visitors may not come from. */
  ip_restriction_deny_cidrs?: Texts;
  /** Patterns of browsers' names that are let in. */
  allow_user_agent?: Texts;
  /** Patterns of browsers' names that are not. */
  deny_user_agent?: Texts;
  /** The key of `crt`, as PEM text. */
  key?: string;
  /** Labels of a listener of ngrok's older edges; those cannot be made here. */
  labels?: Texts;
  /** Text kept with the endpoint. */
  metadata?: string;
  /** Who vouches for visitors' certificates, as PEM text. */
  mutual_tls_cas?: Texts;
  /** Domains of addresses that may sign in. */
  oauth_allow_domains?: Texts;
  /** Addresses that may sign in. */
  oauth_allow_emails?: Texts;
  /** What is asked of the provider. */
  oauth_scopes?: Texts;
  /** Where visitors sign in: `google`, `github` … */
  oauth_provider?: string;
  /** The application at the provider. */
  oauth_client_id?: string;
  /** Its secret. */
  oauth_client_secret?: string;
  /** The application at the provider. */
  oidc_client_id?: string;
  /** Its secret. */
  oidc_client_secret?: string;
  /** What is asked of the provider. */
  oidc_scopes?: Texts;
  /** Where the provider says what it can do. */
  oidc_issuer_url?: string;
  /** Domains of addresses that may sign in. */
  oidc_allow_domains?: Texts;
  /** Addresses that may sign in. */
  oidc_allow_emails?: Texts;
  /** Gets log lines. */
  onLogEvent?: (data: string) => void;
  /** Hears `closed` and `connected`. */
  onStatusChange?: (status: string) => void;
  /** Another name of `traffic_policy`. */
  policy?: string;
  /** Whether others may share the URL. */
  pooling_enabled?: boolean;
  /** The port of your service when there is no `addr`. */
  port?: number | string;
  /** What visitors speak: `http`, `tcp` or `tls`. @default http */
  proto?: string;
  /** Sends a PROXY header to your service: `1` or `2`. */
  proxy_proto?: string;
  /** Headers added to requests: `name:value`, each. */
  request_header_add?: Texts;
  /** Headers removed from requests. */
  request_header_remove?: Texts;
  /** Headers added to answers: `name:value`, each. */
  response_header_add?: Texts;
  /** Headers removed from answers. */
  response_header_remove?: Texts;
  /** The address to ask for, for tcp. */
  remote_addr?: string;
  /** Who vouches for the edge: `trusted`, `host` or the path of a PEM file. */
  root_cas?: string;
  /** `HTTP` or `HTTPS`; of several the last counts. */
  schemes?: Texts;
  /** Who vouches for the edge, as PEM text. */
  session_ca_cert?: string;
  /** Text kept with the session. */
  session_metadata?: string;
  /** The edge: `host:port`. @default SALLYPORT_CONNECT_URL, else an edge started in this program */
  server_addr?: string;
  /** A traffic policy, as YAML or JSON. */
  traffic_policy?: string;
  /** Whether the certificate of an https or tls service is checked. @default true */
  verify_upstream_tls?: boolean;
  /** Who signs webhooks: `slack`, `github` … */
  verify_webhook_provider?: string;
  /** What it signs with. */
  verify_webhook_secret?: string;
  /** Whether WebSocket messages reach your service as bytes of a TCP connection. */
  websocket_tcp_converter?: boolean;
  /** Is taken, and not used: there is one binary, this one. */
  binPath?: string;
  /** Is taken, and not used: options stand in the program. */
  configPath?: string;
  /** Is taken, and not used: it belongs to the agent's own page. */
  inspect?: boolean | string;
  /** Is taken, and not used: a listener has an id. */
  name?: string;
  /** Is taken, and not used: `server_addr` names the edge. */
  region?: string;
  /** Is taken, and not used: `domain` has taken its place. */
  subdomain?: string;
  /** Is taken, and not used: `crt` and `key` say where TLS ends. */
  terminate_at?: string;
  /** Is taken, and not used: no page is served. */
  web_addr?: string;
  /** Where it can be reached from: `public`, `internal` or `kubernetes`. */
  binding?: string;
}

/** The keys that `@ngrok/ngrok` takes and ignores. */
export const IGNORED_KEYS: readonly (keyof Config)[] = [
  "binPath",
  "configPath",
  "inspect",
  "name",
  "region",
  "subdomain",
  "terminate_at",
  "web_addr",
];

/** One text as a list, none as nothing. */
export function listOf(texts: Texts | undefined): readonly string[] | undefined {
  if (texts === undefined || texts === null) return undefined;
  return typeof texts === "string" ? [texts] : texts;
}

/**
 * The options as one form: a bare address becomes `addr`, dotted names get underscores.
 *
 * @param config as a script gives it
 * @throws {TunnelError} config_invalid
 */
export function normalized(config: Config | string | number = 80): Config {
  if (typeof config !== "object") return { addr: config };
  const all: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (value === null || value === undefined) continue;
    const key = name.replaceAll(".", "_");
    if (key === name || !(key in config)) all[key] = value;
  }
  const plain = all as Config;
  if (typeof plain.port === "string") {
    const port = parseInt(plain.port, 10);
    if (Number.isNaN(port)) throw invalid(`port must be a number: '${plain.port}'`);
    plain.port = port;
  }
  return plain;
}

function invalid(found: string): TunnelError {
  return new TunnelError("config_invalid", `Cannot use the options of the listener: ${found}`);
}

/** What is about the session, and what about the endpoint. */
export function sessionOptions(
  config: Config,
  authtoken: string | undefined,
): Pick<AgentOptions, "connectUrl" | "connectCas" | "authtoken" | "metadata"> {
  const { server_addr, root_cas, session_ca_cert, session_metadata } = config;
  return {
    ...server_addr !== undefined && { connectUrl: server_addr },
    ...(session_ca_cert ?? root_cas) !== undefined &&
      { connectCas: session_ca_cert ?? root_cas },
    ...authtoken !== undefined && { authtoken },
    ...session_metadata !== undefined && { metadata: session_metadata },
  };
}

/** Where the service is. */
export function addressOf({ addr, host, port }: Config): string | number {
  if (addr !== undefined) return addr;
  return host === undefined ? port ?? 80 : `${host}:${port ?? 80}`;
}

/** What visitors speak. */
export function protoOf({ proto, labels }: Config): "http" | "tcp" | "tls" {
  if (proto === "labeled" || listOf(labels)?.length) {
    throw invalid("listeners with labels belong to ngrok's older edges; ask for a domain instead");
  }
  if (proto === undefined || proto === "http" || proto === "https") return "http";
  if (proto === "tcp" || proto === "tls") return proto;
  throw invalid(`the proto "${proto}" is none of http, tcp, tls`);
}

/**
 * What is asked of the agent.
 *
 * @param config in its one form
 * @param isLocal whether the edge is in this program, without certificates: http then stands for https
 * @throws {TunnelError} config_invalid
 */
export function endpointOptions(config: Config, isLocal: boolean): Omit<ForwardOptions, "addr"> {
  const proto = protoOf(config);
  const { binding, proxy_proto, app_protocol } = config;
  if (binding !== undefined && !["public", "internal", "kubernetes"].includes(binding)) {
    throw invalid(`the binding "${binding}" is none of public, internal, kubernetes`);
  }
  if (proxy_proto !== undefined && !["", "1", "2"].includes(proxy_proto)) {
    throw invalid(`the proxy_proto "${proxy_proto}" is none of 1, 2`);
  }
  if (app_protocol !== undefined && !["", "http1", "http2"].includes(app_protocol)) {
    throw invalid(`the app_protocol "${app_protocol}" is none of http1, http2`);
  }
  if (isLocal && proto === "tls") {
    throw invalid(
      "tls needs an edge with certificates; name one with server_addr or SALLYPORT_CONNECT_URL",
    );
  }
  return {
    proto,
    url: urlOf(config, proto, isLocal),
    metadata: config.metadata,
    trafficPolicy: config.traffic_policy ?? config.policy,
    modules: modulesOf(config, proto),
    poolingEnabled: config.pooling_enabled,
    binding: binding as ForwardOptions["binding"],
    upstreamProtocol: app_protocol === "http2" ? "http2" : undefined,
    upstreamProxyProtocol: proxy_proto === "1" ? 1 : proxy_proto === "2" ? 2 : undefined,
    upstreamTlsVerify: config.verify_upstream_tls ?? true,
  };
}

function urlOf(config: Config, proto: string, isLocal: boolean): string | undefined {
  if (proto === "tcp") return config.remote_addr && `tcp://${config.remote_addr}`;
  const domain = config.domain ?? config.hostname ?? "";
  if (proto === "tls") return domain && `tls://${domain}`;
  const scheme = listOf(config.schemes)?.at(-1)?.toLowerCase() ?? "https";
  if (scheme !== "http" && scheme !== "https") {
    throw invalid(`the scheme "${scheme}" is none of http, https`);
  }
  return `${isLocal ? "http" : scheme}://${domain}`;
}

function modulesOf(config: Config, proto: string): EndpointModules {
  const authorities = listOf(config.mutual_tls_cas)?.join("\n");
  const { verify_webhook_provider: webhooks } = config;
  const { oauth_provider, oidc_issuer_url, crt, key } = config;
  const isTerminated = proto === "tls" && (crt !== undefined || key !== undefined);
  return asked({
    basicAuth: listOf(config.basic_auth ?? config.auth),
    cidrs: {
      allow: listOf(config.ip_restriction_allow_cidrs),
      deny: listOf(config.ip_restriction_deny_cidrs),
    },
    // 0 is off
    circuitBreaker: config.circuit_breaker || undefined,
    compression: config.compression,
    mutualTlsCas: authorities,
    hostHeader: config.host_header,
    requestHeaders: {
      add: listOf(config.request_header_add),
      remove: listOf(config.request_header_remove),
    },
    responseHeaders: {
      add: listOf(config.response_header_add),
      remove: listOf(config.response_header_remove),
    },
    userAgents: { allow: listOf(config.allow_user_agent), deny: listOf(config.deny_user_agent) },
    verifyWebhook: webhooks === undefined
      ? undefined
      : { provider: webhooks, secret: config.verify_webhook_secret },
    websocketTcpConverter: config.websocket_tcp_converter,
    terminateAtEdge: isTerminated ? { certificate: crt, privateKey: key } : undefined,
    oauth: oauth_provider === undefined ? undefined : {
      provider: oauth_provider,
      clientId: config.oauth_client_id,
      clientSecret: config.oauth_client_secret,
      allowEmails: listOf(config.oauth_allow_emails),
      allowDomains: listOf(config.oauth_allow_domains),
      scopes: listOf(config.oauth_scopes),
    },
    oidc: oidc_issuer_url === undefined ? undefined : {
      issuerUrl: oidc_issuer_url,
      clientId: config.oidc_client_id,
      clientSecret: config.oidc_client_secret,
      allowEmails: listOf(config.oidc_allow_emails),
      allowDomains: listOf(config.oidc_allow_domains),
      scopes: listOf(config.oidc_scopes),
    },
  });
}

/** Without what nobody asked for: a tcp endpoint refuses modules of http, empty ones too. */
function asked(modules: EndpointModules): EndpointModules {
  const isAsked = (value: unknown): boolean =>
    value !== undefined &&
    (typeof value !== "object" || Array.isArray(value) || Object.values(value!).some(isAsked));
  return Object.fromEntries(Object.entries(modules).filter(([, value]) => isAsked(value)));
}
