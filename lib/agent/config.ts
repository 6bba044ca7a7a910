/**
 * What an agent can be told: the options of a session and those of an endpoint, each declared once
 * with its bounds and default. Flags, YAML and API bodies are adapters onto these two documents.
 *
 * @module
 */
import type { BackoffOptions } from "../base/backoff.ts";
import type { Duplex } from "../base/duplex.ts";
import { TunnelError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { parseWith, type Schema, z } from "../base/schema.ts";
import { parseIp } from "../http/ip_address.ts";
import type { PolicyDocument } from "../policy/document.ts";
import type { Runtime } from "../runtime/host.ts";
import { type AddressFault, parseHostPort } from "./address.ts";
import type { CommandHandlers } from "./commands.ts";
import type { AgentListener } from "./events.ts";
import { type EndpointModules, endpointModulesSchema } from "./modules.ts";
import { parseProxyUrl, type Proxy } from "./proxy.ts";
import {
  type DnsMechanism,
  PUBLIC_HTTPS_URLS,
  PUBLIC_RESOLVER_IPS,
  type ResolveOptions,
} from "./resolve.ts";
import { type AgentTlsTermination, agentTlsTerminationSchema } from "./tls_termination.ts";

/** How an agent connects. */
export interface AgentOptions {
  /** The edge to connect to: `host:port`, without a scheme; the port is 443 when left away. */
  readonly connectUrl?: string;
  /**
   * Whose signature makes the edge's certificate trustworthy: `trusted` and `host` are the
   * operating system's authorities; anything else is the path of a PEM file, or PEM text.
   *
   * @default {"trusted"}
   */
  readonly connectCas?: string;
  /**
   * Where the list of revoked certificates is (CRL, over plain HTTP). @default where the edge's
   * certificate says, when `connectCas` names its authority
   */
  readonly crlUrl?: string;
  /** Does not ask whether the edge's certificate was revoked. @default {false} */
  readonly crlNoverify?: boolean;
  /** Name servers asked instead of the system's: IP addresses, with a port when it is not 53. */
  readonly dnsResolverIps?: readonly string[];
  /**
   * The ways to find the edge's addresses, one per attempt in rotation: `system` (or
   * `dnsResolverIps`), `public` name servers, DNS over `https`, the `list`.
   *
   * @default {["system", "public", "https", "list"]} for a name that can be of the public DNS and
   * without `dnsResolverIps`; else `system` and `list`
   */
  readonly dnsMechanisms?: readonly DnsMechanism[];
  /** The public name servers. @default Google's and Cloudflare's */
  readonly dnsPublicIps?: readonly string[];
  /** Servers that speak DNS over HTTPS (RFC 8484). @default Google's and Cloudflare's */
  readonly dnsHttpsUrls?: readonly string[];
  /** Path or URL of a list of addresses: JSON, `{"connect.example.com": ["192.0.2.7"]}`. */
  readonly dnsList?: string;
  /** The proxy to go through: `http://`, `https://` or `socks5://`, with `user:password@` perhaps. */
  readonly proxyUrl?: string;
  /** Hosts that the proxy is not used for, as the variable `no_proxy` has them. */
  readonly noProxy?: string;
  /** The network interface to dial from, as the system calls it. @default the system's choice */
  readonly connectInterface?: string;
  /** The secret that identifies the account. */
  readonly authtoken?: string;
  /** Limit of look-up, connection and TLS together, and of each answer of the edge. @default {10000} */
  readonly connectTimeoutMs?: number;
  /** Time between heartbeats. @default {10000} */
  readonly heartbeatIntervalMs?: number;
  /** Silence beyond the interval after which the edge counts as gone. @default {15000} */
  readonly heartbeatToleranceMs?: number;
  /** Text shown with the session on the edge. At most 4096 characters. */
  readonly metadata?: string;
  /** Whether a service manager started the program; the edge shows it. @default {false} */
  readonly serviceRun?: boolean;
  /** Names the program around this library, put in front of our own name: `myapp/1.2`. */
  readonly userAgent?: string;
  /** The waits between attempts to reconnect. @default 0.5 s, doubling up to 30 s */
  readonly backoff?: BackoffOptions;
  /**
   * Whether connections are opened to all addresses that the edge names, so that one broken way does
   * not take the endpoints offline. @default {true}
   */
  readonly furtherLegs?: boolean;
  /** What the edge may ask of this program. What has no handler is refused. */
  readonly commands?: CommandHandlers;
  /**
   * Makes the connection to the edge instead of `connectUrl`: an edge in this process, a test. It is
   * given an address when the edge has named it for a further leg.
   */
  readonly dial?: (signal: AbortSignal, address?: string) => Promise<Duplex>;
  /**
   * What the exchanges that are kept for inspection may cost, in bytes: 0 is 50 MiB, -1 keeps none,
   * and nothing is looked at. @default {-1}
   */
  readonly inspectBytes?: number;
  /** Where log lines go. @default nowhere */
  readonly logger?: Logger;
  /** Gets each event from the first attempt on. */
  readonly onEvent?: AgentListener;
  /** Ends the agent at once. */
  readonly signal?: AbortSignal;
  /** Network, machine and time. The library's door fills in the one it runs on. */
  readonly runtime?: Runtime;
}

/** What to forward, and under which name. */
export interface ForwardOptions {
  /** Your service: a port, `host:port` or URL. */
  readonly addr: string | number;
  /** The public URL wanted; empty takes any. The scheme may stand alone: `tcp://`. */
  readonly url?: string;
  /** What visitors speak. @default by the scheme of `url`, then of `addr`, then http */
  readonly proto?: "http" | "tcp" | "tls";
  /** A name of your own, unique in this agent. @default `endpoint-1`, counting */
  readonly name?: string;
  /** Text kept with the endpoint on the edge. At most 4096 characters. */
  readonly metadata?: string;
  /** What the endpoint is for, in words. At most 255 characters. */
  readonly description?: string;
  /** Where it can be reached from. @default {"public"} decided by the edge */
  readonly binding?: "public" | "internal" | "kubernetes";
  /** Whether others may share the URL. @default {false} */
  readonly poolingEnabled?: boolean;
  /** A traffic policy: as an object, or as YAML or JSON text. */
  readonly trafficPolicy?: string | PolicyDocument;
  /** What the edge does with the traffic, in the older form: one option for each feature. */
  readonly modules?: EndpointModules;
  /** Whether its exchanges are kept, by an agent that keeps any; for http endpoints. @default {true} */
  readonly inspect?: boolean | undefined;
  /** Ends TLS in the agent, for tls endpoints. Without it the upstream speaks TLS itself. */
  readonly agentTlsTermination?: AgentTlsTermination;
  /** What the upstream speaks. @default {"http1"} */
  readonly upstreamProtocol?: "http1" | "http2" | undefined;
  /** Sends a PROXY protocol header with the visitor's address to the upstream. */
  readonly upstreamProxyProtocol?: 1 | 2;
  /** Whether the certificate of an https or tls upstream is checked. @default {false} */
  readonly upstreamTlsVerify?: boolean;
  /** The authorities it is checked against: path of a PEM file, or PEM text. Turns checking on. */
  readonly upstreamTlsVerifyCas?: string;
  /** Takes the endpoint down when it fires, and ends the wait for its URL. */
  readonly signal?: AbortSignal | undefined;
}

/** A traffic policy as the text that the edge takes; empty when there is none. */
export function policyText(policy: ForwardOptions["trafficPolicy"]): string {
  return typeof policy === "object" ? JSON.stringify(policy) : policy ?? "";
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

const limitMs = z.number().positive().max(2 ** 31 - 1);

const nameServer = z.string().refine(
  isNameServer,
  "it must be an IP address, with a port perhaps",
);

/** What {@linkcode AgentOptions} must be. */
export const agentOptionsSchema: Schema<AgentOptions> = z.strictObject({
  connectUrl: z.string().optional(),
  connectCas: z.string().min(1).optional(),
  crlUrl: z.string().regex(/^http:\/\/[^/]/, "it is no http URL").optional(),
  crlNoverify: z.boolean().optional(),
  dnsResolverIps: z.array(nameServer).min(1).optional(),
  dnsMechanisms: z.array(z.enum(["system", "public", "https", "list"])).min(1).optional(),
  dnsPublicIps: z.array(nameServer).min(1).optional(),
  dnsHttpsUrls: z.array(
    z.string().refine((url) => /^https:\/\//i.test(url) && URL.canParse(url), "it is no https URL"),
  ).min(1).optional(),
  dnsList: z.string().min(1).optional(),
  proxyUrl: z.string().min(1).optional(),
  noProxy: z.string().optional(),
  connectInterface: z.string().min(1).optional(),
  authtoken: z.string().regex(
    /^[\x21-\x7e]*$/,
    "blanks and control characters are not allowed",
  )
    .optional(),
  connectTimeoutMs: limitMs.optional(),
  heartbeatIntervalMs: limitMs.optional(),
  heartbeatToleranceMs: limitMs.optional(),
  metadata: z.string().max(4096).optional(),
  serviceRun: z.boolean().optional(),
  userAgent: z.string().regex(
    /^[\x20-\x7e]*$/,
    "only printable ASCII is allowed",
  ).optional(),
  backoff: z.strictObject({
    firstMs: limitMs.optional(),
    maxMs: limitMs.optional(),
    factor: z.number().min(1).optional(),
    random: z.custom<() => number>(isFunction).optional(),
  }).optional(),
  furtherLegs: z.boolean().optional(),
  commands: z.custom<CommandHandlers>(isObject).optional(),
  dial: z.custom<(signal: AbortSignal, address?: string) => Promise<Duplex>>(isFunction)
    .optional(),
  inspectBytes: z.int().min(-1).optional(),
  logger: z.custom<Logger>(isObject).optional(),
  onEvent: z.custom<AgentListener>(isFunction).optional(),
  signal: z.custom<AbortSignal>(isObject).optional(),
  runtime: z.custom<Runtime>(isObject).optional(),
});

/** What {@linkcode ForwardOptions} must be; addresses are read separately, with errors of their own. */
export const forwardOptionsSchema: Schema<ForwardOptions> = z.strictObject({
  addr: z.union([z.string(), z.number()], "it must be a port, host:port or URL"),
  url: z.string().optional(),
  proto: z.enum(["http", "tcp", "tls"]).optional(),
  name: z.string().min(1).optional(),
  metadata: z.string().max(4096).optional(),
  description: z.string().max(255).optional(),
  binding: z.enum(["public", "internal", "kubernetes"]).optional(),
  poolingEnabled: z.boolean().optional(),
  trafficPolicy: z.union(
    [z.string(), z.custom<PolicyDocument>(isObject)],
    "it must be an object, or YAML or JSON text",
  ).optional(),
  modules: endpointModulesSchema.optional(),
  inspect: z.boolean().optional(),
  agentTlsTermination: agentTlsTerminationSchema.optional(),
  upstreamProtocol: z.enum(["http1", "http2"]).optional(),
  upstreamProxyProtocol: z.union([z.literal(1), z.literal(2)]).optional(),
  upstreamTlsVerify: z.boolean().optional(),
  upstreamTlsVerifyCas: z.string().min(1).optional(),
  signal: z.custom<AbortSignal>(isObject).optional(),
});

/** Where the edge is. */
export interface ConnectAddress {
  /** Name or IP without brackets. */
  readonly host: string;
  /** The port. */
  readonly port: number;
}

/** {@linkcode AgentOptions}, checked and complete. */
export interface AgentConfig {
  /** Where the edge is; `undefined` when `dial` is given. */
  readonly connect: ConnectAddress | undefined;
  /** As given, with its default. */
  readonly connectCas: string;
  /** As given. */
  readonly crlUrl: string | undefined;
  /** As given, with its default. */
  readonly crlNoverify: boolean;
  /** How addresses are found. */
  readonly resolve: ResolveOptions;
  /** The proxy, read. */
  readonly proxy: Proxy | undefined;
  /** Empty when there is none. */
  readonly noProxy: string;
  /** As given. */
  readonly connectInterface: string | undefined;
  /** Empty when there is none. */
  readonly authtoken: string;
  /** As given, with its default. */
  readonly connectTimeoutMs: number;
  /** As given, with its default. */
  readonly heartbeatIntervalMs: number;
  /** As given, with its default. */
  readonly heartbeatToleranceMs: number;
  /** Empty when there is none. */
  readonly metadata: string;
  /** As given, with its default. */
  readonly serviceRun: boolean;
  /** Empty when there is none. */
  readonly userAgent: string;
  /** As given. */
  readonly backoff: BackoffOptions;
  /** As given, with its default. */
  readonly furtherLegs: boolean;
  /** As given. */
  readonly commands: CommandHandlers;
  /** As given. */
  readonly dial: AgentOptions["dial"];
  /** As given, with its default. */
  readonly inspectBytes: number;
  /** As given, or the silent one. */
  readonly logger: Logger;
  /** As given. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks the options of an agent and fills in the defaults.
 *
 * @param options as the caller gave them
 * @throws {TunnelError} config_invalid, address_invalid
 */
export function resolveAgentOptions(options: AgentOptions): AgentConfig {
  const given = parseWith(agentOptionsSchema, options, "the agent options");
  if (given.connectUrl === undefined && given.dial === undefined) {
    throw new TunnelError(
      "config_invalid",
      'Cannot use the agent options: "connectUrl" is missing; give the host:port of an edge',
    );
  }
  return {
    connect: given.dial ? undefined : parseConnectUrl(given.connectUrl ?? ""),
    connectCas: given.connectCas ?? "trusted",
    crlUrl: given.crlUrl,
    crlNoverify: given.crlNoverify ?? false,
    resolve: {
      resolverIps: given.dnsResolverIps ?? [],
      mechanisms: given.dnsMechanisms,
      publicIps: given.dnsPublicIps ?? PUBLIC_RESOLVER_IPS,
      httpsUrls: given.dnsHttpsUrls ?? PUBLIC_HTTPS_URLS,
      list: given.dnsList,
    },
    proxy: given.proxyUrl === undefined ? undefined : parseProxyUrl(given.proxyUrl),
    noProxy: given.noProxy ?? "",
    connectInterface: given.connectInterface,
    authtoken: given.authtoken ?? "",
    connectTimeoutMs: given.connectTimeoutMs ?? 10_000,
    heartbeatIntervalMs: given.heartbeatIntervalMs ?? 10_000,
    heartbeatToleranceMs: given.heartbeatToleranceMs ?? 15_000,
    metadata: given.metadata ?? "",
    serviceRun: given.serviceRun ?? false,
    userAgent: given.userAgent ?? "",
    backoff: given.backoff ?? {},
    furtherLegs: given.furtherLegs ?? true,
    commands: given.commands ?? {},
    dial: given.dial,
    inspectBytes: given.inspectBytes ?? -1,
    logger: given.logger ?? silentLogger,
    signal: given.signal,
  };
}

/**
 * Whether a text names a name server: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:53`.
 *
 * @param text as given
 */
export function isNameServer(text: string): boolean {
  if (parseIp(text)) return true;
  const [, six, four, port] = /^(?:\[(.+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  return parseIp(six ?? four ?? "") !== undefined;
}

/** The port of an edge when none is named. */
const DEFAULT_CONNECT_PORT = 443;

/**
 * Reads where the edge is: `host`, `host:port`, `[v6]:port`.
 *
 * @param text without a scheme (wire-protocol 1.1)
 * @throws {TunnelError} address_invalid
 */
export function parseConnectUrl(text: string): ConnectAddress {
  const address = text.trim();
  function error(reason: string, _fault?: AddressFault): TunnelError {
    return new TunnelError(
      "address_invalid",
      `Cannot use "${address}" as the connect URL: ${reason}`,
    );
  }
  if (address === "") throw error("it is empty; give the host:port of an edge");
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0];
  if (scheme !== undefined) {
    const rest = address.slice(scheme.length).replace(/\/.*$/s, "");
    throw error(`it has no scheme; write "${rest || "host:port"}"`);
  }
  if (/[/?#@]/.test(address)) throw error("it is only a host and a port");
  const { host, port } = parseHostPort(address, error);
  if (host === "") throw error("the host is missing");
  return { host, port: port ?? DEFAULT_CONNECT_PORT };
}
