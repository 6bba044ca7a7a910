/**
 * What `sallyport http`, `tcp` and `tls` do: one agent with one endpoint, until a signal or a
 * refusal. Loaded only when one of them runs.
 *
 * @module
 */
import { type Agent, connect } from "../agent/agent.ts";
import type { AgentOptions, ForwardOptions } from "../agent/config.ts";
import { parseConnectUrl } from "../agent/config.ts";
import type { AgentEnd } from "../agent/end.ts";
import { parseEndpointUrl } from "../agent/endpoint_url.ts";
import { parseUpstream, type UpstreamKind } from "../agent/upstream.ts";
import type { ExchangeOver } from "../edge/events.ts";
import { AgentConsole } from "./agent_console.ts";
import type { Cli } from "./command.ts";
import { readConfig } from "./config_file.ts";
import type { EmbeddedEdge } from "./embedded_edge.ts";
import type { EndpointInput } from "./endpoint_flags.ts";
import { endWithin, GRACE_MS, type Signals, watchSignals } from "./shutdown.ts";

/** Beyond the grace period: for saying goodbye. */
const GOODBYE_MS = 1_000;

/** A grace period longer than this is explained. */
const PATIENCE_MS = 300;

/**
 * Puts a local service online and keeps it there.
 *
 * @param cli the machine, the log
 * @param kind what visitors speak
 * @param input the address and the flags
 * @param more what the flags of the command alone ask for
 * @returns 0 after a signal, or when the edge asked the agent to stop
 * @throws {TunnelError} what kept it from going online, or took it offline for good
 */
export async function runTunnel(
  cli: Cli,
  kind: UpstreamKind,
  input: EndpointInput,
  more: Partial<ForwardOptions> = {},
): Promise<number> {
  const addr = input.argument ?? "";
  const wanted = input.flag("url") ?? "";
  const config = await readConfig(cli.runtime.host, input.flag("config"));
  cli.secrets.add(config.authtoken ?? "");
  const connectUrl = input.flag("connect-url") ?? config.connectUrl;
  const ownCas = input.isGiven("connect-cas") ? undefined : config.connectCas;
  // All is checked before anything starts: a typing error must not look like a network error.
  parseUpstream(addr, kind);
  if (connectUrl !== undefined) {
    parseEndpointUrl(wanted, kind);
    parseConnectUrl(connectUrl);
  }
  const signals = watchSignals(cli.runtime.host);
  let screen: AgentConsole | undefined;
  const edge = connectUrl === undefined
    ? await embedEdge(cli, kind, wanted, (event) => screen?.onExchange(event))
    : undefined;
  try {
    if (!cli.logsToStdout) screen = new AgentConsole(cli.runtime.host, edge?.words);
    const way: AgentOptions = edge ? { dial: edge.dial } : {
      connectUrl,
      connectCas: ownCas ?? input.flag("connect-cas"),
      authtoken: input.flag("authtoken") ?? config.authtoken,
    };
    const endpoint: ForwardOptions = {
      ...more,
      addr,
      url: edge?.url ?? wanted,
      proto: kind,
      name: input.flag("name"),
      metadata: input.flag("metadata"),
      poolingEnabled: input.flag("pooling-enabled") === "true",
    };
    return await keepOnline(cli, signals, screen, way, endpoint);
  } finally {
    signals.dispose();
    await edge?.close();
  }
}

/** The edge's code is loaded only where an edge is needed. */
async function embedEdge(
  cli: Cli,
  kind: UpstreamKind,
  wanted: string,
  onExchange: (event: ExchangeOver) => void,
): Promise<EmbeddedEdge> {
  const { startEmbeddedEdge } = await import("./embedded_edge.ts");
  return await startEmbeddedEdge(cli, kind, wanted, onExchange);
}

/** Connects, forwards, and waits for whatever ends it. */
async function keepOnline(
  { runtime, logger }: Cli,
  signals: Signals,
  screen: AgentConsole | undefined,
  way: AgentOptions,
  endpoint: ForwardOptions,
): Promise<number> {
  const hurry = new AbortController();
  let agent: Agent | undefined;
  const working = (async (): Promise<AgentEnd> => {
    agent = await connect({
      ...way,
      runtime,
      logger,
      onEvent: (event) => screen?.onEvent(event),
      signal: hurry.signal,
      // Agreeing is all there is to do: the agent closes itself, and `closed` says why.
      commands: { stop: () => {} },
    });
    const { closed: endpointClosed } = await agent.forward(endpoint);
    // The only endpoint gone by the edge's will leaves nothing to run for.
    const gone = endpointClosed.then(({ error }) => {
      if (error) throw error;
      return agent!.closed;
    });
    return await Promise.race([agent.closed, gone]);
  })();
  try {
    const outcome = await Promise.race([working, signals.first]);
    if (typeof outcome !== "string") {
      if (outcome.error) throw outcome.error;
      return 0;
    }
    working.catch(() => {}); // it fails now, because it is told to end
    logger.log("info", "received signal, closing", {
      obj: "app",
      signal: outcome,
    });
    if (!agent) {
      hurry.abort();
      return 0;
    }
    const patience = runtime.clock.after(PATIENCE_MS, () => screen?.finishing());
    await endWithin(runtime, signals, agent.close({ graceMs: GRACE_MS }), GRACE_MS + GOODBYE_MS);
    patience.cancel();
    return 0;
  } catch (thrown) {
    const closing = agent?.close({ graceMs: 0 });
    if (closing) await endWithin(runtime, signals, closing, GOODBYE_MS);
    throw thrown;
  }
}
