/**
 * What an edge can be told, declared once: interface, bounds and defaults. Flags and files are
 * adapters onto this document.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { parseWith, type Schema, z } from "../base/schema.ts";
import { type Cidr, parseCidr } from "../http/cidr.ts";
import type { AccessLogOptions } from "./access_log.ts";
import { type AcmeOptions, acmeOptionsSchema } from "./certificates/acme_options.ts";
import type { CertificateFiles } from "./certificates/files.ts";
import type { PortRange } from "./door_tcp.ts";
import type { EdgeEvent } from "./events.ts";
import type { GateLimits } from "./gate.ts";
import type { GuessLimits } from "./guessing.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "./http_limits.ts";
import { DEFAULT_HTTP2_EDGE_LIMITS, type Http2EdgeLimits } from "./http2_limits.ts";
import { normalizeHost } from "./names.ts";
import type { TracingOptions } from "./tracing.ts";

/** Where a door stands. */
export interface DoorAddress {
  /** The IP to listen at; empty is every address of the machine, `localhost` both loopbacks. @default {"127.0.0.1"} */
  readonly host?: string;
  /** The port; 0 takes any free one. */
  readonly port: number;
}

/** How an edge runs. */
export interface EdgeOptions {
  /** The base domain, or several: endpoints get names below the first. @default {"localhost"} */
  readonly domain?: string | readonly string[];
  /** The folder for the database, keys and certificates. Without one they are new at each start. */
  readonly dataDir?: string;
  /** Where HTTP visitors arrive. Without it there are no http endpoints. */
  readonly http?: DoorAddress;
  /**
   * Where HTTPS and TLS visitors arrive, and agents that connect to `connect.<domain>`. Without it
   * there are no https and tls endpoints.
   */
  readonly https?: DoorAddress;
  /** A door for TLS endpoints alone. Without it they share the https door, told apart by name. */
  readonly tls?: DoorAddress;
  /** A door for agents alone. Without it they come through the https door. */
  readonly agents?: DoorAddress;
  /**
   * A door for the API alone, in plain HTTP: for programs on this machine. The API is at
   * `api.<domain>` on the other doors too, once somebody serves it.
   */
  readonly api?: DoorAddress;
  /**
   * A door for `/metrics`, `/healthz` and `/readyz` alone, in plain HTTP, for anyone who reaches it.
   * They are at the API's own door too.
   */
  readonly metrics?: DoorAddress;
  /** One line for each request of a visitor. @default none */
  readonly accessLog?: AccessLogOptions;
  /** Sends a span of each request to an OpenTelemetry collector. @default none */
  readonly tracing?: TracingOptions;
  /** The port in http URLs, where something in front of the edge listens at another. @default the door's */
  readonly httpPublicPort?: number;
  /** The port in https URLs, and in tls URLs without a door of their own, likewise. @default the door's */
  readonly httpsPublicPort?: number;
  /** The port in tls URLs, likewise. @default the door's */
  readonly tlsPublicPort?: number;
  /**
   * The load balancers in front: ranges of addresses (CIDR) from which every connection, at any door,
   * must begin with a PROXY protocol header, version 1 or 2. It says who the visitor is. From other
   * addresses a header is not believed, but part of what the visitor says. @default none
   */
  readonly proxyProtocolFrom?: readonly string[];
  /** The ports tcp endpoints may have; `any` leaves the choice to the system, `none` offers none. @default {"any"} */
  readonly tcpPorts?: PortRange | "any" | "none";
  /** Where tcp endpoints listen. @default the host of the http door, else of the https door */
  readonly tcpHost?: string;
  /** Further names and IP addresses by which agents reach the edge: its certificate covers them. */
  readonly agentNames?: readonly string[];
  /**
   * Further addresses, `host:port`, by which agents reach this edge: other ways, other links, a
   * balancer beside. Agents that can open one connection more to each, and serve over all of them.
   */
  readonly connectAddresses?: readonly string[];
  /** The owner's authtoken; it replaces the one before. @default the one in the data folder, else a new one */
  readonly authtoken?: string;
  /** The owner's API key, likewise. @default the one in the data folder, else a new one */
  readonly apiKey?: string;
  /**
   * The key that private keys and other secrets in the database are sealed with: 64 hexadecimal
   * digits. @default the one in the data folder, made on first start
   */
  readonly masterKey?: string;
  /**
   * Whether accounts must reserve wildcards, names of other domains, names more than one part below
   * a base domain, and tcp ports before they choose them. What another account has reserved nobody
   * gets either way. @default as soon as there is more than one account
   */
  readonly requireReservations?: boolean;
  /**
   * Runs inside the process of its only agent: on loopback, without a token. Agents come through
   * `Edge.acceptAgent` alone. @default {false}
   */
  readonly embedded?: boolean;
  /** Whether HTTPS visitors are offered HTTP/2. @default {true} */
  readonly http2?: boolean;
  /**
   * Shows browsers a page that names the host before they see an endpoint of this edge, once in
   * seven days for each host. For edges on which people you do not know start endpoints. @default {false}
   */
  readonly interstitial?: boolean;
  /** Where the edge is, for the screens of agents. */
  readonly region?: string;
  /**
   * Certificates of the operator's own, wildcard or exact: a list of files, or a folder of them.
   * They are served before those that the edge gets or makes, and taken over when they change.
   */
  readonly certificateFiles?: string | readonly CertificateFiles[];
  /** Gets certificates from an ACME server, for names that belong to somebody here. @default not */
  readonly acme?: AcmeOptions;
  /**
   * Which certificate agents are served at `connect.<domain>`: one of the edge's own authority, which
   * they must be given (`own`), or what visitors get, so that agents need nothing when that is from
   * an authority their machine trusts (`public`). @default {"own"}
   */
  readonly agentCertificate?: "own" | "public";
  /** What differs from {@linkcode DEFAULT_EDGE_LIMITS}. */
  readonly limits?: Partial<EdgeLimits>;
  /** Where log lines go. @default nowhere */
  readonly logger?: Logger;
  /** Hears what happens. What it throws is logged and otherwise ignored. */
  readonly onEvent?: (event: EdgeEvent) => void;
}

/** Bounds of an edge. Times are in milliseconds. */
export interface EdgeLimits extends GuessLimits, GateLimits, HttpLimits, Http2EdgeLimits {
  /** Agents at a time. */
  readonly maxSessions: number;
  /** Connections at a time that have not authenticated. */
  readonly maxPendingSessions: number;
  /** Endpoints of one session. */
  readonly maxEndpointsPerSession: number;
  /** Visitors at a time towards one Sallyport or Go agent. */
  readonly maxStreams: number;
  /** Visitors at a time towards one Rust SDK, or an agent we do not know: 512 streams end its session. */
  readonly maxStreamsRust: number;
  /** Visitors that may wait for one agent when it has as many as it can take. */
  readonly maxWaitingStreams: number;
  /** How long they may. */
  readonly streamWaitMs: number;
  /** Streams one agent may have open towards the edge. */
  readonly maxAgentStreams: number;
  /** From accept to the end of a visitor's ClientHello; 0 waits for ever. */
  readonly helloMs: number;
  /** How large a ClientHello may be. */
  readonly helloBytes: number;
  /** TLS handshakes, agents' and visitors'. Their size is bounded by the runtime's TLS. */
  readonly handshakeMs: number;
  /** From the end of the handshake to Auth. */
  readonly authMs: number;
  /** How long one request of an agent may take to arrive. */
  readonly requestMs: number;
  /** How long an agent may take to answer a command. */
  readonly commandMs: number;
  /** How often an agent is pinged that does not say how often it pings. */
  readonly heartbeatIntervalMs: number;
  /** How long such an agent may stay silent beyond that. */
  readonly heartbeatToleranceMs: number;
  /** Agents that want shorter heartbeats are refused. */
  readonly minHeartbeatMs: number;
  /** Agents that want longer heartbeats get this. */
  readonly maxHeartbeatMs: number;
  /** How long the holder of a name may take to prove that it is alive, when another session wants it. */
  readonly holderPingMs: number;
  /** How long names and ports are kept for an agent that lost its connection. */
  readonly holdMs: number;
  /** A raw connection without a byte either way is cut after so long; 0 never cuts. */
  readonly rawIdleMs: number;
  /**
   * After a start, how long visitors of names that were online before may wait for their agents to
   * come back; 0 lets nobody wait.
   */
  readonly comebackMs: number;
  /**
   * When the connection of an agent has broken without a goodbye, how long visitors of its names may
   * wait for it to come back; 0 lets nobody wait.
   */
  readonly reconnectMs: number;
  /** How long visitors may take to finish when the edge closes. */
  readonly closeGraceMs: number;
  /** Agents' sessions that are remembered of each account. */
  readonly maxSessionHistory: number;
  /** How often the database is asked whether another process has changed it; 0 never asks. */
  readonly storeWatchMs: number;
  /** Endpoints, and accounts, with metrics of their own; all further ones are counted together. */
  readonly maxMetricSeries: number;
  /** How long metrics of an endpoint or account that is gone are still shown. */
  readonly metricForgetMs: number;
  /** How often the operator's certificate files are looked at; 0 never looks again. */
  readonly certificateWatchMs: number;
  /** How long a visitor waits for a certificate that is being got; then the fallback does. 0 does not wait. */
  readonly certificateWaitMs: number;
  /** Certificates that are asked for in an hour; 0 is no limit. */
  readonly maxCertificatesPerHour: number;
  /** Certificates that are asked for in an hour for one account; 0 is no limit. */
  readonly maxCertificatesPerAccountHour: number;
}

/** The bounds unless told otherwise. */
export const DEFAULT_EDGE_LIMITS: EdgeLimits = {
  maxSessions: 10_000,
  maxPendingSessions: 1_000,
  maxEndpointsPerSession: 1_000,
  maxStreams: 10_000,
  // 512 in all, less heartbeats, requests, and streams of which the agent has not seen the end.
  maxStreamsRust: 480,
  maxWaitingStreams: 1_000,
  streamWaitMs: 10_000,
  maxAgentStreams: 1_000,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 4_096,
  proxyHeaderMs: 3_000,
  helloMs: 3_000,
  helloBytes: 65_536,
  ...DEFAULT_HTTP_LIMITS,
  handshakeMs: 10_000,
  authMs: 10_000,
  requestMs: 10_000,
  commandMs: 10_000,
  heartbeatIntervalMs: 10_000,
  heartbeatToleranceMs: 15_000,
  minHeartbeatMs: 1_000,
  maxHeartbeatMs: 60_000,
  holderPingMs: 2_000,
  holdMs: 120_000,
  rawIdleMs: 0,
  comebackMs: 10_000,
  reconnectMs: 2_000,
  closeGraceMs: 10_000,
  maxSessionHistory: 1_000,
  storeWatchMs: 500,
  maxMetricSeries: 1_000,
  metricForgetMs: 300_000,
  certificateWatchMs: 10_000,
  certificateWaitMs: 5_000,
  // Let's Encrypt takes 300 orders in three hours.
  maxCertificatesPerHour: 90,
  maxCertificatesPerAccountHour: 20,
  ...DEFAULT_HTTP2_EDGE_LIMITS,
  freeGuesses: 5,
  guessDelayMs: 250,
  maxGuessDelayMs: 5_000,
  maxGuesses: 20,
  guessLockMs: 60_000,
  guessForgetMs: 900_000,
};

const doorSchema: Schema<DoorAddress> = z.strictObject({
  host: z.string().optional(),
  port: z.int().min(0).max(65_535),
});

const cidrSchema = z.string().refine(
  (text) => parseCidr(text) !== undefined,
  "a range of addresses is wanted, as in 10.0.0.0/8 or 2001:db8::/32",
);

const portSchema = z.int().min(1).max(65_535);

const rangeSchema: Schema<PortRange> = z.strictObject({ from: portSchema, to: portSchema })
  .refine((range) => range.from <= range.to, "the lower port comes first");

/** Timers hold 2^31 - 1 ms at most. */
const limitSchema = z.int().min(0).max(2 ** 31 - 1);

const limitsSchema = z.strictObject(
  Object.fromEntries(Object.keys(DEFAULT_EDGE_LIMITS).map((key) => [key, limitSchema.optional()])),
);

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** What {@linkcode EdgeOptions} must be. */
export const edgeOptionsSchema: Schema<EdgeOptions> = z.strictObject({
  domain: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  dataDir: z.string().min(1).optional(),
  http: doorSchema.optional(),
  https: doorSchema.optional(),
  tls: doorSchema.optional(),
  agents: doorSchema.optional(),
  api: doorSchema.optional(),
  metrics: doorSchema.optional(),
  tracing: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    headers: z.record(z.string(), z.string()).optional(),
    serviceName: z.string().min(1).optional(),
    resource: z.record(z.string(), z.string()).optional(),
    ratio: z.number().min(0).max(1).optional(),
    followParent: z.boolean().optional(),
  }).optional(),
  accessLog: z.strictObject({
    to: z.string().min(1),
    format: z.enum(["json", "common", "combined"]).optional(),
    query: z.boolean().optional(),
  }).optional(),
  httpPublicPort: portSchema.optional(),
  httpsPublicPort: portSchema.optional(),
  tlsPublicPort: portSchema.optional(),
  proxyProtocolFrom: z.array(cidrSchema).optional(),
  tcpPorts: z.union([rangeSchema, z.enum(["any", "none"])]).optional(),
  tcpHost: z.string().optional(),
  agentNames: z.array(z.string().min(1)).optional(),
  connectAddresses: z.array(z.string().regex(/^[^\s/]+:\d+$/, 'it is written "host:port"')).max(16)
    .optional(),
  authtoken: z.string().optional(),
  apiKey: z.string().optional(),
  masterKey: z.string().optional(),
  requireReservations: z.boolean().optional(),
  embedded: z.boolean().optional(),
  http2: z.boolean().optional(),
  interstitial: z.boolean().optional(),
  region: z.string().optional(),
  certificateFiles: z.union([
    z.string().min(1),
    z.array(z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) })),
  ]).optional(),
  acme: acmeOptionsSchema.optional(),
  agentCertificate: z.enum(["own", "public"]).optional(),
  limits: limitsSchema.optional() as unknown as Schema<Partial<EdgeLimits> | undefined>,
  logger: z.custom<Logger>(isObject).optional(),
  onEvent: z.custom<(event: EdgeEvent) => void>(isFunction).optional(),
});

/** {@linkcode EdgeOptions}, checked and complete. */
export interface EdgeConfig {
  /** Normalized, at least one. */
  readonly domains: readonly string[];
  /** As given. */
  readonly dataDir: string | undefined;
  /** As given, with its host. */
  readonly http: Required<DoorAddress> | undefined;
  /** As given, with its host. */
  readonly https: Required<DoorAddress> | undefined;
  /** As given, with its host. */
  readonly tls: Required<DoorAddress> | undefined;
  /** As given, with its host. */
  readonly agents: Required<DoorAddress> | undefined;
  /** As given, with its host. */
  readonly api: Required<DoorAddress> | undefined;
  /** As given, with its host. */
  readonly metrics: Required<DoorAddress> | undefined;
  /** As given. */
  readonly accessLog: AccessLogOptions | undefined;
  /** As given. */
  readonly tracing: TracingOptions | undefined;
  /** As given. */
  readonly httpPublicPort: number | undefined;
  /** As given. */
  readonly httpsPublicPort: number | undefined;
  /** As given. */
  readonly tlsPublicPort: number | undefined;
  /** Read; none when none were given. */
  readonly balancers: readonly Cidr[];
  /** `undefined` when there are no tcp endpoints; a range, or any port. */
  readonly tcp: { readonly host: string; readonly range: PortRange | undefined } | undefined;
  /** Lower case. */
  readonly agentNames: readonly string[];
  /** As given. */
  readonly connectAddresses: readonly string[];
  /** As given. */
  readonly authtoken: string | undefined;
  /** As given. */
  readonly apiKey: string | undefined;
  /** As given. */
  readonly masterKey: string | undefined;
  /** As given. */
  readonly requireReservations: boolean | undefined;
  /** As given, with its default. */
  readonly embedded: boolean;
  /** As given, with its default. */
  readonly http2: boolean;
  /** As given, with its default. */
  readonly interstitial: boolean;
  /** Empty when none was given. */
  readonly region: string;
  /** As given. */
  readonly certificateFiles: EdgeOptions["certificateFiles"];
  /** As given. */
  readonly acme: AcmeOptions | undefined;
  /** As given, with its default. */
  readonly agentCertificate: "own" | "public";
  /** Complete. */
  readonly limits: EdgeLimits;
  /** As given, or the silent one. */
  readonly logger: Logger;
  /** As given. */
  readonly onEvent: EdgeOptions["onEvent"];
}

const LOOPBACK = "127.0.0.1";

/**
 * Checks the options of an edge and fills in the defaults.
 *
 * @param options as the caller gave them
 * @throws {TunnelError} config_invalid, naming the option
 */
export function resolveEdgeOptions(options: EdgeOptions): EdgeConfig {
  const given = parseWith(edgeOptionsSchema, options, "the edge options");
  const http = withHost(given.http);
  const https = withHost(given.https);
  const tls = withHost(given.tls);
  const agents = withHost(given.agents);
  const tcpPorts = given.tcpPorts ?? "any";
  const config: EdgeConfig = {
    domains: [given.domain ?? "localhost"].flat().map(normalizeDomain),
    dataDir: given.dataDir,
    http,
    https,
    tls,
    agents,
    api: withHost(given.api),
    metrics: withHost(given.metrics),
    accessLog: given.accessLog,
    tracing: given.tracing,
    httpPublicPort: given.httpPublicPort,
    httpsPublicPort: given.httpsPublicPort,
    tlsPublicPort: given.tlsPublicPort,
    balancers: (given.proxyProtocolFrom ?? []).map((range) => parseCidr(range)!),
    tcp: tcpPorts === "none" ? undefined : {
      host: given.tcpHost ?? http?.host ?? https?.host ?? tls?.host ?? LOOPBACK,
      range: tcpPorts === "any" ? undefined : tcpPorts,
    },
    agentNames: (given.agentNames ?? []).map((name) => name.toLowerCase()),
    connectAddresses: given.connectAddresses ?? [],
    authtoken: given.authtoken,
    apiKey: given.apiKey,
    masterKey: given.masterKey,
    requireReservations: given.requireReservations,
    embedded: given.embedded ?? false,
    http2: given.http2 ?? true,
    interstitial: given.interstitial ?? false,
    region: given.region ?? "",
    certificateFiles: given.certificateFiles,
    acme: given.acme,
    agentCertificate: given.agentCertificate ?? "own",
    limits: { ...DEFAULT_EDGE_LIMITS, ...definedOf(given.limits ?? {}) },
    logger: given.logger ?? silentLogger,
    onEvent: given.onEvent,
  };
  checkWhole(config);
  return config;
}

function checkWhole(config: EdgeConfig): void {
  const { http, https, tls, agents, api, tcp, embedded } = config;
  if (!http && !https && !tls && !tcp) {
    throw unusable('it has no door for visitors; give "http", "https", "tls" or "tcpPorts"');
  }
  if (config.acme && !config.https) {
    throw unusable('"acme" needs "https": there is nobody to show certificates to');
  }
  if (!embedded) return;
  if (config.acme) throw unusable('"acme" does not go with "embedded": nobody there has a name');
  if (agents) throw unusable('"agents" does not go with "embedded": whoever came would be let in');
  if (api) throw unusable('"api" does not go with "embedded": there are no accounts to look after');
  for (const host of [http?.host, https?.host, tls?.host, tcp?.host]) {
    if (host === undefined || isLoopback(host)) continue;
    throw unusable(
      `an embedded edge needs no token, so it listens on loopback only, not "${host}"`,
    );
  }
}

/** Whether only this machine can connect to a host that is listened at. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function withHost(door: DoorAddress | undefined): Required<DoorAddress> | undefined {
  return door && { host: door.host ?? LOOPBACK, port: door.port };
}

function normalizeDomain(domain: string): string {
  try {
    const host = normalizeHost(domain);
    if (!host.startsWith("*.")) return host;
  } catch (cause) {
    throw unusable(`"${domain}" is no domain`, cause);
  }
  throw unusable(`"${domain}" is no domain: endpoints get names below it without a "*"`);
}

function definedOf<T extends object>(object: T): Partial<T> {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

function unusable(found: string, cause?: unknown): TunnelError {
  return new TunnelError("config_invalid", `Cannot use the edge options: ${found}`, { cause });
}
