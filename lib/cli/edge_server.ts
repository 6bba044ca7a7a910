/**
 * What `sallyport edge` does: an edge until a signal. Loaded only when it runs.
 *
 * @module
 */
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { EdgeOptions } from "../edge/config.ts";
import { serveEdgeApi } from "../api/serve.ts";
import { launchEdge } from "../edge/edge.ts";
import type { EdgeInside } from "../edge/edge_handle.ts";
import type { EdgeEvent } from "../edge/events.ts";
import type { Address } from "../runtime/net.ts";
import type { Cli, Input } from "./command.ts";
import { logEdgeEvents } from "./edge_log.ts";
import { type EdgeFacts, formatEdgeStatus, formatPaste } from "./edge_status.ts";
import { rememberFacts } from "./edge_facts.ts";
import { dialable, parseListenAddress, parsePorts } from "./listen_address.ts";
import { endWithin, GRACE_MS, watchSignals } from "./shutdown.ts";

/** The flags it reads. */
export type EdgeInput = Input<
  "domain" | "data" | "http" | "https" | "agents" | "api" | "metrics" | "tcp-ports"
>;

/** Presets the owner's authtoken: for containers and tests. */
const TOKEN_VARIABLE = "SALLYPORT_EDGE_AUTHTOKEN";

/** Presets the owner's API key, likewise. */
const KEY_VARIABLE = "SALLYPORT_EDGE_API_KEY";

/** Seals what is secret in the database, in the place of the key in the data folder. */
const MASTER_VARIABLE = "SALLYPORT_MASTER_KEY";

/** How long events that wait may take to reach their destinations when the edge closes. */
const EVENTS_GRACE_MS = 1_000;

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
    const log = logEdgeEvents(logger);
    let hear = log;
    const options = {
      ...readOptions(cli, input),
      api: await apiDoor(cli, input),
      onEvent: (event: EdgeEvent) => hear(event),
    };
    const edge = await start(cli, options, !input.isGiven("api"));
    await rememberFacts(edge);
    const api = serve(cli, edge, input);
    hear = (event) => {
      log(event);
      api.hear(event);
    };
    announce(cli, edge, factsOf(cli, edge, input));
    const signal = await signals.first;
    logger.log("info", "received signal, closing", { obj: "edge", signal });
    const closing = async () => {
      await api.close(EVENTS_GRACE_MS);
      await edge.close({ graceMs: GRACE_MS });
    };
    await endWithin(runtime, signals, closing(), GRACE_MS + EVENTS_GRACE_MS + GOODBYE_MS);
    return 0;
  } finally {
    signals.dispose();
  }
}

/** Event targets print here; when standard output is the log's, an event is a line of the log. */
function serve({ runtime, logger, logsToStdout }: Cli, edge: EdgeInside, input: EdgeInput) {
  const { host, clock } = runtime;
  return serveEdgeApi(edge, {
    clock,
    logger,
    files: host.files,
    eventsFolder: `${input.flag("data")}/events`,
    print: (line) =>
      logsToStdout
        ? logger.log("info", "event", { event: line.trimEnd() })
        : host.stdout.write(`${line.trimEnd()}\n`),
  });
}

/** Where the API listens: where it was told to, else at its usual port or, when that is taken, any. */
async function apiDoor({ runtime }: Cli, input: EdgeInput): Promise<Address | undefined> {
  const text = input.flag("api") ?? "none";
  if (text === "none") return undefined;
  const address = parseListenAddress(text, "api");
  if (input.isGiven("api")) return address;
  // Asked beforehand: an edge that fails to start once has made its secrets, and shown them to nobody.
  try {
    const probe = await runtime.net.listen({ ...address, onConnection: (conn) => conn.abort() });
    await probe.close();
    return address;
  } catch (thrown) {
    if (toTunnelError(thrown).code !== "address_in_use") throw thrown;
    return { ...address, port: 0 };
  }
}

function readOptions({ runtime, logger }: Cli, input: EdgeInput): EdgeOptions {
  const door = (flag: "http" | "https" | "agents" | "metrics", absent: string) => {
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
    metrics: door("metrics", "none"),
    tcpPorts: parsePorts(input.flag("tcp-ports") ?? "none", "tcp-ports"),
    authtoken: runtime.host.env(TOKEN_VARIABLE),
    apiKey: runtime.host.env(KEY_VARIABLE),
    masterKey: runtime.host.env(MASTER_VARIABLE),
    logger,
  };
}

async function start(
  { runtime }: Cli,
  options: EdgeOptions,
  mayMoveApi: boolean,
): Promise<EdgeInside> {
  try {
    return await launchEdge(options, runtime);
  } catch (thrown) {
    const error = toTunnelError(thrown);
    // Another edge of this machine was faster: the usual port was free when it was tried.
    const { api } = options;
    if (
      mayMoveApi && api && error.code === "address_in_use" &&
      error.message.includes(`:${api.port}"`)
    ) {
      return await launchEdge({ ...options, api: { ...api, port: 0 } }, runtime);
    }
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

function factsOf({ runtime }: Cli, edge: EdgeInside, input: EdgeInput): EdgeFacts {
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
    api: edge.addresses.api && `http://${dialable(edge.addresses.api)}`,
    apiUrl: edge.apiUrl,
    newAuthtoken: edge.newAuthtoken,
    newApiKey: edge.newApiKey,
    isPreset: runtime.host.env(TOKEN_VARIABLE) !== undefined,
  };
}

/** Scripts and shells elsewhere need the whole path. */
function absolute(path: string, cwd: string): string {
  const isAbsolute = /^(?:[/\\]|[a-z]:[/\\])/i.test(path);
  return path === "" || isAbsolute ? path : `${cwd.replace(/[/\\]$/, "")}/${path}`;
}

function announce(
  { runtime, logger, logsToStdout, secrets }: Cli,
  edge: EdgeInside,
  facts: EdgeFacts,
) {
  const { host } = runtime;
  for (const secret of [edge.newAuthtoken, edge.newApiKey]) secrets.add(secret ?? "");
  const { domain, ca } = facts;
  const [http, https, agents] = [facts.http, facts.https, facts.agents].map((address) =>
    address && dialable(address)
  );
  logger.log("info", "edge ready", {
    http,
    https,
    agents,
    api: facts.api ?? facts.apiUrl,
    ca,
    domain,
  });
  if (!logsToStdout) {
    host.stdout.write(formatEdgeStatus(facts, Math.min(host.stdout.columns, 100)));
  } else if (edge.newAuthtoken !== undefined || edge.newApiKey !== undefined) {
    // Standard output belongs to the log, and a log is no place for a token.
    host.stderr.write(formatPaste(facts));
  }
}
