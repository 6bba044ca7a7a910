/**
 * What `sallyport edge` does: an edge until a signal. Loaded only when it runs.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { EdgeOptions } from "../edge/config.ts";
import { startEdge } from "../edge/edge.ts";
import type { Edge } from "../edge/edge_handle.ts";
import type { Cli, Input } from "./command.ts";
import { logEdgeEvents } from "./edge_log.ts";
import { type EdgeFacts, formatEdgeStatus, formatPaste } from "./edge_status.ts";
import { dialable, parseListenAddress, parsePorts } from "./listen_address.ts";
import { endWithin, GRACE_MS, watchSignals } from "./shutdown.ts";

/** The flags it reads. */
export type EdgeInput = Input<
  "domain" | "data" | "http" | "https" | "agents" | "tcp-ports"
>;

/** Presets the owner's authtoken: for containers and tests. */
const TOKEN_VARIABLE = "SALLYPORT_EDGE_AUTHTOKEN";

/** Beyond the grace period: for saying goodbye to agents. */
const GOODBYE_MS = 1_000;

/**
 * Runs an edge.
 *
 * @param cli the machine, the log
 * @param input the flags
 * @returns 0 after a signal
 * @throws {TunnelError} what kept it from starting
 */
export async function runEdge(cli: Cli, input: EdgeInput): Promise<number> {
  const { runtime, logger } = cli;
  const signals = watchSignals(runtime.host);
  try {
    const edge = await start(cli, readOptions(cli, input));
    announce(cli, edge, factsOf(cli, edge, input));
    const signal = await signals.first;
    logger.log("info", "received signal, closing", { obj: "edge", signal });
    await endWithin(runtime, signals, edge.close({ graceMs: GRACE_MS }), GRACE_MS + GOODBYE_MS);
    return 0;
  } finally {
    signals.dispose();
  }
}

function readOptions({ runtime, logger }: Cli, input: EdgeInput): EdgeOptions {
  const door = (flag: "http" | "https" | "agents", absent: string) => {
    const text = input.flag(flag) ?? absent;
    return text === absent ? undefined : parseListenAddress(text, flag);
  };
  const https = door("https", "none");
  const agents = door("agents", "sni");
  if (!https && !agents) {
    throw new TunnelError("usage", "Agents have no way in: give --agents a place, or --https");
  }
  return {
    domain: input.flag("domain"),
    dataDir: input.flag("data"),
    http: door("http", "none"),
    https,
    agents,
    tcpPorts: parsePorts(input.flag("tcp-ports") ?? "none", "tcp-ports"),
    authtoken: runtime.host.env(TOKEN_VARIABLE),
    logger,
    onEvent: logEdgeEvents(logger),
  };
}

async function start({ runtime }: Cli, options: EdgeOptions): Promise<Edge> {
  try {
    return await startEdge(options, runtime);
  } catch (thrown) {
    const error = toTunnelError(thrown);
    const advice = ADVICE[error.code];
    // The same codes also come from files, where other places for doors cure nothing.
    if (!advice || !error.message.startsWith("Cannot listen")) throw error;
    throw new TunnelError(error.code, `${error.message}; ${advice}`, {
      cause: error,
    });
  }
}

const ELSEWHERE = "choose other places with --http, --https and --agents";

/** What a person can do about a door that does not open. */
const ADVICE: Readonly<Record<string, string>> = {
  permission_denied:
    `ports below 1024 are for root, or for programs with the capability cap_net_bind_service; ${ELSEWHERE}`,
  address_in_use: ELSEWHERE,
  address_not_available: ELSEWHERE,
};

function factsOf({ runtime }: Cli, edge: Edge, input: EdgeInput): EdgeFacts {
  const { http, https, agents = https } = edge.addresses;
  const local = edge.domain === "localhost" ||
    edge.domain.endsWith(".localhost");
  const agentsAt = agents ? dialable(agents) : "";
  return {
    domain: edge.domain,
    http,
    https,
    agents,
    tcpPorts: input.flag("tcp-ports") ?? "none",
    ca: absolute(edge.caPath ?? "", runtime.host.cwd()),
    // Not every system knows that *.localhost is itself.
    connectUrl: local ? agentsAt : edge.connectAddress ?? agentsAt,
    newAuthtoken: edge.newAuthtoken,
    isPreset: runtime.host.env(TOKEN_VARIABLE) !== undefined,
  };
}

/** Scripts and shells elsewhere need the whole path. */
function absolute(path: string, cwd: string): string {
  const isAbsolute = /^(?:[/\\]|[a-z]:[/\\])/i.test(path);
  return path === "" || isAbsolute ? path : `${cwd.replace(/[/\\]$/, "")}/${path}`;
}

function announce({ runtime, logger, logsToStdout, secrets }: Cli, edge: Edge, facts: EdgeFacts) {
  const { host } = runtime;
  if (edge.newAuthtoken !== undefined) secrets.add(edge.newAuthtoken);
  const { domain, ca } = facts;
  const [http, https, agents] = [facts.http, facts.https, facts.agents].map((address) =>
    address && dialable(address)
  );
  logger.log("info", "edge ready", { http, https, agents, ca, domain });
  if (!logsToStdout) {
    host.stdout.write(formatEdgeStatus(facts, Math.min(host.stdout.columns, 100)));
  } else if (edge.newAuthtoken !== undefined) {
    // Standard output belongs to the log, and a log is no place for a token.
    host.stderr.write(formatPaste(facts));
  }
}
