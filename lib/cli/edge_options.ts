/**
 * The options of an edge from all that says something about them: flags win over the environment, the
 * environment over the configuration file, the file over the usual values.
 *
 * Called by `edge_server.ts`, at start and at each reload.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";
import type { EdgeOptions } from "../edge/config.ts";
import type { Address } from "../runtime/net.ts";
import type { Cli, Input } from "./command.ts";
import { type EdgeFileOptions, withoutRefusals } from "./edge_file_options.ts";
import { tracingFromEnvironment } from "./edge_tracing.ts";
import {
  parseConnectAddress,
  parseListenAddress,
  parsePort,
  parsePorts,
  parseRange,
} from "./listen_address.ts";

/** The flags that are read. */
export type EdgeInput = Input<
  | "config"
  | "domain"
  | "data"
  | "http"
  | "https"
  | "tls"
  | "agents"
  | "api"
  | "metrics"
  | "access-log"
  | "access-log-format"
  | "tcp-ports"
  | "http-public-port"
  | "https-public-port"
  | "connect-address"
  | "proxy-protocol-from"
  | "acme"
  | "acme-email"
  | "acme-directory"
  | "acme-dns-hook"
  | "certificates"
>;

/** Presets the owner's authtoken: for containers and tests. */
export const TOKEN_VARIABLE = "SALLYPORT_EDGE_AUTHTOKEN";

/** Presets the owner's API key, likewise. */
const KEY_VARIABLE = "SALLYPORT_EDGE_API_KEY";

/** Seals what is secret in the database, in the place of the key in the data folder. */
const MASTER_VARIABLE = "SALLYPORT_MASTER_KEY";

/** All that was said about an edge, put together. */
export interface CombinedOptions {
  /** What the edge is started with, but for what its caller adds. */
  readonly options: EdgeOptions;
  /** Where the API is to listen, if anywhere. */
  readonly api: Address | undefined;
  /** Whether somebody chose that place. */
  readonly isApiChosen: boolean;
}

/**
 * Puts the options together.
 *
 * @param cli the machine, the log
 * @param input the flags
 * @returns what the edge is to be
 * @throws {TunnelError} usage; config_invalid with the place in the file; not_found …
 */
export async function combineOptions(cli: Cli, input: EdgeInput): Promise<CombinedOptions> {
  const { runtime: { host }, logger, secrets } = cli;
  const file = await readFile(cli, input.flag("config"));
  for (const key of ["authtoken", "apiKey", "masterKey"] as const) secrets.add(file[key] ?? "");
  const door = (
    flag: "http" | "https" | "tls" | "agents" | "metrics" | "api",
    none: string,
  ) => {
    if (!input.isGiven(flag) && file[flag] !== undefined) return placeOf(file[flag]);
    const text = input.flag(flag) ?? none;
    return text === none ? undefined : parseListenAddress(text, flag);
  };
  const https = door("https", "none");
  const agents = door("agents", "sni");
  if (!https && !agents) {
    throw new TunnelError("usage", "Agents have no way in: give --agents a place, or --https");
  }
  const isGivenPorts = input.isGiven("tcp-ports") || file.tcpPorts == null;
  const options: EdgeOptions = {
    ...withoutRefusals(file),
    domain: said(input, "domain", file.domain),
    dataDir: said(input, "data", file.dataDir) as string | undefined,
    http: door("http", "none"),
    https,
    tls: door("tls", "sni"),
    agents,
    httpPublicPort: publicPort(input, "http-public-port") ?? file.httpPublicPort ?? undefined,
    httpsPublicPort: publicPort(input, "https-public-port") ?? file.httpsPublicPort ?? undefined,
    connectAddresses: input.isGiven("connect-address")
      ? input.all("connect-address").map(parseConnectAddress)
      : file.connectAddresses ?? undefined,
    proxyProtocolFrom: input.isGiven("proxy-protocol-from")
      ? input.all("proxy-protocol-from").map(parseRange)
      : file.proxyProtocolFrom ?? undefined,
    metrics: door("metrics", "none"),
    tcpPorts: isGivenPorts
      ? parsePorts(input.flag("tcp-ports") ?? "none", "tcp-ports")
      : file.tcpPorts!,
    authtoken: host.env(TOKEN_VARIABLE) ?? file.authtoken ?? undefined,
    apiKey: host.env(KEY_VARIABLE) ?? file.apiKey ?? undefined,
    masterKey: host.env(MASTER_VARIABLE) ?? file.masterKey ?? undefined,
    accessLog: accessLogOf(input, file.accessLog ?? undefined),
    acme: acmeOf(input, file.acme ?? undefined),
    certificateFiles: input.flag("certificates") ?? file.certificateFiles ?? undefined,
    tracing: tracingFromEnvironment((name) => host.env(name)) ?? file.tracing ?? undefined,
    logger,
  };
  secrets.add(options.acme?.externalAccount?.hmacKey ?? "");
  for (const value of Object.values(options.tracing?.headers ?? {})) secrets.add(value);
  const isApiChosen = input.isGiven("api") || file.api !== undefined;
  return { options, api: door("api", "none"), isApiChosen };
}

async function readFile(cli: Cli, path: string | undefined): Promise<EdgeFileOptions> {
  if (path === undefined) return {};
  // The YAML library is loaded only where there is a file.
  const { readEdgeFile } = await import("./edge_file.ts");
  return (await readEdgeFile(cli.runtime.host.files, path)).options;
}

/** A flag that was given, else what the file says, else the usual value. */
function said<T>(input: EdgeInput, flag: "domain" | "data", inFile: T | null | undefined) {
  return input.isGiven(flag) ? input.flag(flag) : inFile ?? input.flag(flag);
}

function publicPort(
  input: EdgeInput,
  flag: "http-public-port" | "https-public-port",
): number | undefined {
  const text = input.flag(flag);
  return text === undefined ? undefined : parsePort(text, flag);
}

function placeOf(door: EdgeFileOptions["http"]): Address | undefined {
  return door ? { host: door.host ?? "127.0.0.1", port: door.port } : undefined;
}

function accessLogOf(input: EdgeInput, inFile: EdgeOptions["accessLog"]): EdgeOptions["accessLog"] {
  const to = input.flag("access-log");
  const log = to === undefined ? inFile : to === "none" ? undefined : { ...inFile, to };
  if (!log) return undefined;
  // The parser has checked it against its choices.
  const format = input.flag("access-log-format") as "json" | "common" | "combined" | undefined;
  return format ? { ...log, format } : log;
}

/** The flags go over the file's word; who gives `--acme` agrees to the terms, as its help says. */
function acmeOf(input: EdgeInput, inFile: EdgeOptions["acme"]): EdgeOptions["acme"] {
  const [email, directory] = [input.flag("acme-email"), input.flag("acme-directory")];
  const dnsHook = input.flag("acme-dns-hook");
  const isWanted = input.flag("acme");
  if (isWanted === "false") return undefined;
  if (isWanted === undefined && !inFile) {
    const flag = [["email", email], ["directory", directory], ["dns-hook", dnsHook]]
      .find(([, value]) => value !== undefined)?.[0];
    if (flag === undefined) return undefined;
    throw new TunnelError(
      "usage",
      `--acme-${flag} says how certificates are got: give --acme as well, to get any`,
    );
  }
  return {
    ...inFile,
    ...(isWanted === undefined ? {} : { agreeTerms: true }),
    ...(email === undefined ? {} : { email }),
    ...(dnsHook === undefined ? {} : { dnsHook }),
    ...(directory === undefined
      ? {}
      : directory === "staging"
      ? { staging: true, directoryUrl: undefined }
      : { directoryUrl: directory }),
  };
}
