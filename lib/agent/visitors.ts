/**
 * The visitors of one agent: each stream the edge opens is read up to its header and relayed to the
 * endpoint it names.
 *
 * @module
 */
import { deadline } from "../base/clock.ts";
import { toTunnelError, TunnelError } from "../base/errors.ts";
import { RESET } from "../mux/frame.ts";
import type { MuxStream } from "../mux/mux.ts";
import { readProxyHeader } from "../wire/codec.ts";
import { drain } from "./drain.ts";
import type { Endpoints } from "./endpoints.ts";
import { Relay, type RelayOptions } from "./relay.ts";

/** How long a visitor's header may take after its stream opened. */
const HEADER_MS = 10_000;

/** The visitors of one agent. */
export class Visitors {
  readonly #endpoints: Endpoints;
  readonly #options: RelayOptions;
  readonly #relays: Set<Relay> = new Set();
  #closing = false;

  /**
   * Begins with nobody.
   *
   * @param endpoints where they go
   * @param options network, time, log, events
   */
  constructor(endpoints: Endpoints, options: RelayOptions) {
    this.#endpoints = endpoints;
    this.#options = { ...options, dialledFrom: new Map() };
  }

  /**
   * Serves one until it leaves. Never throws: one visitor's trouble is nobody else's.
   *
   * @param stream opened by the edge, its header unread
   */
  async admit(stream: MuxStream): Promise<void> {
    try {
      if (this.#closing) return stream.reset(RESET.streamRefused);
      await this.#serve(stream);
    } catch (thrown) {
      const { message } = toTunnelError(thrown);
      this.#options.logger.log("warn", "failed to serve a visitor", {
        obj: "join",
        err: message,
      });
      stream.abort(thrown);
    }
  }

  async #serve(stream: MuxStream): Promise<void> {
    const late = "The edge did not send the header of a visitor";
    const header = await deadline(
      this.#options.clock,
      readProxyHeader(stream),
      HEADER_MS,
      late,
    );
    const endpoint = await this.#endpoints.find(header.Id);
    if (!endpoint) {
      throw new TunnelError(
        "message_invalid",
        `There is no endpoint with the id "${header.Id}"`,
      );
    }
    const relay = new Relay(stream, endpoint.target, this.#options);
    this.#relays.add(relay);
    endpoint.openConnections++;
    endpoint.totalConnections++;
    const { clock } = this.#options;
    const { conns } = endpoint.metrics;
    const startedMs = clock.steady();
    conns.begun();
    try {
      await relay.run(header);
    } finally {
      this.#relays.delete(relay);
      endpoint.openConnections--;
      conns.over(clock.steady() - startedMs);
    }
  }

  /**
   * Takes nobody in any more and waits until those in use have left.
   *
   * @param graceMs at most so long
   * @param signal ends the wait
   */
  async close(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#closing = true;
    await drain(this.#relays, this.#options.clock, graceMs, signal);
  }
}
