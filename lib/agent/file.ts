/**
 * Reads a configuration file of version 3 or 2 into one shape, and puts several together. Everything
 * that can be known to be wrong without an edge is found here, with its line.
 *
 * The command line calls it for the files of the user; the service and the agent's API do for theirs.
 *
 * @module
 */
import { toTunnelError } from "../base/errors.ts";
import { checkDocument } from "../config/check_document.ts";
import type { Path, YamlDocument } from "../config/yaml_document.ts";
import { parseConnectUrl } from "./config.ts";
import { endpointWishes, tunnelWishes } from "./file_endpoints.ts";
import { type FileV2, fileV2Schema, fileV3Schema } from "./file_schema.ts";
import type { AgentFile, AgentSection } from "./file_sections.ts";
import { readWish } from "./wish.ts";

/** A configuration that says nothing. */
export const EMPTY_FILE: AgentFile = { agent: {}, endpoints: [], tunnels: {} };

/**
 * Reads a file.
 *
 * @param document its text, understood
 * @throws {TunnelError} config_invalid, naming file, line, column and key of each wrong place
 */
export function readAgentFile(document: YamlDocument): AgentFile {
  const version = versionOf(document);
  const file = version === "2" ? readV2(document) : readV3(document);
  judge(document, file);
  return file;
}

/**
 * Which layout a file has.
 *
 * @param document its text, understood
 * @throws {TunnelError} config_invalid when it says none, or one that does not exist
 */
export function versionOf(document: YamlDocument): "2" | "3" {
  const root = document.value;
  if (root !== null && (typeof root !== "object" || Array.isArray(root))) {
    throw document.fault([], "it holds no keys and values");
  }
  const version = (root as Readonly<Record<string, unknown>> | null)?.version;
  if (version === undefined || version === null) {
    const isOld = root !== null && ("authtoken" in root || "tunnels" in root) && !("agent" in root);
    throw document.fault(
      [],
      `the key "version" is missing; write "version: ${isOld ? 2 : 3}" in its first line`,
    );
  }
  const said = String(version);
  if (said === "3" || said === "2") return said;
  throw document.fault(["version"], "it must be 3, or 2 for a file of old");
}

function readV3(document: YamlDocument): AgentFile {
  const file = checkDocument(document, fileV3Schema, { hint: hintV3, prepare: withTextVersion });
  return {
    agent: file.agent ?? {},
    endpoints: file.endpoints ?? [],
    tunnels: file.tunnels ?? {},
  };
}

function readV2(document: YamlDocument): AgentFile {
  const file = checkDocument(document, fileV2Schema, { hint: hintV2, prepare: withTextVersion });
  if (file.http_proxy !== undefined && file.socks5_proxy !== undefined) {
    throw document.fault(["socks5_proxy"], 'it cannot stand beside "http_proxy": keep one');
  }
  return { agent: agentOfV2(file), endpoints: [], tunnels: file.tunnels ?? {} };
}

/** The keys of old have other names today. */
function agentOfV2(file: FileV2): AgentSection {
  const { version: _version, server_addr, root_cas, http_proxy, socks5_proxy, update, ...more } =
    file;
  const { tunnels: _tunnels, ...agent } = more;
  return defined({
    ...agent,
    connect_url: server_addr,
    connect_cas: root_cas,
    proxy_url: agent.proxy_url ?? http_proxy ?? socks5_proxy,
    update_check: agent.update_check ?? update,
  });
}

function defined<T extends object>(keys: T): T {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)) as T;
}

/** Versions are written as a number and as text; both mean the same. */
function withTextVersion(value: unknown): unknown {
  const root = value as Readonly<Record<string, unknown>>;
  return { ...root, version: String(root.version) };
}

/** What is wrong beyond the form of single keys. */
function judge(document: YamlDocument, file: AgentFile): void {
  const { connect_url } = file.agent;
  if (connect_url !== undefined) {
    const key = versionOf(document) === "2" ? ["server_addr"] : ["agent", "connect_url"];
    faultAt(document, key, () => parseConnectUrl(connect_url));
  }
  const names = new Set(Object.keys(file.tunnels));
  file.endpoints.forEach((endpoint, index) => {
    const path = ["endpoints", index];
    if (names.has(endpoint.name)) {
      throw document.fault([...path, "name"], `"${endpoint.name}" is the name of another one`);
    }
    names.add(endpoint.name);
    faultAt(document, path, () => endpointWishes(endpoint).forEach(({ wish }) => readWish(wish)));
  });
  for (const [name, tunnel] of Object.entries(file.tunnels)) {
    faultAt(
      document,
      ["tunnels", name],
      () => tunnelWishes(name, tunnel).forEach(({ wish }) => readWish(wish)),
    );
  }
}

function faultAt(document: YamlDocument, path: Path, work: () => void): void {
  try {
    work();
  } catch (thrown) {
    throw document.fault(path, toTunnelError(thrown).message);
  }
}

/** Keys of version 2 at the top of a file of version 3, and others that moved. */
function hintV3(path: Path): string | undefined {
  const [top, key] = path.map(String);
  if (path.length === 1 && Object.hasOwn(MOVED, top)) {
    return `in version 3 it is "agent.${MOVED[top]}"`;
  }
  if (path.length === 2 && top === "agent" && Object.hasOwn(MOVED, key) && MOVED[key] !== key) {
    return `in version 3 it is "agent.${MOVED[key]}"`;
  }
  if (top === "endpoints" && path.length === 3) return ENDPOINT_HINTS[String(path[2])];
  return undefined;
}

function hintV2(path: Path): string | undefined {
  const [top] = path.map(String);
  if (path.length !== 1) return undefined;
  if (top === "agent" || top === "endpoints") return 'it is of version 3; write "version: 3"';
  if (top === "connect_url") return 'in version 2 it is "server_addr"';
  if (top === "connect_cas") return 'in version 2 it is "root_cas"';
  return undefined;
}

/** What a key of version 2 is called below `agent`. */
const MOVED: Readonly<Record<string, string>> = {
  server_addr: "connect_url",
  root_cas: "connect_cas",
  http_proxy: "proxy_url",
  socks5_proxy: "proxy_url",
  ...Object.fromEntries(
    [
      ...["authtoken", "api_key", "connect_url", "connect_cas", "connect_timeout", "metadata"],
      ...["connect_interface", "console_ui", "console_ui_color", "crl_noverify", "crl_url"],
      ...["dns_mechanisms", "dns_public_ips", "dns_https_urls", "dns_list"],
      ...["dns_resolver_ips", "heartbeat_interval", "heartbeat_tolerance", "inspect_db_size"],
      ...["log", "log_format", "log_level", "proxy_url", "region", "remote_management"],
      ...["update_channel", "update_check", "web_addr", "web_allow_hosts", "local_storage"],
    ].map((key) => [key, key]),
  ),
};

/** What people write in an endpoint who know tunnels. */
const ENDPOINT_HINTS: Readonly<Record<string, string>> = {
  addr: 'an endpoint has "upstream.url"',
  proto: 'an endpoint has it in its "url", as in "tcp://"',
  domain: 'an endpoint has "url"',
  hostname: 'an endpoint has "url"',
  subdomain: 'an endpoint has "url"',
  labels: "labels were for Edges, and are not there any more",
  remote_addr: 'an endpoint has "url"',
  schemes: 'an endpoint has it in its "url", as in "https://"',
  policy: 'it is called "traffic_policy"',
  proxy_proto: 'an endpoint has "upstream.proxy_protocol"',
};

/**
 * Puts configurations together, as the ngrok agent does: a later one wins key by key, lists are taken
 * whole, tunnels are taken name by name.
 *
 * @param files in the order they were named
 */
export function mergeAgentFiles(files: readonly AgentFile[]): AgentFile {
  return files.reduce((before, next) => ({
    agent: { ...before.agent, ...next.agent },
    endpoints: next.endpoints.length > 0 ? next.endpoints : before.endpoints,
    tunnels: { ...before.tunnels, ...next.tunnels },
  }), EMPTY_FILE);
}
