/**
 * What has to move for a configuration file of old to be one of today (spec agent G). `sallyport
 * config upgrade` asks; the YAML machinery moves.
 *
 * @module
 */
import { TunnelError } from "../base/errors.ts";

/** The versions a file can be brought to. */
export const FILE_VERSIONS: readonly number[] = [2, 3];

/** A key that moves, in the form of `config/yaml_moves.ts`. */
export interface FileMove {
  /** Where it is. */
  readonly from: readonly string[];
  /** Where it goes. */
  readonly to: readonly string[];
  /** What its value becomes. @default what it was */
  readonly value?: unknown;
}

/** What an upgrade consists of. */
export interface FileUpgrade {
  /** What the file is now; 1 when it says nothing. */
  readonly from: number;
  /** What it becomes. */
  readonly to: number;
  /** The keys that move, in order. */
  readonly moves: readonly FileMove[];
  /** Where the region goes that agents without a version had unsaid; `undefined` when there is no need. */
  readonly region: readonly string[] | undefined;
  /** Keys of the top that have no successor, and would be unknown. */
  readonly drops: readonly string[];
}

/** The region of agents that said none (spec agent G). */
export const FIRST_REGION = "us";

type Keys = Readonly<Record<string, unknown>>;

/**
 * Plans an upgrade.
 *
 * @param value the file as plain data
 * @param to the version wanted
 * @throws {TunnelError} usage when the version does not exist, or is older than the file's;
 * config_invalid when two keys would become one
 */
export function planUpgrade(value: unknown, to: number): FileUpgrade {
  if (!FILE_VERSIONS.includes(to)) {
    throw new TunnelError(
      "usage",
      `There is no version ${to} of the configuration file: use 2 or 3`,
    );
  }
  const root = keysOf(value);
  const from = root.version === undefined || root.version === null ? 1 : Number(root.version);
  if (!Number.isInteger(from) || from > to) {
    throw new TunnelError(
      "usage",
      `Cannot turn a file of version ${
        String(root.version)
      } into one of version ${to}: there is no way back`,
    );
  }
  // Within a version there is nothing to do; tunnels of old forms may be in any.
  const isMoved = to === 3 && from < 3;
  const isOld = from === 1 && Object.keys(root).length > 0 && root.agent === undefined;
  const regionless = isOld && root.region === undefined;
  return {
    from,
    to,
    moves: [...tunnelMoves(root), ...isMoved ? rootMoves(root) : []],
    region: regionless ? (to === 3 ? ["agent", "region"] : ["region"]) : undefined,
    drops: isMoved ? Object.keys(root).filter((key) => DROPPED.has(key)) : [],
  };
}

/** Settings stand below `agent` in version 3, some under another name. */
function rootMoves(root: Keys): FileMove[] {
  const names = new Map<string, string>();
  return Object.keys(root).filter((key) => !STAYS.has(key) && !DROPPED.has(key)).map((key) => {
    const name = RENAMED[key] ?? key;
    const other = names.get(name);
    if (other !== undefined) {
      throw new TunnelError(
        "config_invalid",
        `Cannot upgrade the file: "${other}" and "${key}" would both become "${name}"; keep one`,
      );
    }
    names.set(name, key);
    return { from: [key], to: ["agent", name] };
  });
}

/** What stays at the top. */
const STAYS: ReadonlySet<string> = new Set(["version", "tunnels", "agent", "endpoints"]);

/** What version 3 does not know any more. */
const DROPPED: ReadonlySet<string> = new Set([
  ...["compress_conn", "crash_report_url", "json_resolver_url", "server_sni", "ip_policy"],
  "pprof_addr",
]);

const RENAMED: Readonly<Record<string, string>> = {
  root_cas: "connect_cas",
  server_addr: "connect_url",
  http_proxy: "proxy_url",
  socks5_proxy: "proxy_url",
  update: "update_check",
};

/** Forms of tunnels that had other names. */
function tunnelMoves(root: Keys): FileMove[] {
  return Object.entries(keysOf(root.tunnels)).flatMap(([name, tunnel]) => {
    const at = (key: string) => ["tunnels", name, key];
    const { auth, bind_tls } = keysOf(tunnel);
    const moves: FileMove[] = [];
    if (auth !== undefined && auth !== null) {
      moves.push({ from: at("auth"), to: at("basic_auth"), value: [String(auth)] });
    }
    if (bind_tls !== undefined && bind_tls !== null) {
      moves.push({ from: at("bind_tls"), to: at("schemes"), value: schemesOf(bind_tls) });
    }
    return moves;
  });
}

function schemesOf(bindTls: unknown): string[] {
  if (String(bindTls) === "both") return ["https", "http"];
  return String(bindTls) === "false" ? ["http"] : ["https"];
}

function keysOf(value: unknown): Keys {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Keys : {};
}
