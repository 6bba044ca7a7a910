/**
 * The checks of a diagnosis, group by group (spec agent N). They dial what they are told and nothing
 * else. `diagnose.ts` says what there is to check.
 *
 * @module
 */
import { formatHostPort } from "../../agent/address.ts";
import type { ConnectAddress } from "../../agent/config.ts";
import type { Clock } from "../../base/clock.ts";
import { toTunnelError, TunnelError } from "../../base/errors.ts";
import { parseIp } from "../../http/ip_address.ts";
import type { Conn, Net, TrustedRoots } from "../../runtime/net.ts";
import type { DiagnoseCode } from "./codes.ts";
import type { CheckGroup, Finding } from "./report.ts";
import { findingOf, StageFailure, Stages } from "./stages.ts";
import type { TunnelFacts } from "./tunnel_check.ts";

/** What checks work with. */
export interface CheckTools {
  /** The network. */
  readonly net: Net;
  /** Time. */
  readonly clock: Clock;
  /** Whether IPv6 addresses are tried too. */
  readonly ipv6: boolean;
  /** Limit of each attempt. */
  readonly timeoutMs: number;
}

/** An edge to check. */
export interface EdgeTarget extends ConnectAddress {
  /** What the region is called in the heading. */
  readonly label: string;
  /** Who may vouch for its certificate. */
  readonly roots: TrustedRoots;
  /** Name servers to ask instead of the system's. */
  readonly resolverIps: readonly string[];
  /** Whether the way leads through a proxy: then only the agent itself can tell whether it is good. */
  readonly isProxied: boolean;
  /** Goes all of the way as the agent does. */
  readonly openTunnel: () => Promise<TunnelFacts>;
}

/** The system's resolver and loopback, which the agent's own doors and most services behind it need. */
export async function checkLocalhost(tools: CheckTools): Promise<CheckGroup> {
  const stages = new Stages("Localhost Connectivity", tools.clock);
  const found = await stages.run("Name Resolution", 8000, async () => {
    const addresses = await tools.net.lookUp("localhost", { timeoutMs: tools.timeoutMs });
    const stranger = addresses.find((one) => !/^127\.|^::1$/.test(one));
    if (stranger === undefined) return { value: addresses, detail: addresses.join(", ") };
    throw new TunnelError(
      "host_not_found",
      `"localhost" leads to ${stranger}, away from this machine: look into its hosts file`,
    );
  }, { Hostname: "localhost" });
  if (found) {
    await stages.run("TCP", 8002, async () => {
      const { promise: accepted, resolve: accept } = Promise.withResolvers<Conn>();
      const door = await tools.net.listen({ onConnection: accept });
      try {
        const { port } = door.address;
        const options = { host: "127.0.0.1", port, timeoutMs: tools.timeoutMs };
        (await tools.net.connect(options)).abort();
        (await accepted).abort();
        return { value: true };
      } finally {
        await door.close();
      }
    });
  }
  return stages.group();
}

/** A host that the operator named: whether this machine has a way out at all. */
export async function checkInternet(
  tools: CheckTools,
  target: ConnectAddress,
): Promise<CheckGroup> {
  const stages = new Stages("Internet Connectivity", tools.clock);
  const conn = await reach(stages, tools, target, [], { resolve: 8001, tcp: 8001 });
  if (conn) {
    await stages.run("TLS", 8001, () => secure(tools, conn, target.host, "system"), {
      Hostname: target.host,
    });
  }
  return stages.group();
}

/** The proxy of the configuration. */
export async function checkProxy(
  tools: CheckTools,
  target: ConnectAddress,
): Promise<CheckGroup> {
  const stages = new Stages("Proxy Connectivity", tools.clock);
  const conn = await reach(stages, tools, target, [], { resolve: 8005, tcp: 8006 });
  conn?.abort();
  return stages.group();
}

/** An edge, from its name to a session. */
export async function checkEdge(
  tools: CheckTools,
  target: EdgeTarget,
): Promise<{ readonly group: CheckGroup; readonly facts: TunnelFacts | undefined }> {
  const { host, port } = target;
  const stages = new Stages(`Sallyport Connectivity - Region: ${target.label}`, tools.clock);
  if (!target.isProxied) {
    const conn = await reach(stages, tools, target, target.resolverIps, {
      resolve: 8000,
      tcp: 8002,
    });
    if (!conn) return { group: stages.group(), facts: undefined };
    const isSecure = await stages.run(
      "TLS",
      8003,
      () => secure(tools, conn, host, target.roots),
      { Hostname: host, Address: formatHostPort(conn.remote.host, port) },
    );
    if (!isSecure) return { group: stages.group(), facts: undefined };
  }
  const facts = await stages.run("Tunnel Protocol", 8004, async () => {
    const value = await target.openTunnel();
    const warnings = value.hasSession ? [] : [
      {
        err: "There is no authtoken, so the edge was not asked for a session",
        causes: ["add it: sallyport config add-authtoken <token>"],
        facts: {},
      },
    ];
    const where = target.isProxied ? "through the proxy, " : "";
    return { value, detail: `${where}${value.latencyMs.toFixed(1)} ms`, warnings };
  }, { Hostname: formatHostPort(host, port) });
  const { region, latencyMs } = facts ?? {};
  return { group: stages.group({ region, latencyMs }), facts };
}

/** From a name to an open connection: that to the address which was the fastest. */
async function reach(
  stages: Stages,
  tools: CheckTools,
  { host, port }: ConnectAddress,
  servers: readonly string[],
  codes: { readonly resolve: DiagnoseCode; readonly tcp: DiagnoseCode },
): Promise<Conn | undefined> {
  const resolver = servers.length > 0 ? servers.join(", ") : "system";
  const addresses = await stages.run("Name Resolution", codes.resolve, async () => {
    const { net, timeoutMs } = tools;
    const options = servers.length > 0 ? { servers, timeoutMs } : { timeoutMs };
    const found = await net.lookUp(host, options);
    const value = ofFamilies(found, tools.ipv6);
    const warnings = servers.length > 0 ? await compare(tools, host, found, resolver) : [];
    return { value, detail: value.join(", "), warnings };
  }, { Resolver: resolver, Hostname: host });
  if (!addresses) return undefined;
  return await stages.run("TCP", codes.tcp, () => dialAll(tools, addresses, port, codes.tcp));
}

/** IPv4 unless there is nothing else, or IPv6 is wanted too. */
function ofFamilies(addresses: readonly string[], ipv6: boolean): readonly string[] {
  const four = addresses.filter((one) => !one.includes(":"));
  return ipv6 || four.length === 0 ? addresses : four;
}

/** What the system says to the same question. */
async function compare(
  { net, timeoutMs }: CheckTools,
  host: string,
  found: readonly string[],
  resolver: string,
): Promise<readonly Finding[]> {
  if (parseIp(host)) return [];
  let other: string;
  try {
    const system = await net.lookUp(host, { timeoutMs });
    if (system.some((one) => found.includes(one))) return [];
    other = system.join(", ");
  } catch (thrown) {
    other = toTunnelError(thrown).message;
  }
  return [{
    code: 8010,
    err: `"${host}" is ${found.join(", ")} to ${resolver}; to the system: ${other}`,
    causes: ["one of them is old, or answers differently inside a network"],
    facts: { Resolver: resolver, Hostname: host },
  }];
}

/** All addresses, one after the other: each is somebody's only one. */
async function dialAll(
  { net, clock, timeoutMs }: CheckTools,
  addresses: readonly string[],
  port: number,
  code: DiagnoseCode,
) {
  let fastest: { readonly conn: Conn; readonly tookMs: number } | undefined;
  const findings: Finding[] = [];
  for (const address of addresses) {
    const startMs = clock.steady();
    const facts = { Address: formatHostPort(address, port) };
    try {
      const conn = await net.connect({ host: address, port, timeoutMs });
      const tookMs = clock.steady() - startMs;
      const slower = fastest && fastest.tookMs <= tookMs ? conn : fastest?.conn;
      if (slower !== conn) fastest = { conn, tookMs };
      slower?.abort();
    } catch (thrown) {
      const error = toTunnelError(thrown);
      const isNoWay = ["network_unreachable", "address_not_available"].includes(error.code);
      findings.push(findingOf(address.includes(":") && isNoWay ? 8011 : code, error, facts));
    }
  }
  if (fastest) {
    const { conn, tookMs } = fastest;
    const others = addresses.length > 1 ? ` of ${addresses.length}` : "";
    const detail = `${formatHostPort(conn.remote.host, port)}${others}, ${tookMs.toFixed(1)} ms`;
    return { value: conn, detail, warnings: findings };
  }
  const isAll = findings.length > 1 && code === 8002;
  throw new StageFailure(
    isAll ? findings.map((one) => one.code === code ? { ...one, code: 8007 } : one) : findings,
  );
}

/** TLS over a connection, and its end: that it can be had is all there is to know. */
async function secure(
  { net, timeoutMs }: CheckTools,
  conn: Conn,
  serverName: string,
  roots: TrustedRoots,
) {
  const secured = await net.startTlsClient(conn, { serverName, roots, timeoutMs });
  const detail = secured.tls?.version ?? "";
  secured.abort();
  return { value: true, detail };
}
