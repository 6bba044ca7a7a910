/**
 * What the edge is to do with the traffic of an endpoint, in the older form: one option for each
 * feature, as the flags of the ngrok agent and its version 2 files have them. A traffic policy can do
 * all of it and more. `agent.ts` sends them with the bind (wire-protocol 6).
 *
 * @module
 */
import { toBase64 } from "../base/base64.ts";
import { encodeText } from "../base/bytes.ts";
import { TunnelError } from "../base/errors.ts";
import { type Schema, z } from "../base/schema.ts";
import { parseAuthority } from "../http/authority.ts";
import type { Files } from "../runtime/host.ts";
import type { BindOptions } from "../wire/messages.ts";
import { readCertificates, readPrivateKey } from "./pem.ts";
import type { UpstreamKind } from "./upstream.ts";

/** A list of what is let through and one of what is not. */
export interface AllowDeny {
  /** What is let through. */
  readonly allow?: readonly string[];
  /** What is not. */
  readonly deny?: readonly string[];
}

/** Headers that are added and removed. */
export interface HeaderChanges {
  /** `Name: value`, each. */
  readonly add?: readonly string[];
  /** Names. */
  readonly remove?: readonly string[];
}

/** Who may sign in, and where. */
export interface SignIn {
  /** The application at the provider; the provider's own when left away. */
  readonly clientId?: string;
  /** Its secret. */
  readonly clientSecret?: string;
  /** Addresses that may. */
  readonly allowEmails?: readonly string[];
  /** Domains of addresses that may. */
  readonly allowDomains?: readonly string[];
  /** What is asked of the provider. */
  readonly scopes?: readonly string[];
}

/** What the edge does with the traffic of one endpoint. Those that read HTTP are for http endpoints alone. */
export interface EndpointModules {
  /** Asks visitors for a password: `user:password`, each. */
  readonly basicAuth?: readonly string[];
  /** The networks visitors may come from, and those they may not. */
  readonly cidrs?: AllowDeny;
  /** The ratio of server errors, 0 to 1, at which requests are refused for a while. */
  readonly circuitBreaker?: number;
  /** Whether answers are compressed. */
  readonly compression?: boolean;
  /** Who vouches for visitors' certificates: the path of a PEM file, or PEM text. */
  readonly mutualTlsCas?: string;
  /** Asks visitors to sign in at a known provider. */
  readonly oauth?: SignIn & {
    /** `google`, `github` … */
    readonly provider: string;
  };
  /** Asks visitors to sign in at an OpenID Connect provider. */
  readonly oidc?: SignIn & {
    /** Where it says what it can do. */
    readonly issuerUrl: string;
  };
  /**
   * The `Host` that the upstream is asked for: `preserve` is the visitor's, `rewrite` the upstream's
   * own, anything else is that name. The visitor's goes on as `X-Forwarded-Host`, and redirects of the
   * upstream to that name lead the visitor back to the public one. @default {"preserve"}
   */
  readonly hostHeader?: string;
  /** Changes of the request. */
  readonly requestHeaders?: HeaderChanges;
  /** Changes of the answer. */
  readonly responseHeaders?: HeaderChanges;
  /** Patterns of browsers' names, in RE2. */
  readonly userAgents?: AllowDeny;
  /** Lets through only what a provider of webhooks has signed. */
  readonly verifyWebhook?: {
    /** `slack`, `github` … */
    readonly provider: string;
    /** What it signs with. */
    readonly secret?: string;
  };
  /** Whether WebSocket messages reach the upstream as bytes of a TCP connection. */
  readonly websocketTcpConverter?: boolean;
  /** Ends TLS at the edge, for tls endpoints; with the edge's own certificate unless one is given. */
  readonly terminateAtEdge?: {
    /** The path of a PEM file, or PEM text. */
    readonly certificate?: string;
    /** The path of a PEM file, or PEM text. */
    readonly privateKey?: string;
  };
}

const texts = z.array(z.string()).optional();
const text = z.string().min(1);
const allowDeny = z.strictObject({ allow: texts, deny: texts });
const headers = z.strictObject({ add: texts, remove: texts });
const signIn = {
  clientId: text.optional(),
  clientSecret: text.optional(),
  allowEmails: texts,
  allowDomains: texts,
  scopes: texts,
};

/** What {@linkcode EndpointModules} must be; the edge judges the values. */
export const endpointModulesSchema: Schema<EndpointModules> = z.strictObject({
  basicAuth: texts,
  cidrs: allowDeny.optional(),
  circuitBreaker: z.number().min(0).max(1).optional(),
  compression: z.boolean().optional(),
  mutualTlsCas: text.optional(),
  oauth: z.strictObject({ provider: text, ...signIn }).optional(),
  oidc: z.strictObject({ issuerUrl: text, ...signIn }).optional(),
  hostHeader: text.optional(),
  requestHeaders: headers.optional(),
  responseHeaders: headers.optional(),
  userAgents: allowDeny.optional(),
  verifyWebhook: z.strictObject({ provider: text, secret: text.optional() }).optional(),
  websocketTcpConverter: z.boolean().optional(),
  terminateAtEdge: z.strictObject({ certificate: text.optional(), privateKey: text.optional() })
    .optional(),
});

/** The modules that fit endpoints which are not HTTP. */
const FITTING: Readonly<Record<UpstreamKind, readonly (keyof EndpointModules)[] | undefined>> = {
  http: undefined,
  tcp: ["cidrs"],
  tls: ["cidrs", "mutualTlsCas", "terminateAtEdge"],
};

/**
 * The keys that are added to the options of a bind. Files are read here, so that a missing one is
 * found out before anything is asked of the edge.
 *
 * @param modules as the caller gave them
 * @param kind what the endpoint speaks
 * @param files where PEM files are read
 * @param upstreamHost the upstream's own name, with its port unless that is the usual one
 * @throws {TunnelError} config_invalid what does not fit; not_found, permission_denied, io_failed
 */
export async function moduleOptions(
  modules: EndpointModules,
  kind: UpstreamKind,
  files: Files,
  upstreamHost: string = "localhost",
): Promise<BindOptions> {
  refuseUnfitting(modules, kind);
  const options: BindOptions = {};
  const { cidrs, oauth, oidc, mutualTlsCas, terminateAtEdge, verifyWebhook } = modules;
  if (modules.basicAuth?.length) {
    options.BasicAuth = { credentials: modules.basicAuth.map(credential) };
  }
  if (filled(cidrs)) {
    options.IPRestriction = packed({ allow_cidrs: cidrs.allow, deny_cidrs: cidrs.deny });
  }
  if (modules.circuitBreaker !== undefined) {
    options.CircuitBreaker = { error_threshold: modules.circuitBreaker };
  }
  if (modules.compression) options.Compression = {};
  if (mutualTlsCas !== undefined) {
    const pem = (await readCertificates(mutualTlsCas, files, "mutualTlsCas")).join("\n") + "\n";
    const key = kind === "tls" ? "MutualTLSAtEdge" : "MutualTLSCA";
    options[key] = { mutual_tls_ca: base64(pem) };
  }
  if (oauth) options.OAuth = packed({ provider: oauth.provider, ...signInKeys(oauth) });
  if (oidc) options.OIDC = packed({ issuer_url: oidc.issuerUrl, ...signInKeys(oidc) });
  if (verifyWebhook) options.WebhookVerification = packed({ ...verifyWebhook });
  const requestHeaders = withHost(modules, upstreamHost);
  if (filled(requestHeaders)) options.RequestHeaders = headerKeys(requestHeaders, "request");
  if (filled(modules.responseHeaders)) {
    options.ResponseHeaders = headerKeys(modules.responseHeaders, "response");
  }
  if (modules.websocketTcpConverter) options.WebsocketTCPConverter = {};
  if (filled(modules.userAgents)) options.UserAgentFilter = packed({ ...modules.userAgents });
  if (terminateAtEdge) {
    options.TLSTermination = await terminationKeys(terminateAtEdge, files);
  }
  return options;
}

/** The edge rewrites the host, for it reads the heads anyway: a host that is added takes the place of the visitor's. */
function withHost(
  { hostHeader = "preserve", requestHeaders }: EndpointModules,
  upstreamHost: string,
): HeaderChanges | undefined {
  if (hostHeader === "preserve") return requestHeaders;
  const host = hostHeader === "rewrite" ? upstreamHost : hostHeader.trim();
  // With ${…} only the edge knows what becomes of it.
  if (!host.includes("${") && !parseAuthority(host)) {
    throw new TunnelError(
      "config_invalid",
      `Cannot ask the upstream for the host "${hostHeader}": it is neither "preserve" nor "rewrite" ` +
        'nor a host, as in "app.local" or "app.local:8080"',
    );
  }
  return { ...requestHeaders, add: [...requestHeaders?.add ?? [], `host: ${host}`] };
}

function refuseUnfitting(modules: EndpointModules, kind: UpstreamKind): void {
  const fitting = FITTING[kind];
  const names = Object.keys(modules) as (keyof EndpointModules)[];
  const asked = names.filter((name) => modules[name] !== undefined && modules[name] !== false);
  const wrong = asked.find((name) =>
    fitting ? !fitting.includes(name) : name === "terminateAtEdge"
  );
  if (wrong === undefined) return;
  const other = wrong === "terminateAtEdge" ? "tls" : "http";
  throw new TunnelError(
    "config_invalid",
    `Cannot use "${wrong}" with a ${kind} endpoint: it is for ${other} endpoints`,
  );
}

/** Whether there is anything in a module of lists: two empty ones ask for nothing. */
function filled<T extends object>(lists: T | undefined): lists is T {
  return lists !== undefined &&
    Object.values(lists).some((list: readonly string[] | undefined) => list && list.length > 0);
}

/** Without what is empty: it is left out on the wire. */
function packed(keys: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const full = Object.entries(keys).filter(([, value]) =>
    value !== undefined && (!Array.isArray(value) || value.length > 0)
  );
  return Object.fromEntries(full);
}

function credential(pair: string) {
  const colon = pair.indexOf(":");
  if (colon < 0) {
    throw new TunnelError(
      "config_invalid",
      'Cannot use a value of "basicAuth": it is not of the form user:password',
    );
  }
  return { username: pair.slice(0, colon), cleartext_password: pair.slice(colon + 1) };
}

function signInKeys(given: SignIn) {
  return {
    client_id: given.clientId,
    client_secret: given.clientSecret,
    allow_emails: given.allowEmails,
    allow_domains: given.allowDomains,
    scopes: given.scopes,
  };
}

/** Only the first colon separates: the value may have more of them. */
function headerKeys({ add, remove }: HeaderChanges, of: string) {
  const added = add?.map((line) => {
    const colon = line.indexOf(":");
    if (colon > 0) return `${line.slice(0, colon).trim()}:${line.slice(colon + 1).trim()}`;
    throw new TunnelError(
      "config_invalid",
      `Cannot use "${line}" as a ${of} header to add: it is not of the form "Name: value"`,
    );
  });
  return packed({ add: added, remove });
}

async function terminationKeys(
  { certificate, privateKey }: NonNullable<EndpointModules["terminateAtEdge"]>,
  files: Files,
): Promise<Record<string, unknown>> {
  if ((certificate === undefined) !== (privateKey === undefined)) {
    throw new TunnelError(
      "config_invalid",
      "Cannot end TLS at the edge: certificate and private key come together, one is missing",
    );
  }
  if (certificate === undefined || privateKey === undefined) return {};
  const chain = (await readCertificates(certificate, files, "certificate")).join("\n") + "\n";
  return {
    cert: base64(chain),
    key: base64(await readPrivateKey(privateKey, files, "privateKey")),
  };
}

/** How Go writes bytes in JSON. */
function base64(pem: string): string {
  return toBase64(encodeText(pem));
}
