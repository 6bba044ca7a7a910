/**
 * The agent's eye on its traffic: whether exchanges are kept, how much of them, and how a connection
 * is followed. `agent.ts` makes one when it is asked to keep exchanges; each relay asks it.
 *
 * @module
 */
import type { Clock } from "../base/clock.ts";
import type { Duplex } from "../base/duplex.ts";
import type { Logger } from "../base/log.ts";
import { type CaptureLimits, DEFAULT_CAPTURE_LIMITS } from "../inspect/capture.ts";
import { DEFAULT_STORE_BYTES, ExchangeStore } from "../inspect/exchange_store.ts";
import { HttpTap, type HttpTapOptions } from "../inspect/http_tap.ts";
import { tapPair, type TappedPair } from "../inspect/tap.ts";
import type { Codecs } from "../runtime/codecs.ts";
import type { UpstreamTarget } from "./upstream_dial.ts";

/** What a connection is, as far as exchanges say it. */
export type TapAbout = Pick<UpstreamTarget, "name" | "url" | "metrics" | "proxyProtocol" | "tls">;

/** A request that is sent once more. */
export interface ReplayAbout {
  /** The exchange that is repeated. */
  readonly of: string;
  /** Hears the id of the new one. */
  readonly begun: (id: string) => void;
}

/** Keeps exchanges. */
export class Inspector {
  /** Those that are kept. */
  readonly exchanges: ExchangeStore;
  /** What is kept of each. */
  readonly limits: CaptureLimits = DEFAULT_CAPTURE_LIMITS;
  readonly #clock: Clock;
  readonly #codecs: Codecs | undefined;

  /**
   * Begins with none.
   *
   * @param maxBytes what all of them may cost; 0 is 50 MiB
   * @param clock whose time
   * @param logger hears of listeners that fail
   * @param codecs undo the compression of messages
   */
  constructor(maxBytes: number, clock: Clock, logger: Logger, codecs?: Codecs) {
    this.#codecs = codecs;
    this.exchanges = new ExchangeStore({ maxBytes: maxBytes || DEFAULT_STORE_BYTES, logger });
    this.#clock = clock;
  }

  /**
   * Follows a connection.
   *
   * @param visitor the side that asks
   * @param service the side that answers
   * @param about whose it is
   * @param clientAddr who asks
   * @param replay what is repeated, when it is
   */
  follow(
    visitor: Duplex,
    service: Duplex,
    about: TapAbout,
    clientAddr: string,
    replay?: ReplayAbout,
  ): TappedPair {
    const options = this.#options(about, clientAddr, replay?.of);
    const { counter } = options;
    return tapPair(visitor, service, {
      ...options,
      // Towards a service that speaks TLS it was taken off before; a replay has written it already.
      afterProxyHeader: about.proxyProtocol && !about.tls && !replay,
      ...(replay && {
        counter: {
          begun: (id) => {
            counter?.begun(id);
            replay.begun(id);
          },
          over: (durationMs) => counter?.over(durationMs),
        },
      }),
    });
  }

  /**
   * Follows a connection that is not joined: bytes are shown by whoever has them.
   *
   * @param about whose it is
   * @param clientAddr who asks
   * @param replayOf the exchange that is repeated
   */
  watch(about: TapAbout, clientAddr: string, replayOf?: string): HttpTap {
    return new HttpTap(this.#options(about, clientAddr, replayOf));
  }

  #options(about: TapAbout, clientAddr: string, replayOf?: string): HttpTapOptions {
    const { name, url, metrics } = about;
    return {
      store: this.exchanges,
      clock: this.#clock,
      limits: this.limits,
      origin: {
        endpointName: name,
        endpointUrl: url,
        clientAddr,
        ...(replayOf !== undefined && { replayOf }),
      },
      ...(this.#codecs && { codecs: this.#codecs }),
      ...(metrics && { counter: metrics.http }),
    };
  }
}
