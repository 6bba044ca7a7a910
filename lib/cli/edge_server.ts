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
import type { Reconfigured } from "../edge/reload.ts";
import type { Cli } from "./command.ts";
import { logEdgeEvents } from "./edge_log.ts";
import { type EdgeFacts, formatEdgeStatus, formatPaste } from "./edge_status.ts";
import { rememberFacts } from "./edge_facts.ts";
import {
  type CombinedOptions,
  combineOptions,
  type EdgeInput,
  TOKEN_VARIABLE,
} from "./edge_options.ts";
import { type InheritedSockets, inheritSockets } from "./inherited_sockets.ts";
import { dialable } from "./listen_address.ts";
import { endWithin, GRACE_MS, watchSignals } from "./shutdown.ts";

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
  const combined = await combineOptions(cli, input);
  const reloads = isReloadable(input, combined.options);
  const inherited = await inheritSockets(runtime, logger);
  const signals = watchSignals(runtime.host, reloads ? ["SIGINT", "SIGTERM"] : undefined);
  let forget = () => {};
  try {
    const log = logEdgeEvents(logger);
    let hear = log;
    const door = await apiDoor(cli, combined, inherited);
    const options = {
      ...combined.options,
      api: door,
      onEvent: (event: EdgeEvent) => hear(event),
    };
    const edge = await start(cli, options, !combined.isApiChosen, inherited);
    await inherited?.closeRest();
    await rememberFacts(edge);
    const reloading = reloads ? new Reloading(cli, input, edge, options) : undefined;
    if (reloading) forget = runtime.host.onSignal("SIGHUP", () => void reloading.onSignal());
    const api = serve(cli, edge, options.dataDir, reloading);
    hear = (event) => {
      log(event);
      api.hear(event);
    };
    announce(cli, edge, factsOf(cli, edge, options));
    const signal = await signals.first;
    logger.log("info", "received signal, closing", { obj: "edge", signal });
    const closing = async () => {
      await api.close(EVENTS_GRACE_MS);
      await edge.close({ graceMs: GRACE_MS });
    };
    await endWithin(runtime, signals, closing(), GRACE_MS + EVENTS_GRACE_MS + GOODBYE_MS);
    return 0;
  } finally {
    forget();
    signals.dispose();
  }
}

/** Whether SIGHUP has something to do; otherwise it is a terminal that closes, and ends the edge. */
function isReloadable(
  input: EdgeInput,
  { accessLog, certificateFiles }: EdgeOptions,
): boolean {
  return input.flag("config") !== undefined || certificateFiles !== undefined ||
    (accessLog && accessLog.to !== "stdout") === true;
}

/** Reads the configuration again while the edge runs; one reading at a time. */
class Reloading {
  readonly #cli: Cli;
  readonly #input: EdgeInput;
  readonly #edge: EdgeInside;
  readonly #started: EdgeOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cli: Cli, input: EdgeInput, edge: EdgeInside, started: EdgeOptions) {
    this.#cli = cli;
    this.#input = input;
    this.#edge = edge;
    this.#started = started;
  }

  /** Never rejects: what is wrong is a line of the log, and the old configuration stays. */
  async onSignal(): Promise<void> {
    try {
      await this.reload();
    } catch {
      // Told already.
    }
  }

  reload(): Promise<Reconfigured> {
    const turn = this.#turn.then(() => this.#reload(), () => this.#reload());
    this.#turn = turn;
    return turn;
  }

  async #reload(): Promise<Reconfigured> {
    const { logger } = this.#cli;
    const config = this.#input.flag("config");
    try {
      const { options, api, isApiChosen } = await combineOptions(this.#cli, this.#input);
      // A place that nobody chose may have been moved to another port: it stays where it is.
      const { api: movedApi } = this.#started;
      const done = await this.#edge.reconfigure({ ...options, api: isApiChosen ? api : movedApi });
      const { changed, needRestart } = done;
      await this.#lookAtCertificates();
      logger.log("info", "configuration reloaded", { config, changed: changed.join(" ") });
      if (needRestart.length > 0) {
        const restart = needRestart.join(" ");
        logger.log("warn", "changes wait for a restart of the edge", { options: restart });
      }
      return done;
    } catch (thrown) {
      const err = toTunnelError(thrown).message;
      logger.log("error", "configuration was refused, the old one stays", { config, err });
      throw thrown;
    }
  }

  /** Whoever has just put a new certificate there need not wait until it is looked for. */
  async #lookAtCertificates(): Promise<void> {
    try {
      await this.#edge.reloadCertificates();
    } catch (thrown) {
      const err = toTunnelError(thrown).message;
      this.#cli.logger.log("error", "certificate files could not be read, the old ones stay", {
        err,
      });
    }
  }
}

/** Event targets print here; when standard output is the log's, an event is a line of the log. */
function serve(
  { runtime, logger, logsToStdout }: Cli,
  edge: EdgeInside,
  dataDir: string | undefined,
  reloading: Reloading | undefined,
) {
  const { host, clock } = runtime;
  return serveEdgeApi(edge, {
    clock,
    logger,
    files: host.files,
    reload: reloading && (() => reloading.reload()),
    eventsFolder: `${dataDir}/events`,
    print: (line) =>
      logsToStdout
        ? logger.log("info", "event", { event: line.trimEnd() })
        : host.stdout.write(`${line.trimEnd()}\n`),
  });
}

/** Where the API listens: where it was told to, else at its usual port or, when that is taken, any. */
async function apiDoor(
  { runtime }: Cli,
  { api, isApiChosen }: CombinedOptions,
  inherited: InheritedSockets | undefined,
): Promise<Address | undefined> {
  if (!api || isApiChosen || inherited?.has(api.port)) return api;
  // Asked beforehand: an edge that fails to start once has made its secrets, and shown them to nobody.
  try {
    const probe = await runtime.net.listen({ ...api, onConnection: (conn) => conn.abort() });
    await probe.close();
    return api;
  } catch (thrown) {
    if (toTunnelError(thrown).code !== "address_in_use") throw thrown;
    return { ...api, port: 0 };
  }
}

async function start(
  cli: Cli,
  options: EdgeOptions,
  mayMoveApi: boolean,
  inherited: InheritedSockets | undefined,
): Promise<EdgeInside> {
  const runtime = inherited ? { ...cli.runtime, net: inherited.net } : cli.runtime;
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

const ELSEWHERE = "choose other places with --http, --https, --tls and --agents";

/** What a person can do about a door that does not open. */
const ADVICE: Readonly<Record<string, string>> = {
  permission_denied:
    `ports below 1024 are for root, or for programs with the capability cap_net_bind_service; ${ELSEWHERE}`,
  address_in_use: ELSEWHERE,
  address_not_available: ELSEWHERE,
};

function factsOf({ runtime }: Cli, edge: EdgeInside, options: EdgeOptions): EdgeFacts {
  const { http, https, agents = https } = edge.addresses;
  const local = edge.domain === "localhost" ||
    edge.domain.endsWith(".localhost");
  const agentsAt = agents ? dialable(agents) : "";
  return {
    domain: edge.domain,
    http,
    https,
    agents,
    tcpPorts: formatPorts(options.tcpPorts),
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

function formatPorts(ports: EdgeOptions["tcpPorts"] = "none"): string {
  if (typeof ports === "string") return ports;
  return ports.from === ports.to ? String(ports.from) : `${ports.from}-${ports.to}`;
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
