/**
 * The last stage of a diagnosis: all of the way that the agent goes, by the agent's own code, up to a
 * session that is closed at once.
 *
 * @module
 */
import { buildAuthRequest, NEW_SESSION } from "../../agent/auth.ts";
import type { AgentConfig } from "../../agent/config.ts";
import { createDialer, createLegDialer } from "../../agent/dial.ts";
import { openSession } from "../../agent/session.ts";
import type { Duplex } from "../../base/duplex.ts";
import { TunnelError } from "../../base/errors.ts";
import { createMux } from "../../mux/muxer.ts";
import type { Runtime } from "../../runtime/host.ts";

/** What the edge said. */
export interface TunnelFacts {
  /** Whether there was a session; without an authtoken none is asked for. */
  readonly hasSession: boolean;
  /** The round trip of a heartbeat. */
  readonly latencyMs: number;
  /** Where it says it is; empty when it does not say. */
  readonly region: string;
  /** Where else it can be reached. */
  readonly others: readonly { readonly region: string; readonly address: string }[];
}

/**
 * Opens a session and closes it.
 *
 * @param runtime the machine
 * @param config the agent's options
 * @param address another address of the edge than that of the options
 * @throws {TunnelError} what keeps an agent from its session
 */
export async function openTunnel(
  runtime: Runtime,
  config: AgentConfig,
  address?: string,
): Promise<TunnelFacts> {
  const dial = address === undefined
    ? await createDialer(config, runtime)
    : await createLegDialer(config, runtime, address);
  const carrier = await dial(config.signal ?? new AbortController().signal);
  return config.authtoken === ""
    ? await knock(runtime, config, carrier)
    : await enter(runtime, config, carrier);
}

/** A heartbeat alone: whoever answers it speaks the protocol. */
async function knock(
  { clock }: Runtime,
  { connectTimeoutMs }: AgentConfig,
  carrier: Duplex,
): Promise<TunnelFacts> {
  const mux = createMux(carrier, { role: "client", clock, onStream: (stream) => stream.abort() });
  const latencyMs = await Promise.race([mux.ping(connectTimeoutMs), mux.closed]);
  if (typeof latencyMs !== "number") {
    const error = latencyMs?.error ?? new TunnelError(
      "timed_out",
      `Cannot speak with the edge: it did not answer a heartbeat within ${connectTimeoutMs} ms`,
    );
    mux.abort(error);
    throw error;
  }
  await mux.close();
  return { hasSession: false, latencyMs, region: "", others: [] };
}

async function enter(
  { clock, host }: Runtime,
  config: AgentConfig,
  carrier: Duplex,
): Promise<TunnelFacts> {
  const session = await openSession(carrier, {
    clock,
    logger: config.logger,
    auth: buildAuthRequest(config, host, NEW_SESSION),
    answerTimeoutMs: config.connectTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    heartbeatToleranceMs: config.heartbeatToleranceMs,
    onBeat: () => {},
    onVisitor: (stream) => stream.abort(),
    onStopEndpoint: () => {},
    commands: {},
    onCommand: () => {},
  });
  const startMs = clock.steady();
  const isAlive = await session.isAlive(config.connectTimeoutMs);
  const latencyMs = clock.steady() - startMs;
  const { info, regions } = session.auth;
  await session.close();
  if (!isAlive) {
    throw new TunnelError(
      "heartbeat_lost",
      `The edge let us in and then did not answer a heartbeat within ${config.connectTimeoutMs} ms`,
    );
  }
  return { hasSession: true, latencyMs, region: info.region, others: regions };
}
