/**
 * Runs an agent until something ends it: a signal, the edge, or the end of its last endpoint.
 * `tunnel.ts` calls it.
 *
 * @module
 */
import { type Agent, prepareAgent } from "../agent/agent.ts";
import type { CommandHandlers } from "../agent/commands.ts";
import type { AgentOptions, ForwardOptions } from "../agent/config.ts";
import type { ServedAgentApi } from "../api/agent/serve_agent_api.ts";
import type { AgentEnd } from "../agent/end.ts";
import type { AgentEndpoint } from "../agent/endpoint.ts";
import { besideTwin, twinOf } from "../agent/twin.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import type { AgentView } from "./agent_view.ts";
import type { Cli } from "./command.ts";
import { RESTART } from "./remote_management.ts";
import { endWithin, GRACE_MS, type Signals } from "./shutdown.ts";

/** Beyond the grace period: for saying goodbye. */
const GOODBYE_MS = 1_000;

/** A grace period longer than this is explained. */
const PATIENCE_MS = 300;

/** One run of an agent. */
export interface AgentRun {
  /** What may end it. */
  readonly signals: Signals;
  /** What a person sees, if anything. */
  readonly screen: AgentView | undefined;
  /** Which edge, and who we are. */
  readonly way: AgentOptions;
  /** What goes online. */
  readonly wishes: readonly ForwardOptions[];
  /** What the edge may ask of it. */
  readonly commands: CommandHandlers;
  /** Serves the agent's API, before the agent is online. @default nobody does */
  readonly serveApi?: (agent: Agent) => Promise<ServedAgentApi | undefined>;
}

/**
 * Connects, forwards, and waits for whatever ends it.
 *
 * @param cli the machine, the log
 * @param run which edge, which endpoints
 * @returns 0 after a signal, or when the edge asked the agent to stop; RESTART when to start again
 * @throws {TunnelError} what kept an endpoint from going online, or took the last one offline for good
 */
export async function keepOnline(
  { runtime, logger }: Cli,
  { signals, screen, way, wishes, commands, serveApi }: AgentRun,
): Promise<number> {
  const hurry = new AbortController();
  let agent: Agent | undefined;
  let api: ServedAgentApi | undefined;
  const working = (async (): Promise<AgentEnd> => {
    const prepared = await prepareAgent({
      ...way,
      runtime,
      logger,
      onEvent: (event) => screen?.onEvent(event),
      signal: hurry.signal,
      commands,
    });
    agent = prepared.agent;
    api = await serveApi?.(agent);
    // A signal may have come first, and nobody closes it any more.
    if (hurry.signal.aborted) await api?.close();
    if (api) screen?.showWebInterface(api.url);
    await prepared.start();
    screen?.follow(agent);
    const endpoints = await forwardAll(agent, wishes);
    return await Promise.race([agent.closed, allGone(agent, endpoints)]);
  })();
  try {
    const outcome = await Promise.race([working, signals.first]);
    if (typeof outcome !== "string") {
      if (outcome.error) throw outcome.error;
      return outcome.reason === "restarted" ? RESTART : 0;
    }
    working.catch(() => {}); // it fails now, because it is told to end
    logger.log("info", "received signal, closing", {
      obj: "app",
      signal: outcome,
    });
    if (!agent || agent.state === "connecting") {
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
  } finally {
    await api?.close();
  }
}

/** All at once; the first refusal is the one that counts. */
async function forwardAll(
  agent: Agent,
  wishes: readonly ForwardOptions[],
): Promise<readonly AgentEndpoint[]> {
  const asked = new Map<string, Promise<AgentEndpoint>>();
  const forward = async (wish: ForwardOptions): Promise<AgentEndpoint> => {
    const name = twinOf(wish);
    const twin = name === undefined ? undefined : await asked.get(name);
    return await agent.forward(twin ? besideTwin(wish, twin.url) : wish);
  };
  return await Promise.all(wishes.map(async (wish) => {
    const forwarding = forward(wish);
    asked.set(wish.name ?? "", forwarding);
    try {
      return await forwarding;
    } catch (thrown) {
      if (wishes.length === 1) throw thrown;
      const error = toTunnelError(thrown);
      throw new TunnelError(error.code, `Cannot start "${wish.name}": ${error.message}`, {
        cause: error,
        ngrokCode: error.ngrokCode,
      });
    }
  }));
}

/** The last endpoint gone by the edge's will leaves nothing to run for; without any there is none to go. */
async function allGone(agent: Agent, endpoints: readonly AgentEndpoint[]): Promise<AgentEnd> {
  const ends = await Promise.all(endpoints.map(({ closed }) => closed));
  const failed = ends.find(({ error }) => error);
  if (failed?.error) throw failed.error;
  return await agent.closed;
}
