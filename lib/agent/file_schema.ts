/**
 * What a configuration file must be: the schema of version 3 and that of version 2, every key once
 * (spec agent E, F). `file.ts` checks files with them, editors get the first as JSON Schema.
 *
 * @module
 */
import { type Schema, z } from "../base/schema.ts";
import { durationText } from "../base/duration.ts";
import { isNameServer } from "./config.ts";
import type { AgentSection, EndpointSection, TunnelSection } from "./file_sections.ts";

/** A file of version 3, as it is written. */
export interface FileV3 {
  /** Which layout this is. */
  readonly version: "3";
  /** Settings of the agent itself. */
  readonly agent?: AgentSection;
  /** What it puts online. */
  readonly endpoints?: readonly EndpointSection[];
  /** The same in the form of version 2. */
  readonly tunnels?: Readonly<Record<string, TunnelSection>>;
}

/** A file of version 2, as it is written. */
export interface FileV2 extends Omit<AgentSection, "connect_url" | "connect_cas" | "crl_url"> {
  /** Which layout this is. */
  readonly version: "2";
  /** Today's `connect_url`. */
  readonly server_addr?: string;
  /** Today's `connect_cas`. */
  readonly root_cas?: string;
  /** Today's `proxy_url`, in older files. */
  readonly http_proxy?: string;
  /** Today's `proxy_url`, in older files. */
  readonly socks5_proxy?: string;
  /** Today's `update_check`, in older files. */
  readonly update?: boolean;
  /** What it puts online. */
  readonly tunnels?: Readonly<Record<string, TunnelSection>>;
}

const text = z.string();
const texts = z.array(z.string());
const METADATA = 4096;

// YAML reads 1.2 as a number.
const tlsVersion = z.union([z.enum(["1.2", "1.3"]), z.literal(1.2), z.literal(1.3)]);

function url(schemes: readonly string[]) {
  return text.refine(
    (value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)),
    `it must be a URL that begins with ${schemes.map((one) => `${one}://`).join(" or ")}`,
  );
}

function nameServer() {
  return text.refine(isNameServer, "it must be an IP address");
}

function isWebAddr(value: string): boolean {
  const [, port] = /^(?:(?:\[[^\]]+\]|[^:[\]/\s]*):)?(\d{1,5})$/.exec(value) ?? [];
  return value === "false" || (port !== undefined && Number(port) <= 65_535);
}

/** Everything the agent's section may hold, in either version. */
const AGENT_KEYS = {
  authtoken: text.regex(/^[\x21-\x7e]*$/, "blanks and control characters are not allowed")
    .describe("Who the agent is to the edge").optional(),
  api_key: text.regex(/^[\x21-\x7e]*$/, "blanks and control characters are not allowed")
    .describe("Who `sallyport api` is to the API").optional(),
  connect_timeout: durationText({ minMs: 1 }).describe("Limit of connection and handshake")
    .optional(),
  connect_interface: text.min(1).describe("The network interface to dial from").optional(),
  console_ui: z.union([z.boolean(), z.literal("iftty")]).describe("Whether a status is shown")
    .optional(),
  console_ui_color: z.enum(["black", "transparent"]).describe("Background of the status")
    .optional(),
  crl_noverify: z.boolean().describe("Whether revoked certificates are accepted").optional(),
  dns_resolver_ips: z.array(nameServer()).min(1).describe(
    "Name servers to ask instead of the system's",
  ).optional(),
  dns_mechanisms: z.array(z.enum(["system", "public", "https", "list"])).min(1)
    .describe("The ways to find the edge, one per attempt in rotation").optional(),
  dns_public_ips: z.array(nameServer()).min(1).describe("The name servers of the way public")
    .optional(),
  dns_https_urls: z.array(url(["https"])).min(1).describe("The servers of the way https")
    .optional(),
  dns_list: text.min(1).describe("Path or URL of a JSON list of names with their addresses")
    .optional(),
  heartbeat_interval: durationText({ minMs: 1 }).describe("Time between heartbeats").optional(),
  heartbeat_tolerance: durationText({ minMs: 1 }).describe("Silence beyond it that is borne")
    .optional(),
  inspect_db_size: z.int().min(-1).describe("Bytes the inspector keeps; -1 turns it off")
    .optional(),
  local_storage: z.boolean().describe("Whether the local inspector works").optional(),
  log: text.min(1).refine(
    (value) => value !== "true",
    'it must be "stdout", "stderr", "false" or a path',
  )
    .describe("stdout, stderr, false, or the path of a file").optional(),
  log_format: z.enum(["term", "logfmt", "json"]).describe("How log lines look").optional(),
  log_level: z.enum(["debug", "info", "warn", "error", "crit"])
    .describe("The least important line that is written").optional(),
  metadata: text.max(METADATA).describe("Text shown with the session").optional(),
  proxy_url: url(["http", "https", "socks5"]).describe("The proxy to dial through").optional(),
  region: text.describe("Of old; it has no effect").optional(),
  remote_management: z.boolean().describe("Whether the edge may stop, restart and update the agent")
    .optional(),
  update_channel: z.enum(["stable", "beta", "unstable"]).describe("Where updates come from")
    .optional(),
  update_check: z.boolean().describe("Whether the agent looks for updates").optional(),
  update_key: text.regex(
    /^[A-Za-z0-9+/]{43}=$/,
    "it must be an Ed25519 public key, 32 bytes in base64",
  )
    .describe("Whose signature updates must have").optional(),
  update_url: url(["http", "https"]).describe("The folder of the update channels").optional(),
  web_addr: text.refine(isWebAddr, 'it must be host:port, a port, or "false"').describe(
    "Where the inspector listens; false is nowhere",
  ).optional(),
  web_allow_hosts: texts.describe("The host names the inspector answers to").optional(),
};

/** What {@linkcode AgentSection} must be. */
export const agentSectionSchema: Schema<AgentSection> = z.strictObject({
  ...AGENT_KEYS,
  connect_url: text.min(1).describe("The edge, host:port").optional(),
  connect_cas: text.min(1).describe("Who may vouch for it: trusted, host, or a PEM file")
    .optional(),
  crl_url: url(["http"]).describe("Where the list of revoked certificates is").optional(),
});

const address = z.union([text.min(1), z.int().min(1).max(65_535)]);
const policy = z.union([z.record(text, z.unknown()), text]);
const proxyVersion = z.preprocess(
  // Files for older agents have it as text, and 0 or nothing for none.
  (written) => written === 0 || written === "" ? undefined : SPELLED[String(written)] ?? written,
  z.union([z.literal(1), z.literal(2)]).optional(),
);

/** What means the same without its quotes. */
const SPELLED: Readonly<Record<string, unknown>> = { 1: 1, 2: 2, true: true, false: false };

/** What {@linkcode EndpointSection} must be. */
export const endpointSectionSchema: Schema<EndpointSection> = z.strictObject({
  name: text.min(1).describe("What `sallyport start` calls it"),
  url: text.describe("The URL wanted; empty takes any").optional(),
  bindings: z.array(z.enum(["public", "internal", "kubernetes"])).max(
    1,
    "it must be one binding, not several",
  ).describe("Where it can be reached from").optional(),
  metadata: text.max(METADATA).describe("Text kept with the endpoint").optional(),
  description: text.max(255).describe("What it is for").optional(),
  pooling_enabled: z.boolean().describe("Whether others may share its URL").optional(),
  traffic_policy: policy.describe("Its traffic policy").optional(),
  traffic_policy_file: text.min(1).describe("The file its policy is in").optional(),
  traffic_policy_url: url(["http", "https"]).describe("Where its policy is fetched").optional(),
  inspect: z.boolean().describe("Whether its requests can be inspected").optional(),
  upstream: z.strictObject({
    url: address.describe("Your service: a port, host:port or URL"),
    protocol: z.enum(["http1", "http2"]).describe("What it speaks").optional(),
    proxy_protocol: proxyVersion.describe("Version of the PROXY header it gets").optional(),
    tls_verify: z.boolean().describe("Whether its certificate is checked").optional(),
    tls_verify_cas: text.min(1).describe("The authorities it is checked against").optional(),
  }),
  agent_tls_termination: z.strictObject({
    server_certificate: text.min(1).describe("Path of a PEM file, or PEM text"),
    server_private_key: text.min(1).describe("Path of a PEM file, or PEM text"),
    mutual_tls_certificate_authorities: texts.describe("Who vouches for visitors").optional(),
    mutual_tls_verification_strategy: z.enum(["require-and-verify", "require-any", "request"])
      .describe("Whether a visitor must have a certificate that they vouch for").optional(),
    min_version: tlsVersion.describe("The oldest version of TLS accepted").optional(),
    max_version: tlsVersion.describe("The newest version of TLS spoken").optional(),
  }).describe("Ends TLS in the agent; for tls:// URLs").optional(),
});

const signIn = {
  client_id: text.optional(),
  client_secret: text.optional(),
  allow_domains: texts.optional(),
  allow_emails: texts.optional(),
  scopes: texts.optional(),
};
const headerChanges = z.strictObject({ add: texts.optional(), remove: texts.optional() });

/** What {@linkcode TunnelSection} must be. */
export const tunnelSectionSchema: Schema<TunnelSection> = z.strictObject({
  proto: z.enum(["http", "tcp", "tls"]).optional(),
  labels: texts.optional(),
  addr: address,
  metadata: text.max(METADATA).optional(),
  inspect: z.boolean().optional(),
  domain: text.min(1).optional(),
  hostname: text.min(1).optional(),
  subdomain: text.min(1).optional(),
  schemes: z.array(z.enum(["http", "https"])).min(1, "it must name http, https or both").optional(),
  bind_tls: z.preprocess(
    (written) => SPELLED[String(written)] ?? written,
    z.union([z.boolean(), z.literal("both")]).optional(),
  ).optional(),
  basic_auth: texts.optional(),
  auth: text.optional(),
  host_header: text.min(1).optional(),
  circuit_breaker: z.number().min(0).max(1).optional(),
  compression: z.boolean().optional(),
  websocket_tcp_converter: z.boolean().optional(),
  ip_restriction: z.strictObject({
    allow_cidrs: texts.optional(),
    deny_cidrs: texts.optional(),
  }).optional(),
  mutual_tls_cas: text.min(1).optional(),
  client_cas: text.min(1).optional(),
  oauth: z.strictObject({ provider: text.min(1), ...signIn }).optional(),
  oidc: z.strictObject({ issuer_url: text.min(1), ...signIn }).optional(),
  request_header: headerChanges.optional(),
  response_header: headerChanges.optional(),
  user_agent_filter: z.strictObject({ allow: texts.optional(), deny: texts.optional() }).optional(),
  verify_webhook: z.strictObject({ provider: text.min(1), secret: text.optional() }).optional(),
  proxy_proto: proxyVersion.optional(),
  remote_addr: text.min(1).optional(),
  crt: text.min(1).optional(),
  key: text.min(1).optional(),
  terminate_at: z.enum(["edge", "agent", "upstream"]).optional(),
  traffic_policy: policy.optional(),
  policy: policy.optional(),
});

const tunnels = z.record(text.min(1), tunnelSectionSchema);

/** What a file of version 3 must be. */
export const fileV3Schema: Schema<FileV3> = z.strictObject({
  version: z.literal("3").describe("Which layout this is"),
  agent: agentSectionSchema.describe("Settings of the agent itself").optional(),
  endpoints: z.array(endpointSectionSchema).describe("What it puts online").optional(),
  tunnels: tunnels.describe("The same in the form of version 2").optional(),
});

/** What a file of version 2 must be. */
export const fileV2Schema: Schema<FileV2> = z.strictObject({
  version: z.literal("2"),
  ...AGENT_KEYS,
  server_addr: text.min(1).optional(),
  root_cas: text.min(1).optional(),
  http_proxy: url(["http", "https"]).optional(),
  socks5_proxy: url(["socks5"]).optional(),
  update: z.boolean().optional(),
  tunnels: tunnels.optional(),
  // What agents of version 2 knew and nobody needs: read, and of no effect.
  compress_conn: z.boolean().optional(),
  crash_report_url: text.optional(),
  json_resolver_url: text.optional(),
  server_sni: text.optional(),
  ip_policy: text.optional(),
  pprof_addr: text.optional(),
});
